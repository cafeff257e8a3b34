"""The embedded vector engine: Qdrant's own engine (``qdrant-edge-py``) behind the part of Qdrant's API that we call.

Run as ``python -m orchestration.hosting.vector_engine --path DIR --port N --key-file FILE``: one process, on loopback,
one folder per collection. It belongs here to serve exactly what ``resources.vectors`` asks of a Qdrant server; what it
does not know it refuses by name, so that nothing is ever ignored in silence. No rule of Waybill's own belongs here.
"""
