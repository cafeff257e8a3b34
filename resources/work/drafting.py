"""A draft becomes a version once: whoever repeats an attempt finds the one that was made and makes no other."""

from collections.abc import Callable

from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.deliverables import Draft
from resources.ledger import deliverables
from resources.ledger.deliverables import Version
from resources.work.attempt import Attempt


def drafted(engine: Engine, artefacts: ArtefactStore, attempt: Attempt, make: Callable[[], Draft]) -> Version:
    """The version that was made of this attempt's input, else the one that ``make`` makes now.

    One whose files are damaged or gone is made again; where that gives the same files, they are whole again with it.

    Raises:
        LeaseLostError: the task is not ours any more; nothing was recorded.
    """
    if (made := _whole(engine, artefacts, attempt)) is not None:
        return made
    attempt.check()
    draft = make()
    attempt.check()
    if (made := _whole(engine, artefacts, attempt)) is not None:
        return made
    with engine.begin() as connection:
        return deliverables.record(connection, attempt.claim, draft)


def _whole(engine: Engine, artefacts: ArtefactStore, attempt: Attempt) -> Version | None:
    with engine.begin() as connection:
        made = deliverables.checkpoint(connection, attempt.claim)
        files = deliverables.files(connection, made.id) if made else []
    return made if all(artefacts.verify(file.content_hash) for file in files) else None
