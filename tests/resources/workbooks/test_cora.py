"""A Cora report is read by names and codes; what is absent is borne, and an unknown layout says what was looked for."""

from pathlib import Path

import pytest

from resources.domain.cora_reports import RelatedWord, Step, Tuning
from resources.workbooks.cora import read_cora_report
from resources.workbooks.errors import WorkbookLayoutUnknownError
from tests.resources.workbooks.reports import REPORT, WORDS, Cells, write_workbook


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "acme.xlsx"


def only(sheet: str, rows: Cells) -> dict[str, Cells]:
    return {"Basic Tunings": [["", "leather bags"]], sheet: rows}


def test_a_whole_report_is_read(path: Path) -> None:
    report = read_cora_report(write_workbook(path, REPORT))
    assert report.keyword == "leather bags"
    assert report.variations == ("leather bags", "leather bag", "bags of leather")
    assert report.synonyms == ("hide bags", "leather satchels")
    assert report.related_words == (RelatedWord("tannery", 3.5, 2), RelatedWord("strap", 2.0, 1))
    assert report.entities == ("Acme Tannery", "Florence", "Acme")
    assert report.tunings == (
        Tuning("CP492", "Content", "Words in the page", 1200.0),
        Tuning("CPXR003", "Content", "Headings", 9.0),
        Tuning("CP480", "Title", "Title length", None),
    )
    assert report.target_of("CPXR003") == 9
    assert report.target_of("CP480") is report.target_of("CP999") is None
    assert report.steps == (Step("Phase 1: Title & Headings", "Add 3 more"), Step("Phase 2", "Use 12 entities"))
    assert report.targets == ("https://acme.example/", "https://acme.example/bags")


def test_sheets_and_columns_are_found_by_name_wherever_they_are(path: Path) -> None:
    rows: Cells = [["notes"], ["#", "Avg", "needed ", " LSI  keyword"], [1, 2.5, "3.1", "strap"], [2, "", -4, "hide"]]
    report = read_cora_report(write_workbook(path, only("lsi_keywords", rows)))
    assert report.related_words == (RelatedWord("strap", 2.5, 4), RelatedWord("hide", None, 1))


def test_codes_and_the_target_are_found_in_any_column(path: Path) -> None:
    rows: Cells = [
        ["", "leather bags"],
        ["", "Goal"],
        ["", 900, "", "Content", "CP492", "Words", 1, 2],
        ["", 7, "", "", "CP426", "Pics", 3, 4],
    ]
    report = read_cora_report(write_workbook(path, {"BASIC TUNINGS": rows}))
    assert report.tunings == (Tuning("CP492", "Content", "Words", 900.0), Tuning("CP426", "Content", "Pics", 7.0))


def test_all_but_the_keyword_may_be_absent(path: Path) -> None:
    report = read_cora_report(write_workbook(path, {"Basic Tunings": [["", " leather\nbags "]], "LSI Keywords": []}))
    assert report.keyword == "leather bags"
    assert (report.related_words, report.entities, report.tunings, report.targets) == ((), (), (), ())


def test_the_roadmap_alone_gives_the_keyword(path: Path) -> None:
    report = read_cora_report(write_workbook(path, {"Roadmap": [[], ["“leather bags”, “leather bag”"]]}))
    assert (report.keyword, report.variations) == ("leather bags", ("leather bags", "leather bag"))


@pytest.mark.parametrize(
    "sheets",
    [
        {"Sheet1": [["leather bags", 3]]},
        {"Basic Tunings": [["Section", ""], ["", "x"]]},
        {"Basic Tunings": [["Content", "CP492"]]},
        {"Roadmap": [["leather bags"]], "Entities": [["a"]]},
    ],
)
def test_a_workbook_without_a_keyword_says_what_was_looked_for_and_found(path: Path, sheets: dict[str, Cells]) -> None:
    with pytest.raises(WorkbookLayoutUnknownError, match=r"B1 of a sheet 'Basic Tunings'.*'Roadmap'") as caught:
        read_cora_report(write_workbook(path, sheets))
    assert all(repr(name) in caught.value.found for name in sheets)
    assert not caught.value.retry_helps


@pytest.mark.parametrize(
    ("sheet", "rows", "looked_for", "found"),
    [
        ("LSI Keywords", [["URL", "Factor"], ["https://a.example", 2]], "'Keyword' or", "URL, Factor"),
        ("LSI Keywords", [*WORDS[:6], ["tannery", "many"]], "column A from row 7", "tannery, many"),
        ("LSI Keywords", [*WORDS[:6], [12, 3]], "column A from row 7", "12, 3"),
        ("Entities", [["a", "b"]], "'Entity' or", "a, b"),
        ("Targets", [["Page"], ["https://a.example"]], "'URL' or", "Page"),
    ],
)
def test_an_unknown_sheet_says_what_was_looked_for_and_found(
    path: Path, sheet: str, rows: Cells, looked_for: str, found: str
) -> None:
    with pytest.raises(WorkbookLayoutUnknownError) as caught:
        read_cora_report(write_workbook(path, only(sheet, rows)))
    assert caught.value.where == f"{path}, sheet {sheet!r}"
    assert looked_for in caught.value.expected
    assert caught.value.found == found


@pytest.mark.parametrize("needed", ["", "many", -3, 0, True])
def test_a_count_that_is_none_is_one(path: Path, needed: object) -> None:
    rows = [["Keyword", "Needed"], ["strap", needed]]
    (word,) = read_cora_report(write_workbook(path, only("LSI Keywords", rows))).related_words
    assert word.needed == 1
