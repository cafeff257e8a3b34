"""Who writes: a model, a rule, a script in a test. Each call is one that may cost money; its answer is kept at once.

An answer is of the right form (pydantic) or the writer raises; whether it is a good one is decided by
`resources/domain`. The same writer is asked from one thread.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from resources.domain.errors import PermanentError, TransientError
from resources.domain.press_releases import Brief, Note, Part, Release


class WriterUnavailableError(TransientError):
    """The writer did not answer; asking again can help."""


class WriterAnswerError(TransientError):
    """The writer's answer is not one that can be used; asking again can give another."""


class WriterRefusedError(PermanentError):
    """The writer will not or cannot do this, however often it is asked."""


class Headlines(Part):
    """Headlines to choose from, each without an end mark."""

    headlines: tuple[str, ...]


class Pick(Part):
    """A headline that was picked: its place among those given, from 0, and why."""

    place: int
    reason: str


class Judgement(Part):
    """The headlines to go on with, the best first."""

    picks: tuple[Pick, ...]


class Notes(Part):
    """What a judge would have changed; none: it is good."""

    notes: tuple[Note, ...]


class Writer(Protocol):
    """Writes press releases. Raises WriterUnavailableError, WriterAnswerError or WriterRefusedError."""

    @property
    def name(self) -> str:
        """Who it is, for people and for the ledger: another name is asked anew."""
        ...

    def headlines(self, brief: Brief, number: int) -> Headlines:
        """``number`` headlines that differ."""
        ...

    def judge(self, brief: Brief, headlines: Sequence[str], picks: int) -> Judgement:
        """The ``picks`` best of the headlines."""
        ...

    def draft(self, brief: Brief, headline: str) -> Release:
        """A release under the headline; each sentence that states a fact cites facts of the brief."""
        ...

    def notes(self, brief: Brief, release: Release) -> Notes:
        """What the judge would have changed in it."""
        ...

    def revise(self, brief: Brief, release: Release, notes: Sequence[Note]) -> Release:
        """The release with the notes met, and all else as it was."""
        ...


FEEDBACK: Final = "reviewer"
"""The rule of a note that holds a reviewer's own words."""
