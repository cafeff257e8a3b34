"""The two sheets of a Cora report that are no plain tables: `Basic Tunings` by factor codes, `Roadmap` by phases."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from resources.domain.cora_reports import Step, Tuning
from resources.workbooks.sheets import MAX_TEXT_CHARS, Row, folded, number_of, text_of

MAX_TUNINGS: Final = 5_000
MAX_LIST_CHARS: Final = 20_000
"""Of a cell that holds a list, such as all variations of a keyword."""
_CODE: Final = re.compile(r"CP(?:XR)?\d{2,5}")
_PHASE: Final = re.compile(r"phase\s*\d+\b", re.IGNORECASE)
_QUOTED: Final = re.compile('["“”]([^"“”]+)["“”]')
_LABEL_ROWS: Final = 5
_KEYWORD_LABELS: Final = ("keyword", "search term", "term")
_SYNONYM_LABELS: Final = ("synonym", "variation", "related")
_TARGET_NAMES: Final = frozenset({"target", "goal"})
# From the code's own column: section before it, description after it, target three further (A, B, C, E).
_SECTION, _DESCRIPTION, _TARGET = -1, 1, 3


@dataclass(frozen=True, slots=True)
class Tunings:
    """What `Basic Tunings` says; ``keyword`` is empty where it was not found."""

    keyword: str = ""
    synonyms: tuple[str, ...] = ()
    tunings: tuple[Tuning, ...] = ()


@dataclass(frozen=True, slots=True)
class Roadmap:
    """What `Roadmap` says: the quoted variations above the first phase, and the advice below each."""

    variations: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()


def read_tunings(rows: Iterator[Row]) -> Tunings:
    """The keyword beside a label that names it, else in B1; the synonyms likewise or in B2, with ``|`` between.

    Every row that holds a factor code is a tuning, wherever its column; at most `MAX_TUNINGS` are taken.
    """
    head = list(islice(rows, _LABEL_ROWS))
    keyword = _labelled(head, _KEYWORD_LABELS, 0)[:MAX_TEXT_CHARS]
    synonyms = unrepeated(_labelled(head, _SYNONYM_LABELS, 1).split("|"))
    return Tunings(keyword, synonyms, tuple(islice(_coded(chain(head, rows)), MAX_TUNINGS)))


def read_roadmap(rows: Iterator[Row]) -> Roadmap:
    """Of its first `MAX_TUNINGS` rows."""
    variations: tuple[str, ...] = ()
    steps: list[Step] = []
    phase = ""
    for row in islice(rows, MAX_TUNINGS):
        first = text_of(row, 0, MAX_LIST_CHARS)
        if _PHASE.match(first):
            phase = first[:MAX_TEXT_CHARS]
        elif not phase and not variations:
            variations = unrepeated(_QUOTED.findall(first))
        if phase and (advice := text_of(row, 1)):
            steps.append(Step(phase, advice))
    return Roadmap(variations, tuple(steps))


def unrepeated(words: Iterable[str]) -> tuple[str, ...]:
    """The words that are any, each once whatever its case, as and where it stands first."""
    kept: dict[str, str] = {}
    for each in words:
        if word := " ".join(each.split()):
            kept.setdefault(word.casefold(), word)
    return tuple(kept.values())


def _labelled(head: list[Row], labels: tuple[str, ...], otherwise: int) -> str:
    """What column B says beside one of ``labels`` in column A, else in row ``otherwise``, counted from 0."""
    beside = [row for row in head if folded(text_of(row, 0)).startswith(labels)]
    rows = beside or head[otherwise : otherwise + 1]
    said = text_of(rows[0], 1, MAX_LIST_CHARS) if rows else ""
    return "" if _CODE.fullmatch(said) else said


def _coded(rows: Iterator[Row]) -> Iterator[Tuning]:
    section, target_column = "", None
    for row in rows:
        texts = [text_of(row, index) for index in range(min(len(row), 50))]
        at = next((index for index, text in enumerate(texts) if _CODE.fullmatch(text)), None)
        if at is None:
            named = (index for index, text in enumerate(texts) if folded(text) in _TARGET_NAMES)
            target_column = next(named, target_column)
            continue
        section = text_of(row, at + _SECTION) or section  # said once for the rows below it
        target = number_of(row, at + _TARGET if target_column is None else target_column)
        yield Tuning(texts[at], section, text_of(row, at + _DESCRIPTION), target)
