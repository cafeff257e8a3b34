"""Where a table stands in a sheet: below a heading that is known by name, else at a documented place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from resources.workbooks.sheets import Row, folded, number_of, text_of

HEAD_ROWS: Final = 15
"""How far down a heading is looked for: Cora's tables begin by row 7, below notes."""
_SHOWN_HEADINGS: Final = 12


class TableNotFoundError(ValueError):
    """Neither a heading nor what should stand at the documented place; says what was ``expected`` and ``found``."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}; found {found}")
        self.expected, self.found = expected, found


@dataclass(frozen=True, slots=True)
class Column:
    """A column by the names that it may have, and its documented index from 0 for a sheet without headings."""

    names: tuple[str, ...]
    index: int | None = None
    holds_numbers: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """The columns' indices, in the order asked for (None: no such column), and the rows below the heading."""

    indices: tuple[int | None, ...]
    rows: Iterator[Row]


def table(rows: Iterator[Row], columns: Sequence[Column], *, first_row: int | None) -> Table | None:
    """Where ``columns`` are; the first of them has to be there. None: the sheet holds nothing at all.

    ``first_row``: where the table begins without a heading, counted from 1 as people do; None: it has to have one.

    Raises:
        TableNotFoundError: the first column was not found.
    """
    head = list(islice(rows, HEAD_ROWS))
    if not any(text_of(row, index) for row in head for index in range(len(row))):
        return None
    for number, row in enumerate(head):
        named = _indices(row, columns)
        if named[0] is not None:
            return Table(named, chain(head[number + 1 :], rows))
    if first_row is not None and first_row <= len(head) and _fits(head[first_row - 1], columns):
        return Table(tuple(column.index for column in columns), chain(head[first_row - 1 :], rows))
    raise TableNotFoundError(_expected(columns, first_row), _headings(head))


def _indices(row: Row, columns: Sequence[Column]) -> tuple[int | None, ...]:
    names = [folded(text_of(row, index)) for index in range(len(row))]
    wanted = [{folded(name) for name in column.names} for column in columns]
    return tuple(next((index for index, name in enumerate(names) if name in each), None) for each in wanted)


def _fits(row: Row, columns: Sequence[Column]) -> bool:
    """Whether the first says words, and the others what they hold or nothing."""
    if columns[0].index is None or not text_of(row, columns[0].index) or number_of(row, columns[0].index) is not None:
        return False
    numeric = [column.index for column in columns if column.holds_numbers and column.index is not None]
    return all(number_of(row, index) is not None or not text_of(row, index) for index in numeric)


def _expected(columns: Sequence[Column], first_row: int | None) -> str:
    names = " or ".join(repr(name) for name in columns[0].names)
    place = "" if first_row is None else f", or words in column A from row {first_row}"
    return f"a column called {names} in the first {HEAD_ROWS} rows{place}"


def _headings(head: Sequence[Row]) -> str:
    """The fullest of the first rows: the likeliest heading."""
    said = [[words for index in range(len(row)) if (words := text_of(row, index, 40))] for row in head]
    return ", ".join(max(said, key=len)[:_SHOWN_HEADINGS]) or "nothing"
