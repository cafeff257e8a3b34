"""What was made for a task: versions that are only ever added, with their files and what they cite."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from resources.domain.deliverables import Citation, Draft, Stage
from resources.domain.errors import PermanentError
from resources.domain.ids import derived
from resources.domain.tasks import TaskId
from resources.ledger.claims import Claim
from resources.ledger.leases import require

_DELIVERABLE: Final = text("""
INSERT INTO waybill.deliverables (id, task_id, kind) VALUES (:id, :task, :kind) ON CONFLICT DO NOTHING
""")
_VERSION: Final = text("""
INSERT INTO waybill.deliverable_versions (id, deliverable_id, number, attempt, summary, made_by, stage)
VALUES (:id, :deliverable, :number, :attempt, :summary, :made_by, :stage)
""")
_FILES: Final = text("""
INSERT INTO waybill.deliverable_files (version_id, name, media_type, size_bytes, content_hash, published)
VALUES (:version, :name, :media_type, :size_bytes, :content_hash, :published)
""")
# A copy is the same in all that a reader sees: nothing of it passes through this process.
_COPY: Final = text("""
INSERT INTO waybill.deliverable_versions (id, deliverable_id, number, attempt, summary, made_by, stage, copy_of)
SELECT :id, deliverable_id, :number, :attempt, summary, :made_by, stage, id
FROM waybill.deliverable_versions WHERE id = :original
""")
_COPY_FILES: Final = text("""
INSERT INTO waybill.deliverable_files (version_id, name, media_type, size_bytes, content_hash, published)
SELECT :id, name, media_type, size_bytes, content_hash, published
FROM waybill.deliverable_files WHERE version_id = :original
""")
_COPY_CITATIONS: Final = text("""
INSERT INTO waybill.citations (version_id, number, extraction_id, uri, title, span_start, span_end, text)
SELECT :id, number, extraction_id, uri, title, span_start, span_end, text
FROM waybill.citations WHERE version_id = :original
""")
_CITATIONS: Final = text("""
INSERT INTO waybill.citations (version_id, number, extraction_id, uri, title, span_start, span_end, text)
VALUES (:version, :number, :extraction_id, :uri, :title, :start, :end, :text)
""")
_SELECT: Final = """
SELECT v.id, d.task_id, d.kind, v.number, v.attempt, v.summary, v.made_by, v.created_at, a.input_hash, v.stage,
       v.copy_of
