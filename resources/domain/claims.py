"""What a sentence claims, and how each claim stands beside the sources that the sentence cites."""

from dataclasses import dataclass
from enum import StrEnum

from resources.domain.spans import Span


class ClaimKind(StrEnum):
    """What a sentence claims something with."""

    NUMBER = "number"
    DATE = "date"
    NAME = "name"
    QUOTE = "quote"


class Verdict(StrEnum):
    """How a claim stands beside its sources."""

    SOURCED = "sourced"
    UNSURE = "unsure"
    """A person has to compare."""
    ALTERED = "altered"
    INVENTED = "invented"
    MISATTRIBUTED = "misattributed"
    STITCHED = "stitched"
    """A quotation put together from passages that do not stand together."""
    UNCITED = "uncited"


@dataclass(frozen=True, slots=True)
class CitedSource:
    """What a sentence cites: ``text`` may be several sentences."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim and its verdict.

    Attributes:
        claim: its words; ``span`` is where they stand in the sentence, in code points.
        said: what the nearest source says, for people; None: nothing comes near.
        source: that source's key.
    """

    kind: ClaimKind
    verdict: Verdict
    claim: str
    span: Span
    said: str | None = None
    source: str | None = None

    @property
    def blocks(self) -> bool:
        """Whether the sentence must not go out with it: the code is sure that it is wrong, or it has no source."""
        return self.verdict not in (Verdict.SOURCED, Verdict.UNSURE)
