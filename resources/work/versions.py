"""The versions of a task for people: what became of each, and how two of them differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.errors import PermanentError
from resources.domain.tasks import TaskId
from resources.domain.version_diff import LONGEST_CHARS, Content, FileChange, changes, is_text
from resources.ledger import claims, deliverables, reviews, tasks
from resources.ledger.claims import AttemptRow
from resources.ledger.deliverables import StoredFile, Version
from resources.work.review import set_key_of

_BYTES_A_CHAR: Final = 4
"""At most, in UTF-8."""


class NothingToCompareError(PermanentError):
    """The task has no two whole versions yet."""


@dataclass(frozen=True, slots=True)
class VersionStanding:
    """A version, and what became of it.

    Attributes:
        copy_of: the number of the version that it equals, as it was rolled back to.
        decisions: who decided what about it, when and why, oldest first.
        published: whether it was handed over, and is out in ClickUp where the task is there.
    """

    version: Version
    copy_of: int | None
    files: Sequence[StoredFile]
    decisions: Sequence[Mapping[str, Any]]
    published: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """Two versions side by side, a change for each file that either has."""

    before: Version
    after: Version
    files: Sequence[FileChange]


def standing(connection: Connection, task_id: TaskId) -> list[VersionStanding]:
    """Every version of the task, rounds too, by number. Raises TaskUnknownError."""
    task = tasks.get(connection, task_id)
    made = deliverables.versions(connection, task_id)
    decided = reviews.of_task(connection, task_id)
    numbers = {each.id: each.number for each in made}
    out = _handed_over(made, claims.attempts(connection, task_id))
    return [
        VersionStanding(
            version,
            numbers[version.copy_of] if version.copy_of else None,
            deliverables.files(connection, version.id),
            [each for each in decided if each["version"] == version.number],
            version.number in out and reviews.is_published(connection, set_key_of(task, version)),
        )
        for version in made
    ]


def difference(
    engine: Engine, artefacts: ArtefactStore, task: TaskId, before: int | None = None, after: int | None = None
) -> Difference:
    """Version ``before`` beside ``after``. Default: the newest whole one, and the whole one before it.

    Raises:
        TaskUnknownError, VersionUnknownError, NothingToCompareError.
        ArtefactMissingError: a text that would be compared is not in the artefact store.
    """
    with engine.begin() as connection:
        one, other = _two(connection, task, before, after)
        old, new = deliverables.files(connection, one.id), deliverables.files(connection, other.id)
    same = {(each.name, each.content_hash) for each in old} & {(each.name, each.content_hash) for each in new}
    read = [
        {each.name: _content(artefacts, each, unread=(each.name, each.content_hash) in same) for each in files}
        for files in (old, new)
    ]
    return Difference(one, other, changes(*read))


def _handed_over(made: Sequence[Version], attempts: Sequence[AttemptRow]) -> set[int]:
    """The numbers of those that were: of what an attempt that delivered was given, the last whole version."""
    delivered = {each.input_hash for each in attempts if each.outcome == "delivered"}
    last = {each.input_hash: each.number for each in made if each.stage == "whole"}
    return {number for given, number in last.items() if given in delivered}


def _two(connection: Connection, task: TaskId, before: int | None, after: int | None) -> tuple[Version, Version]:
    tasks.get(connection, task)
    whole = [each for each in deliverables.versions(connection, task) if each.stage == "whole"]
    if after is not None:
        other = deliverables.numbered(connection, task, after)
    elif whole:
        other = whole[-1]
    else:
        raise _nothing(task, len(whole))
    if before is not None:
        return deliverables.numbered(connection, task, before), other
    earlier = [each for each in whole if each.number < other.number]
    if not earlier:
        raise _nothing(task, len(whole))
    return earlier[-1], other


def _content(artefacts: ArtefactStore, file: StoredFile, *, unread: bool) -> Content:
    if unread or not is_text(file.media_type) or file.size_bytes > _BYTES_A_CHAR * LONGEST_CHARS:
        return Content(file.content_hash, file.media_type)
    with artefacts.open(file.content_hash) as stream:
        text = stream.read().decode(errors="replace")
    return Content(file.content_hash, file.media_type, text)


def _nothing(task: TaskId, found: int) -> NothingToCompareError:
    return NothingToCompareError(
        f"task {task}",
        expected="two whole versions to be compared",
        found=str(found) if found else "none",
        remedy=f"`waybill versions {task}` lists every version; rounds are compared by their numbers.",
    )
