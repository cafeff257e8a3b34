"""Cora reports as a real writer of .xlsx makes them, in the layout that two public parsers agree on."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import xlsxwriter

Cells = Sequence[Sequence[object]]
TUNINGS: Cells = [
    ["Keyword", "leather bags"],
    ["Synonyms", "hide bags|leather satchels"],
    [],
    ["Section", "Factor", "Description", "Now", "Target"],
    ["Content", "CP492", "Words in the page", 350, 1200],
    [None, "CPXR003", "Headings", 3, 9.0],
    ["Title", "CP480", "Title length", 40, "n/a"],
]
ROADMAP: Cells = [
    ["Roadmap"],
    ['"leather bags", "leather bag", "bags of leather"'],
    ["Phase 1: Title & Headings"],
    [None, "Add 3 more"],
    ["Phase 2"],
    [None, "Use 12 entities"],
]
WORDS: Cells = [[], [], [], [], [], [], ["tannery", 3.5, 0, 0, 0, 0, 1.2], ["strap", 2], ["Tannery", 1], ["", 9]]
ENTITIES: Cells = [["Entities"], [], [], ["Florence"], ["Acme"]]
CUSTOM: Cells = [["Ours"], ["Acme Tannery"], ["Florence"]]
REPORT: Mapping[str, Cells] = {
    "Roadmap": ROADMAP,
    "Basic Tunings": TUNINGS,
    "LSI Keywords": WORDS,
    "Entity Mentions": ENTITIES,
    "Custom Entities": CUSTOM,
    "Targets": [["Note"], ["Page", "URL"], ["home", "https://acme.example/"], ["", "https://acme.example/bags"]],
}


def write_workbook(path: Path, sheets: Mapping[str, Cells]) -> Path:
    with xlsxwriter.Workbook(path, {"strings_to_urls": False}) as workbook:
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


def rewritten(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """The same archive with each part as ``change`` gives it for its name and bytes."""
    with ZipFile(path) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, change(name, content))
    return path
