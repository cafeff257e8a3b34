"""A figure against its target, and the file that the figures end up in."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.figures import Figure, Measured, shown, write_json


@pytest.mark.parametrize(
    ("figure", "ok", "target"),
    [
        (Figure("ratio", 0.7, "of the slowest part", at_least=0.7), True, "≥ 0.7"),
        (Figure("ratio", 0.69, "of the slowest part", at_least=0.7), False, "≥ 0.7"),
        (Figure("growth", 1.2, "times", at_most=1.2), True, "≤ 1.2"),
        (Figure("growth", 1.21, "times", at_most=1.2), False, "≤ 1.2"),
        (Figure("rows", 5, "rows"), None, ""),
    ],
)
def test_a_figure_says_whether_it_meets_its_target(figure: Figure, ok: bool | None, target: str) -> None:
    assert (figure.ok, figure.target) == (ok, target)


def test_one_missed_target_misses_the_bench() -> None:
    met, missed, informs = Figure("a", 1, "s", at_most=1), Figure("b", 2, "s", at_most=1), Figure("c", 9, "s")
    assert Measured("x", 1, (met, informs)).ok
    assert not Measured("x", 1, (met, missed, informs)).ok


def test_the_file_holds_every_figure_with_its_bench_and_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "results" / "one.json"
    measured = Measured("ingest", 12.34, (Figure("files", 321.5, "files/s", at_least=200),))
    write_json(path, [measured], datetime(2026, 5, 1, 12, tzinfo=UTC), quick=False)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["started_at"] == "2026-05-01T12:00:00+00:00"
    assert content["machine"]["cores"] >= 1
    assert content["figures"] == [
        {"bench": "ingest", "name": "files", "value": 321.5, "unit": "files/s", "target": "≥ 200", "ok": True}
    ]


def test_values_are_shown_with_three_digits() -> None:
    assert [shown(value) for value in (0, 0.012345, 1.2345, 99.95, 1234.5)] == ["0", "0.0123", "1.23", "100", "1,234"]
