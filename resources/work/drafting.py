"""A draft becomes a version once: whoever repeats an attempt finds the one that was made and makes no other."""

from collections.abc import Callable

from sqlalchemy import Engine

from resources.domain.deliverables import Draft
from resources.ledger import deliverables
from resources.ledger.deliverables import Version
from resources.work.attempt import Attempt


def drafted(engine: Engine, attempt: Attempt, make: Callable[[], Draft]) -> Version:
    """The version that was made of this attempt's input, else the one that ``make`` makes now.

    Raises:
        LeaseLostError: the task is not ours any more; nothing was recorded.
    """
    with engine.begin() as connection:
        made = deliverables.checkpoint(connection, attempt.claim)
    if made is not None:
        return made
    attempt.check()
    draft = make()
    attempt.check()
    with engine.begin() as connection:
        return deliverables.record(connection, attempt.claim, draft)
