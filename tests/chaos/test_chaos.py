"""30 tasks through a storm; `make chaos` does 200."""

from pathlib import Path

import pytest

from tests.chaos.chaos import run

SEED = 20261125


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_thirty_tasks_in_a_storm_are_each_published_once_or_failed_with_a_reason_DT_11(tmp_path: Path) -> None:
    lines: list[str] = []
    outcome = run(tmp_path, tasks=30, seed=SEED, say=lines.append)
    assert not outcome.verdict.faults, "\n".join([*outcome.verdict.faults, *lines])
    assert outcome.kills >= 12, lines
    assert outcome.faults >= 15
    assert outcome.line().endswith("0 lost, 0 doubled")
