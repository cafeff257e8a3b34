"""Handing a version over: verified whole first, then in review and in the outbox in one transaction (CB-5, CB-10)."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.errors import TransientError
from resources.domain.tasks import WAYBILL, Act, TaskEvent, TaskId
from resources.ledger import claims, deliverables, outbox
from resources.ledger.claims import Claim
from resources.ledger.deliverables import StoredFile, Version
from resources.ledger.leases import require
from resources.ledger.outbox import Effect
from resources.ledger.tasks import Task
from resources.work.attempt import Attempt
from resources.work.moving import move
from resources.work.review import set_key_of

HASH_SHOWN: Final = 8
"""Characters of a file's hash in its attachment's name: by it a repeat is recognised."""


class DeliverableIncompleteError(TransientError):
    """What is to be published is not all there; nothing was published."""


def publish(engine: Engine, artefacts: ArtefactStore, attempt: Attempt) -> Version:
    """Move the task to review with everything that publishes its version: attachments, comment, status, in that order.

    Raises:
        DeliverableIncompleteError: no version was made of this attempt's input, or a file of it is missing or damaged.
        LeaseLostError, TaskMovedError: the task is not ours any more; nothing was published.
    """
    with engine.begin() as connection:
        version = deliverables.checkpoint(connection, attempt.claim)
        files = deliverables.files(connection, version.id) if version else []
    if version is None or not any(file.published for file in files):
        raise _incomplete(attempt, "no file was made")
    if damaged := damaged_of(artefacts, files):
        raise _incomplete(attempt, f"not in the artefact store, or not as it was made: {', '.join(damaged)}")
    attempt.check()
    by = Act(WAYBILL, f"version {version.number}: {version.summary}", attempt.claim.attempt.run_id)
    with engine.begin() as connection:
        hand_over(connection, attempt.configuration, attempt.claim, version, by)
    return version


def hand_over(
    connection: Connection, configuration: Configuration, claim: Claim, version: Version, by: Act, *, note: str = ""
) -> Task:
    """Move the claimed task to review, with what publishes ``version``; its files were verified before.

    ``note``: what the comment says of the version beside its summary.

    Raises:
        LeaseLostError, TaskMovedError: the task is not ours any more; nothing was published.
    """
    require(connection, claim)
    set_key = set_key_of(claim.task, version)
    if claim.task.in_clickup:
        files = deliverables.files(connection, version.id)
        outbox.enqueue(connection, _effects(claim.id, version, files, set_key, note))
    return move(connection, configuration, claim.task, TaskEvent.DELIVER, by, set_key=set_key,
                ending=claims.ending("delivered"), overrides={}, feedback=None)  # fmt: skip


def damaged_of(artefacts: ArtefactStore, files: Sequence[StoredFile]) -> list[str]:
    """The names of those files that are not in the store, or not as they were made. Reads each whole."""
    return [file.name for file in files if not artefacts.verify(file.content_hash)]


def _effects(task: TaskId, version: Version, files: Sequence[StoredFile], set_key: str, note: str) -> list[Effect]:
    attachments = [
        Effect(
            f"attachment:{task}:v{version.number}:{file.name}:{file.content_hash}", task, "attachment",
            {"task_id": task, "name": shown_name(file, version.number), "content_hash": file.content_hash,
             "size_bytes": file.size_bytes, "media_type": file.media_type},
            set_key, task,
        )
        for file in files if file.published
    ]  # fmt: skip
    text = comment(version, [shown_name(file, version.number) for file in files if file.published], note)
    said = Effect(f"comment:{task}:v{version.number}", task, "comment", {"task_id": task, "text": text}, set_key, task)
    return [*attachments, said]


def shown_name(file: StoredFile, number: int) -> str:
    """``note v2 3f9a1c2b.md`` for ``note.md``: version and hash tell which one it is, and whether it is there."""
    stem, dot, ending = file.name.rpartition(".")
    stem, ending = (stem, dot + ending) if stem else (file.name, "")
    return f"{stem} v{number} {file.content_hash[:HASH_SHOWN]}{ending}"


def comment(version: Version, names: Sequence[str], note: str = "") -> str:
    """What is said in ClickUp of a version that was attached."""
    attached = "\n".join(f"- {name}" for name in names)
    said = f"{note}\n\n{version.summary}" if note else version.summary
    return (
        f"Version {version.number} is attached, for your review.\n\n{said}\n\n{attached}\n\n"
        "Move the task to a closed status to approve this version. Move it back to have a new one made: what you say in"
        " a comment first goes into it."
    )


def _incomplete(attempt: Attempt, found: str) -> DeliverableIncompleteError:
    return DeliverableIncompleteError(
        f"task {attempt.task.id}, attempt {attempt.number}",
        expected="a version with all of its files",
        found=found,
        remedy="It is made again by the next attempt.",
    )
