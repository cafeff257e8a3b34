"""``python -m benchmarks``: run benches, print their tables, write their figures, fail when a target is missed."""

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from benchmarks.figures import Measured, print_table, write_json
from benchmarks.measuring import apart, measure
from benchmarks.options import Options
from benchmarks.surroundings import default_cranfield

# In the order they run: the short ones first.
BENCHES = {
    "polling": "a poll with 10 changes among 100 and 10,000 known tasks",
    "claims": "claims and endings of tasks a second, beside pgbench",
    "outbox": "effects against a ClickUp that takes 50 ms for each call",
    "deliverables": "one press release by step, beside an empty run, and a backfill of 100",
    "orphans": "the orphan query at 10,000 and 1,000,000 extractions",
    "embeddings": "the backlog of 20,000 rows against the slowest of its parts",
    "cranfield": "nDCG@10 of dense, BM25 and hybrid search",
    "ingest": "files a second and memory at 2,000 and 20,000 files",
}
RESULTS = Path(__file__).parent / "results"


def parse(words: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    listed = "\n".join(f"  {name:<12}{what}" for name, what in BENCHES.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"Measure what Waybill costs.\n\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which benches; all of them without a name")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go (benchmarks/results/…)")
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that it works, measures nothing")
    parser.add_argument("--cranfield", type=Path, default=default_cranfield(), metavar="FOLDER")
    given = parser.parse_args(words)
    if unknown := set(given.names) - set(BENCHES):
        parser.error(f"no such bench: {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    return given


def main() -> int:
    """0 when every target is met, 1 when one is missed. Sizes of ``--quick`` miss nothing."""
    given, started_at, console = parse(), datetime.now(UTC), Console()
    measured: list[Measured] = []
    for name in given.names or BENCHES:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            console.print(f"[dim]{name}: {BENCHES[name]}[/dim]")
            measured.append(apart(measure, name, Options(Path(folder), given.quick, given.cranfield)))
        print_table(measured[-1], console)
    path = given.json or RESULTS / f"{started_at:%Y%m%dT%H%M%SZ}.json"
    write_json(path, measured, started_at, quick=given.quick)
    console.print(f"written: {path}")
    return 0 if given.quick or all(bench.ok for bench in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
