"""``python -m tests.chaos --tasks 200 --seed 7``: the storm by hand. Its seed makes it again."""

import argparse
import random
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos.chaos import run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}", flush=True)
    with TemporaryDirectory(prefix="waybill-chaos-") as folder:
        Path(folder).chmod(0o755)
        outcome = run(Path(folder), tasks=given.tasks, seed=seed, say=lambda line: print(line, flush=True))
    for task, reason in outcome.verdict.failed.items():
        print(f"failed: {task}: {reason}")
    for fault in outcome.verdict.faults:
        print(f"WRONG: {fault}")
    print(outcome.line(), flush=True)
    return 1 if outcome.verdict.faults else 0


if __name__ == "__main__":
    sys.exit(main())
