"""What a task's work hands over: files, kept by their content, and what they cite."""

from dataclasses import dataclass
from typing import Literal

from resources.domain.ids import ExtractionId
from resources.domain.spans import Span

Stage = Literal["round", "whole"]


@dataclass(frozen=True, slots=True)
class Artefact:
    """A file in the artefact store, named by its content: ``content_hash`` is the SHA-256 in hex."""

    content_hash: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A file of a deliverable. ``name`` is for people and never becomes a path.

    One that is not ``published`` stays here: by it versions are compared, and the next one begins with it.
    """

    name: str
    media_type: str
    artefact: Artefact
    published: bool = True


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage that the deliverable rests on, with its words: it stays traceable when its source is removed."""

    extraction_id: ExtractionId
    uri: str
    title: str
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One attempt's deliverable, before it is a version of anything.

    Attributes:
        kind: the kind of work that made it, such as ``knowledge_note``.
        summary: one or two sentences for the comment that announces it.
        files: what is delivered; at least one (CB-10).
        made_by: who or what wrote it, for people: a model, a program, a rule.
        stage: ``round``: it was revised before anybody saw it (CP-4); only a ``whole`` one is published.
    """

    kind: str
    summary: str
    files: tuple[DraftFile, ...]
    citations: tuple[Citation, ...]
    made_by: str
    stage: Stage = "whole"
