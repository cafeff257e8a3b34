"""What Waybill costs: each bench a module with ``run(options)`` that yields figures, some with a target.

``python -m benchmarks [NAME…] [--json FILE] [--quick]`` runs them. A bench drives the command line, each in a home and
a folder of its own, and measures ratios inside one run, so that a slow machine's figures can meet a target too.
"""
