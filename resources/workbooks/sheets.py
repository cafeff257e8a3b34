"""The sheets of a workbook by name, row by row, and what a cell says."""

import datetime as dt
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from resources.sources.locations import shown
from resources.workbooks.errors import WorkbookUnavailableError
from resources.workbooks.inspection import inspect, unreadable
from resources.workbooks.limits import LIMITS, WorkbookLimits

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta
Row = list[Cell]

MAX_TEXT_CHARS: Final = 500
"""Of a keyword, a word, an entity or an address; what is longer is cut."""


class Workbook:
    """An inspected .xlsx file. calamine holds one sheet at a time, and the shared strings of all."""

    def __init__(self, path: Path, limits: WorkbookLimits = LIMITS) -> None:
        """Inspect and open it.

        Raises:
            WorkbookUnavailableError: not there, or not to be read.
            WorkbookUnreadableError: no sound .xlsx workbook.
            WorkbookTooLargeError: beyond ``limits``.
        """
        self.path = path
        try:
            inspect(path, limits)
            self._calamine = CalamineWorkbook.from_path(path)
        except OSError as error:
            raise WorkbookUnavailableError(
                shown(path),
                expected="a file that can be read",
                found=error.strerror or type(error).__name__,
                remedy="Check that it is still there and may be read.",
            ) from error
        except CalamineError as error:
            raise unreadable(path, "an .xlsx workbook", f"{type(error).__name__}: {error}") from error
        self.sheet_names: tuple[str, ...] = tuple(self._calamine.sheet_names)

    def sheet_called(self, *names: str) -> str | None:
        """The first sheet that has one of ``names``, whatever its case and spaces; None: no sheet has."""
        wanted = {folded(name) for name in names}
        return next((name for name in self.sheet_names if folded(name) in wanted), None)

    def rows(self, sheet: str) -> Iterator[Row]:
        """Each row from the first, empty ones too, all of one width: index 0 is column A.

        Raises:
            WorkbookUnreadableError: the sheet is damaged.
        """
        found = self._sheet(sheet)
        left_out: Row = [""] * (found.start[1] if found.start else 0)  # calamine leaves out empty first columns
        return (left_out + row for row in found.iter_rows())

    def _sheet(self, sheet: str) -> CalamineSheet:
        try:
            return self._calamine.get_sheet_by_name(sheet)
        except CalamineError as error:
            found = f"{type(error).__name__}: {error}"
            raise unreadable(self.path, f"a sheet {sheet!r} that can be read", found) from error


def folded(text: str) -> str:
    """A name as these workbooks are searched for it: without case, with single spaces for all that is no letter."""
    return " ".join("".join(letter if letter.isalnum() else " " for letter in text).casefold().split())


def text_of(row: Row, column: int, at_most: int = MAX_TEXT_CHARS) -> str:
    """What the cell says on one line, cut to ``at_most`` characters; empty beyond the row's end.

    A number that is whole has no decimals, as the sheet shows it.
    """
    cell: Cell = row[column] if 0 <= column < len(row) else ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    seen = "".join(letter if letter.isprintable() else " " for letter in str(cell)[: 4 * at_most])
    return " ".join(seen.split())[:at_most].rstrip()


def number_of(row: Row, column: int) -> float | None:
    """The cell as a finite number, also where it stands as text; None when it is none."""
    cell: Cell = row[column] if 0 <= column < len(row) else ""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        return None
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
