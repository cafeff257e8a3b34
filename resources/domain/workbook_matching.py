"""Which task a dropped workbook belongs to: one, or a question to a person, or none. Never a guess.

Client and keyword both have to fit: another client's workbook is worse than a question.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from rapidfuzz import fuzz

THRESHOLD: Final = 90.0
"""Of 100. By rapidfuzz's ratio "leather bags" is at 96 to "leather bag" and at 92 to "leahter bags": slips and plurals.
"seo agency london" is at 79 to "seo agency leeds": other words."""
MARGIN: Final = 8.0
"""How far the first has to be ahead of the second: more than a plural, so that "bag" beside "bags" is a question."""
ASKED_FROM: Final = 60.0
"""A task whose client and keyword are this alike on average may be meant; below, nobody is asked about it."""
MAX_CANDIDATES: Final = 5
_LEGAL_FORMS: Final = frozenset(
    ("ag", "bv", "co", "corp", "gmbh", "inc", "limited", "llc", "llp", "ltd", "plc", "sarl")
)


@dataclass(frozen=True, slots=True)
class WorkbookClue:
    """What a workbook tells of its task. ``client``: where its folder or the drop names one, else None."""

    client: str | None
    keyword: str
    file_name: str


@dataclass(frozen=True, slots=True)
class CandidateTask:
    """An open task that a workbook could be for; ``client`` and ``keyword`` as people write them."""

    task: str
    client: str
    keyword: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike a task and a workbook are, from 0 to 100 each."""

    task: CandidateTask
    client: float
    keyword: float

    @property
    def score(self) -> float:
        """The weaker of the two: one cannot make up for the other."""
        return min(self.client, self.keyword)


@dataclass(frozen=True, slots=True)
class Matched:
    """The one task."""

    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Unsure:
    """Who has to be asked about: at most `MAX_CANDIDATES`, the likeliest first, at least one."""

    candidates: tuple[Likeness, ...]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """No task is anything like it."""


def match_workbook(
    clue: WorkbookClue, tasks: Sequence[CandidateTask], *, threshold: float = THRESHOLD, margin: float = MARGIN
) -> Matched | Unsure | Unmatched:
    """The task that ``clue`` fits, when it reaches ``threshold`` and is ``margin`` ahead of every other. Pure.

    A client that the clue names decides, else the file's name has to hold it; so for the keyword.
    """
    likenesses = sorted((_likeness(clue, task) for task in tasks), key=_order)
    if not likenesses:
        return Unmatched()
    first = likenesses[0]
    second = likenesses[1].score if len(likenesses) > 1 else 0.0
    if first.score >= threshold and first.score - second >= margin:
        return Matched(first)
    asked = [each for each in likenesses if (each.client + each.keyword) / 2 >= ASKED_FROM]
    return Unsure(tuple(asked[:MAX_CANDIDATES])) if asked else Unmatched()


def _order(likeness: Likeness) -> tuple[float, float, str]:
    return -likeness.score, -likeness.client - likeness.keyword, likeness.task.task


def _likeness(clue: WorkbookClue, task: CandidateTask) -> Likeness:
    name = _words(PurePath(clue.file_name).stem)
    called = _client_words(task.client)
    client = _best_within(name, called) if clue.client is None else _alike(_client_words(clue.client), called)
    asked = _words(task.keyword)
    keyword = _alike(_words(clue.keyword), asked) if clue.keyword else _best_within(name, asked)
    return Likeness(task, client, keyword)


def _words(text: str) -> list[str]:
    """Without case, accents and all that is no letter or digit."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return "".join(letter if letter.isalnum() else " " for letter in plain).casefold().split()


def _client_words(client: str) -> list[str]:
    """Without the legal form, which people leave out; the whole name where nothing else is left."""
    words = _words(client)
    return [word for word in words if word not in _LEGAL_FORMS] or words


def _alike(words: Sequence[str], others: Sequence[str]) -> float:
    """Whole against whole, in any order of the words; 0 where either says nothing."""
    return float(fuzz.ratio(" ".join(sorted(words)), " ".join(sorted(others)))) if words and others else 0.0


def _best_within(words: Sequence[str], wanted: Sequence[str]) -> float:
    """The likest run of as many words: part of a word is no match, or "Al" would stand in "leather bags final"."""
    length = len(wanted)
    runs = (words[start : start + length] for start in range(max(1, len(words) - length + 1)))
    return max((_alike(run, wanted) for run in runs), default=0.0)
