"""What a Cora report asks for, once its workbook is read: words, entities, tunings and steps for one keyword."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RelatedWord:
    """A word that pages on the keyword use. ``needed``: how many times more it should stand; at least 1.

    ``average``: how often the pages that rank use it; None when the workbook does not say.
    """

    word: str
    average: float | None
    needed: int


@dataclass(frozen=True, slots=True)
class Tuning:
    """A factor by its code, such as ``CP492`` (words) or ``CPXR003`` (headings); ``target`` None: not a number."""

    code: str
    section: str
    description: str
    target: float | None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the roadmap: ``phase`` such as ``Phase 1: Title & Headings``, ``advice`` such as ``Add 3 more``."""

    phase: str
    advice: str


@dataclass(frozen=True, slots=True)
class CoraReport:
    """One workbook. Only ``keyword`` is always there; the rest is empty where the workbook has no such sheet.

    Attributes:
        keyword: one line, never empty.
        variations: of the keyword, in the workbook's order, without repeats; so are all that follow.
        targets: addresses of pages to link to, as they stand.
    """

    keyword: str
    variations: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    related_words: tuple[RelatedWord, ...] = ()
    entities: tuple[str, ...] = ()
    tunings: tuple[Tuning, ...] = ()
    steps: tuple[Step, ...] = ()
    targets: tuple[str, ...] = ()

    def target_of(self, code: str) -> float | None:
        """What the report aims at for a factor; None when it has no such code, or no number for it."""
        return next((tuning.target for tuning in self.tunings if tuning.code == code), None)
