"""The kind of work `press_release`: its settings, the fields of a task that it reads, and its working papers.

The papers are kept with each version: what the version was made from, so that the next one can begin where it ended.
"""

from datetime import datetime
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from resources.domain.press_releases import Brief, Note, Part, Release
from resources.domain.task_types import Kind


class PressReleaseSettings(BaseModel):
    """How press releases are made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    facts: int = Field(40, ge=5, le=200)
    """Passages of the client's knowledge that a writer gets at most."""
    rounds: int = Field(3, ge=0, le=10)
    """How often a release is revised at most before it goes to a reviewer."""


class PressReleaseFields(BaseModel):
    """The custom fields of a task that are read; what they lack is looked for in the description."""

    model_config = ConfigDict(frozen=True)

    topic: str | None = Field(None, alias="Topic")
    city: str | None = Field(None, alias="City")
    state: str | None = Field(None, alias="State")
    released_on: str | None = Field(None, alias="Release date")
    quotes: str | None = Field(None, alias="Quotes")
    contact: str | None = Field(None, alias="Contact")


PRESS_RELEASE: Final = Kind(
    "press_release",
    PressReleaseSettings,
    "make_press_release",
    "assets.press_releases",
    "Write two press releases for one task: a brief, headlines, drafts, their files, and the hand-over for review.",
    PressReleaseFields,
)


class Beginning(Part):
    """Where the work on a version begins.

    Attributes:
        after: the number of the version that a reviewer's words are about and that is gone on from; None: from nothing.
        begun_at: what the files of the version are dated by.
    """

    brief: Brief
    after: int | None
    begun_at: datetime


class Choice(Part):
    """A headline that was chosen, and why."""

    headline: str
    reason: str


class Written(Part):
    """A release as it stands, and what is still to be said about it."""

    release: Release
    notes: tuple[Note, ...] = ()

    @property
    def blocked(self) -> tuple[Note, ...]:
        """The notes with which it must not go out."""
        return tuple(note for note in self.notes if note.blocks)


class Papers(Part):
    """All that a version of the deliverable was made from, and what it is."""

    brief: Brief
    headlines: tuple[str, ...]
    choices: tuple[Choice, ...]
    releases: tuple[Written, ...]
    begun_at: datetime

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if len(self.choices) != len(self.releases):
            raise ValueError("as many releases as chosen headlines")
        return self
