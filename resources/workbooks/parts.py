"""One XML part of a workbook, parsed as it comes: how far its values reach, and that it declares nothing."""

import re
from typing import Final
from xml.parsers import expat

_REFERENCE: Final = re.compile(r"([A-Za-z]{1,7})([0-9]{1,9})")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_LETTERS: Final = 26
MAX_DECLARED: Final = 10_000_000
"""calamine makes room for as many strings, of 24 bytes each, as ``count`` and ``uniqueCount`` say there are."""
_COUNTS: Final = ("count", "uniqueCount")
_VALUES: Final = frozenset({"v", "is"})
_RELATIONSHIPS: Final = "xl/_rels/workbook.xml.rels"


class UnsoundPartError(ValueError):
    """A part says something that no workbook needs to say."""


class Part:
    """Counts the rectangle from A1 to the last value; what holds no value (a mere format) counts for nothing.

    expat resolves no external entity, and a document type declaration, where internal ones would stand, is refused.
    """

    def __init__(self, name: str, uninspected: tuple[str, ...]) -> None:
        self.name = name
        self._uninspected = uninspected
        self._row = self._column = self._last_row = self._last_column = 0
        self._parser = expat.ParserCreate("UTF-8")  # as calamine reads it, whatever it declares
        self._parser.StartElementHandler = self._started
        self._parser.StartDoctypeDeclHandler = self._declared

    @property
    def cells(self) -> int:
        """Of the rectangle from A1; 0 when there is no value."""
        return self._last_row * self._last_column

    def feed(self, chunk: bytes, *, last: bool) -> None:
        """Parse further.

        Raises:
            xml.parsers.expat.ExpatError: not well-formed.
            UnsoundPartError: a document type declaration, a place that is none, a sheet that was not inspected.
        """
        self._parser.Parse(chunk, last)

    def _declared(self, name: str, *_: object) -> None:
        raise UnsoundPartError(f"it declares a document type, {name[:50]!r}")

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        element = name.rpartition(":")[2]
        if attributes and any(_is_huge(attributes.get(count)) for count in _COUNTS):
            raise UnsoundPartError(f"it declares more than {MAX_DECLARED:,} of its elements {element[:50]!r}")
        if element == "c":
            self._at_cell(attributes.get("r"))
        elif element == "row":
            self._row, self._column = _row(attributes.get("r"), self._row), 0
        elif element in _VALUES:
            self._last_row = max(self._last_row, self._row)
            self._last_column = max(self._last_column, self._column)
        elif element == "Relationship" and self.name.lower() == _RELATIONSHIPS:
            self._refuse_uninspected(attributes.get("Target", ""))

    def _at_cell(self, reference: str | None) -> None:
        if reference is None:
            self._column += 1
            return
        place = _REFERENCE.fullmatch(reference)
        if place is None:
            raise UnsoundPartError(f"{reference[:50]!r} is no place in a sheet")
        self._column = 0
        for letter in place[1].upper():
            self._column = self._column * _LETTERS + ord(letter) - ord("A") + 1
        self._row = int(place[2])

    def _refuse_uninspected(self, target: str) -> None:
        if target.lower().endswith(self._uninspected):
            raise UnsoundPartError(f"{target[:50]!r} is no sheet of an .xlsx workbook")


def _is_huge(declared: str | None) -> bool:
    digits = (declared or "").strip().lstrip("+0")
    return digits.isdecimal() and (len(digits) > len(str(MAX_DECLARED)) or int(digits) > MAX_DECLARED)


def _row(number: str | None, before: int) -> int:
    if number is None:
        return before + 1
    if _NUMBER.fullmatch(number) is None:
        raise UnsoundPartError(f"{number[:50]!r} is no number of a row")
    return int(number)
