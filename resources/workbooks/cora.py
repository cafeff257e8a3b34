"""A Cora report from its workbook, by the names of sheets and columns and by factor codes.

No public sample of the layout exists. Two parsers of others agree on where things stand when no name tells: those
places are taken only where what stands there is of the kind that is looked for, else the layout is unknown.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from resources.domain.cora_reports import CoraReport, RelatedWord
from resources.sources.locations import shown
from resources.workbooks.errors import WorkbookLayoutUnknownError
from resources.workbooks.layout import Column, TableNotFoundError, table
from resources.workbooks.limits import LIMITS, WorkbookLimits
from resources.workbooks.sheets import Row, Workbook, number_of, text_of
from resources.workbooks.tunings import Roadmap, Tunings, read_roadmap, read_tunings, unrepeated

TUNINGS: Final = "Basic Tunings"
ROADMAP: Final = "Roadmap"
WORDS: Final = "LSI Keywords"
ENTITIES: Final = ("Entities", "Entity Mentions")
CUSTOM_ENTITIES: Final = "Custom Entities"
TARGETS: Final = ("Targets", "Target URLs", "Link Targets")
"""Not of Cora: where the agency adds the pages to link to."""
MAX_NEEDED: Final = 1_000

_WORD: Final = Column(("Keyword", "Keywords", "LSI Keyword", "LSI Keywords", "Word", "Term"), 0)
_AVERAGE: Final = Column(("Average", "Avg", "Page 1 Avg", "Page 1 Average"), 1, holds_numbers=True)
_NEEDED: Final = Column(("Needed", "Need", "Deficit", "Count needed", "Needed count", "Add"), 6, holds_numbers=True)
_ENTITY: Final = Column(("Entity", "Entities", "Entity Mention", "Entity Mentions", "Custom Entity", "Name"), 0)
_ADDRESS: Final = Column(("URL", "URLs", "Target URL", "Target", "Address"))


def read_cora_report(path: Path, *, limits: WorkbookLimits = LIMITS) -> CoraReport:
    """The report in the .xlsx file at ``path``; 100,000 rows of words take at most 200 MB.

    What is absent is borne: only the keyword has to be found, in `Basic Tunings` or as the first variation in
    `Roadmap`. A sheet that is there by name and whose columns are not found is an unknown layout.

    Raises:
        WorkbookUnavailableError: not there, or not to be read.
        WorkbookUnreadableError: damaged, or no .xlsx workbook.
        WorkbookTooLargeError: beyond ``limits``.
        WorkbookLayoutUnknownError: sound, but not a Cora report as far as known.
    """
    workbook = Workbook(path, limits)
    head, roadmap = _tunings(workbook), _roadmap(workbook)
    keyword = head.keyword or next(iter(roadmap.variations), "")
    if not keyword:
        raise _no_keyword(workbook)
    entities = [*_listed(workbook, [CUSTOM_ENTITIES], _ENTITY, 2), *_listed(workbook, ENTITIES, _ENTITY, 4)]
    return CoraReport(
        keyword=keyword,
        variations=roadmap.variations,
        synonyms=head.synonyms,
        related_words=_related_words(workbook),
        entities=unrepeated(entities),
        tunings=head.tunings,
        steps=roadmap.steps,
        targets=unrepeated(_listed(workbook, TARGETS, _ADDRESS, None)),
    )


def _tunings(workbook: Workbook) -> Tunings:
    sheet = workbook.sheet_called(TUNINGS)
    return Tunings() if sheet is None else read_tunings(workbook.rows(sheet))


def _roadmap(workbook: Workbook) -> Roadmap:
    sheet = workbook.sheet_called(ROADMAP)
    return Roadmap() if sheet is None else read_roadmap(workbook.rows(sheet))


def _related_words(workbook: Workbook) -> tuple[RelatedWord, ...]:
    """The words of `LSI Keywords`, each once; the rows stream past, only what is kept takes memory."""
    kept: dict[str, RelatedWord] = {}
    for row, (word, average, needed) in _rows(workbook, [WORDS], (_WORD, _AVERAGE, _NEEDED), 7):
        said = text_of(row, -1 if word is None else word)
        if said and said.casefold() not in kept:
            mean = None if average is None else number_of(row, average)
            kept[said.casefold()] = RelatedWord(said, mean, _count(None if needed is None else number_of(row, needed)))
    return tuple(kept.values())


def _count(needed: float | None) -> int:
    """How many more, rounded up; 1 where the workbook says nothing or that there are enough."""
    return min(max(1, math.ceil(needed or 1)), MAX_NEEDED)


def _listed(workbook: Workbook, sheets: Sequence[str], column: Column, first_row: int | None) -> Iterator[str]:
    """What the one column of a sheet says, row by row; nothing when there is no such sheet."""
    return (text_of(row, -1 if at is None else at) for row, (at,) in _rows(workbook, sheets, (column,), first_row))


def _rows(
    workbook: Workbook, sheets: Sequence[str], columns: Sequence[Column], first_row: int | None
) -> Iterator[tuple[Row, tuple[int | None, ...]]]:
    sheet = workbook.sheet_called(*sheets)
    if sheet is None:
        return
    try:
        found = table(workbook.rows(sheet), columns, first_row=first_row)
    except TableNotFoundError as error:
        raise _unknown(workbook, f", sheet {sheet!r}", error.expected, error.found) from error
    if found is not None:
        yield from ((row, found.indices) for row in found.rows)


def _no_keyword(workbook: Workbook) -> WorkbookLayoutUnknownError:
    sheets = ", ".join(repr(name) for name in workbook.sheet_names[:20]) or "none"
    expected = f"the keyword in B1 of a sheet {TUNINGS!r}, or quoted variations in A2 of a sheet {ROADMAP!r}"
    return _unknown(workbook, "", expected, f"no keyword; the sheets are {sheets}")


def _unknown(workbook: Workbook, sheet: str, expected: str, found: str) -> WorkbookLayoutUnknownError:
    return WorkbookLayoutUnknownError(
        f"{shown(workbook.path)}{sheet}",
        expected=expected,
        found=found[:500],
        remedy="Export the report from Cora again, or rename its sheets and columns to what was expected.",
    )
