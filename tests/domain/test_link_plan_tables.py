"""The table opens in a spreadsheet, runs nothing there, and holds what the plan says."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.domain.anchors import AnchorKind
from resources.domain.link_plan_tables import COLUMNS, harmless, link_plan_csv
from resources.domain.link_plans import LinkPlan, PlannedLink

LINK = PlannedLink(1, AnchorKind.EXACT, 'bags, "best"', "https://a.example/", ("a", "b\nc"), ("=HYPERLINK(1)",))


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_it_reads_back_as_it_was_written() -> None:
    text = link_plan_csv(LinkPlan("bags", (LINK,)))
    assert text.endswith("\r\n")
    assert read(text) == [
        list(COLUMNS),
        ["1", "exact", 'bags, "best"', "https://a.example/", "a; b\nc", "'=HYPERLINK(1)"],
    ]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n1", " =1", "\u00a0=1", "\uff1d1", "\x00=1", "\ufeff=1"]
)
def test_what_would_begin_a_formula_does_not(cell: str) -> None:
    assert harmless(cell).startswith("'")
    assert "\x00" not in harmless(cell)


@pytest.mark.parametrize("cell", ["", "bags", "a=b", "https://a.example/-x", "1-2", " a", "'=1"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert harmless(cell) == cell


@given(st.text(max_size=30), st.lists(st.text(max_size=10), max_size=3).map(tuple))
def test_no_words_break_the_table_or_begin_a_formula(anchor: str, words: tuple[str, ...]) -> None:
    link = PlannedLink(1, AnchorKind.BRAND, anchor, anchor, words, words)
    table = read(link_plan_csv(LinkPlan("k", (link, link))))
    assert [len(row) for row in table] == [len(COLUMNS)] * 3
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for row in table for cell in row)
