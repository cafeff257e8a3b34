"""Looks at tasks taken in, and a task in each of its states as it comes there."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.moves import Meaning
from resources.domain.seen import SeenTask
from resources.domain.tasks import Act, TaskEvent, TaskState
from resources.ledger.tasks import Task
from resources.work.intake import Intake, take_in
from tests.resources.ledger.tasks_making import CONFIGURATION, acme, add, get, look
from tests.resources.work.at_work import HOPELESS, attempt_at, decided, published, sent

ANNA = Act("Anna", "Anna: Shorter, please.")
STATUSES = {
    Meaning.REOPEN: ("to do", "open"),
    Meaning.CLOSE: ("complete", "closed"),
    Meaning.CANCEL: ("cancelled", "done"),
    Meaning.OTHER: ("on hold", "custom"),
}


def says(known: Task, seen: SeenTask) -> Act:
    return ANNA


def nobody(known: Task, seen: SeenTask) -> Act:
    raise AssertionError(f"{seen.status} is no move of a person's in {known.state}")


def taken(
    cleared: Engine,
    *looks: SeenTask,
    words: Callable[[Task, SeenTask], Act] = nobody,
    configuration: Configuration = CONFIGURATION,
) -> Intake:
    return take_in(cleared, configuration, looks, words)


def in_state(cleared: Engine, artefacts: ArtefactStore, state: TaskState) -> Task:
    """The task, brought there as it comes there, with everything of ours shown in ClickUp half a second later."""
    acme(cleared)
    waits = {"auto_execute": False, "reason": "auto-execute is off"} if state is TaskState.WAITING else {}
    add(cleared, state=TaskState.WAITING if waits else TaskState.READY, **waits)
    match state:
        case TaskState.WORKING:
            with attempt_at(cleared):
                pass
        case TaskState.IN_REVIEW | TaskState.DELIVERED:
            published(cleared, artefacts)
        case TaskState.FAILED:
            with pytest.raises(type(HOPELESS)), attempt_at(cleared):
                raise HOPELESS
        case TaskState.CANCELLED:
            decided(cleared, TaskEvent.CANCEL)
    sent(cleared, updated_at=look(at_s=0.4).updated_at)
    if state is TaskState.DELIVERED:
        decided(cleared, TaskEvent.APPROVE)
    sent(cleared, updated_at=look(at_s=0.5).updated_at)
    assert get(cleared).state is state
    return get(cleared)