FROM waybill.deliverable_versions v JOIN waybill.deliverables d ON d.id = v.deliverable_id
JOIN waybill.task_attempts a ON a.task_id = d.task_id AND a.number = v.attempt
"""
_NEWEST: Final = text(f"{_SELECT} WHERE d.task_id = :task AND v.stage = 'whole' ORDER BY v.number DESC LIMIT 1")
_ALL: Final = text(f"{_SELECT} WHERE d.task_id = :task ORDER BY v.number")
_NUMBERED: Final = text(f"{_SELECT} WHERE d.task_id = :task AND v.number = :number")
_LAST_NUMBER: Final = text("""
SELECT coalesce(max(v.number), 0) FROM waybill.deliverable_versions v
JOIN waybill.deliverables d ON d.id = v.deliverable_id WHERE d.task_id = :task
""")
_FILES_OF: Final = text("""
SELECT name, media_type, size_bytes, content_hash, published FROM waybill.deliverable_files
WHERE version_id = :version ORDER BY name
""")
_CITATIONS_OF: Final = text("""
SELECT extraction_id, uri, title, span_start, span_end, text FROM waybill.citations
WHERE version_id = :version ORDER BY number
""")


class VersionUnknownError(PermanentError):
    """The task has no such version."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a version; its content is in the artefact store under ``content_hash`` (SHA-256)."""

    name: str
    media_type: str
    size_bytes: int
    content_hash: str
    published: bool = True


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a deliverable. ``attempt`` made it, from what ``input_hash`` stands for.

    ``copy_of``: the version that it equals, as it was rolled back to.
    """

    id: UUID
    task_id: TaskId
    kind: str
    number: int
    attempt: int
    summary: str
    made_by: str
    created_at: datetime
    input_hash: str
    stage: Stage
    copy_of: UUID | None


def record(connection: Connection, claim: Claim, draft: Draft) -> Version:
    """Keep ``draft`` as the next version, with all its files and citations. Only while the claim stands."""
    require(connection, claim)
    deliverable = derived("deliverable", claim.id, draft.kind)
    connection.execute(_DELIVERABLE, {"id": deliverable, "task": claim.id, "kind": draft.kind})
    number = next_number(connection, claim.id)
    version = derived("version", str(deliverable), str(number))
    connection.execute(
        _VERSION,
        {"id": version, "deliverable": deliverable, "number": number, "attempt": claim.attempt.number,
         "summary": draft.summary, "made_by": draft.made_by, "stage": draft.stage},
    )  # fmt: skip
    files = [
        {"version": version, "name": file.name, "media_type": file.media_type,
         "size_bytes": file.artefact.size_bytes, "content_hash": file.artefact.content_hash,
         "published": file.published}
        for file in draft.files
    ]  # fmt: skip
    if files:
        connection.execute(_FILES, files)
    if draft.citations:
        connection.execute(_CITATIONS, [_row(version, at, each) for at, each in enumerate(draft.citations, start=1)])
    return numbered(connection, claim.id, number)


def copy(connection: Connection, claim: Claim, original: Version, *, made_by: str) -> Version:
    """Keep the next version, equal to ``original`` in summary, files and citations. Only while the claim stands."""
    require(connection, claim)
    number = next_number(connection, claim.id)
    deliverable = derived("deliverable", claim.id, original.kind)
    values = {"id": derived("version", str(deliverable), str(number)), "original": original.id}
    more = {"number": number, "attempt": claim.attempt.number, "made_by": made_by}
    connection.execute(_COPY, values | more)
    connection.execute(_COPY_FILES, values)
    connection.execute(_COPY_CITATIONS, values)
    return numbered(connection, claim.id, number)


def checkpoint(connection: Connection, claim: Claim) -> Version | None:
    """The whole version that was made from just what this claim works from: a repeat after a crash makes no second."""
    made = newest(connection, claim.id)
    return made if made is not None and made.input_hash == claim.attempt.input_hash else None


def made_in(connection: Connection, task: TaskId, attempt: int) -> bool:
    """Whether this very attempt made a version."""
    made = newest(connection, task)
    return made is not None and made.attempt == attempt


def newest(connection: Connection, task: TaskId) -> Version | None:
    """The task's last whole version; None before the first."""
    row = connection.execute(_NEWEST, {"task": task}).one_or_none()
    return None if row is None else Version(**row._mapping)


def versions(connection: Connection, task: TaskId) -> list[Version]:
    """Every version, rounds too, by number."""
    return [Version(**row._mapping) for row in connection.execute(_ALL, {"task": task})]


def numbered(connection: Connection, task: TaskId, number: int) -> Version:
    """The version with this number, a round or a whole one.

    Raises:
        VersionUnknownError: the task has none.
    """
    row = connection.execute(_NUMBERED, {"task": task, "number": number}).one_or_none()
    if row is None:
        raise VersionUnknownError(
            f"task {task}, version {number}",
            expected="the number of one of its versions",
            found="none that has it",
            remedy=f"`waybill versions {task}` lists them.",
        )
    return Version(**row._mapping)


def next_number(connection: Connection, task: TaskId) -> int:
    """What the next version will be called."""
    return int(connection.execute(_LAST_NUMBER, {"task": task}).scalar_one()) + 1


def files(connection: Connection, version: UUID) -> list[StoredFile]:
    """The files of a version, by name."""
    return [StoredFile(**row._mapping) for row in connection.execute(_FILES_OF, {"version": version})]


def citations(connection: Connection, version: UUID) -> list[dict[str, Any]]:
    """What a version cites, in order."""
    return [dict(row._mapping) for row in connection.execute(_CITATIONS_OF, {"version": version})]


def _row(version: UUID, number: int, citation: Citation) -> dict[str, object]:
    return {
        "version": version, "number": number, "extraction_id": citation.extraction_id, "uri": citation.uri,
        "title": citation.title, "start": citation.span.start, "end": citation.span.end, "text": citation.text,
    }  # fmt: skip
