"""Looks at tasks into the ledger: what they say, what a person meant by moving them, and whether they may be begun.

Poll, webhook and sweep all end here. A look that is older than what is known is ignored, so they may come in any order
and any number of times. What has to be asked of ClickUp for it (comments) is asked outside the transaction; a task that
somebody changed meanwhile is looked at again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, Engine

from resources.domain.configuration import ClickUp, Configuration, folded
from resources.domain.errors import TransientError
from resources.domain.moves import event_of, meaning, status_kind
from resources.domain.seen import SeenTask
from resources.domain.tasks import OPEN, Act, TaskEvent, TaskId, TaskState
from resources.ledger import claims, outbox, sightings, tasks
from resources.ledger.sightings import NewTask
from resources.ledger.tasks import Task
from resources.work.eligible import judged, settle
from resources.work.own_orders import may_be_told_yet, not_taken
from resources.work.review import NotPublishedYetError, OwnOrderError, decide

SEEN: Final = Act("ClickUp", "seen for the first time")
_LOOKS: Final = 5
"""How often a task that is changed while we look at it is looked at again."""

Words = Callable[[Task, SeenTask], Act]
"""Who moved a task and why, in their own words; asks ClickUp for the comments."""


class TaskRestlessError(TransientError):
    """A task changed each time that we looked; it is looked at again by the next poll."""


@dataclass(slots=True)
class Intake:
    """What a number of looks changed: ids of tasks, and of moves with the events that they were."""

    new: list[TaskId] = field(default_factory=list)
    changed: list[TaskId] = field(default_factory=list)
    moved: dict[TaskId, TaskEvent] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.moved)

    def add(self, other: "Intake") -> None:
        """Sum two."""
        self.new += other.new
        self.changed += other.changed
        self.moved |= other.moved


@dataclass(frozen=True, slots=True)
class _Look:
    """One look beside what the ledger has: the columns that it fills, and the person's move that it shows."""

    seen: SeenTask
    known: Task | None
    event: TaskEvent | None


def take_in(engine: Engine, configuration: Configuration, seen: Sequence[SeenTask], words: Words) -> Intake:
    """Write what was seen, at most a few hundred tasks; unchanged ones cost one query in all.

    Raises:
        TaskRestlessError: a task was changed by others at every look; the rest is written.
    """
    intake, left = Intake(), {task.id: task for task in sorted(seen, key=lambda task: task.updated_at)}
    for _ in range(_LOOKS):
        looks = _looked_at(engine, configuration, list(left.values()))
        acts = {look.seen.id: words(look.known, look.seen) for look in looks if look.event and look.known}
        left = {look.seen.id: look.seen for look in _written(engine, configuration, looks, acts, intake)}
        if not left:
            return intake
    raise TaskRestlessError(
        f"task {', '.join(left)}",
        expected="a moment in which nobody changes it",
        found=f"a change at each of {_LOOKS} looks",
        remedy="The next poll looks again.",
    )


def take_out(engine: Engine, configuration: Configuration, task_id: TaskId) -> bool:
    """The task was deleted in ClickUp: an open one is cancelled, and nothing is written there any more."""
    with engine.begin() as connection:
        if task_id not in sightings.known(connection, [task_id]):
            return False
        sightings.note_deleted(connection, task_id)
        task, _ = claims.look(connection, task_id)
        if task.state in OPEN:
            by = Act("ClickUp", "the task was deleted in ClickUp")
            decide(connection, configuration, task, TaskEvent.CANCEL, by)
            return True
    return False


def recheck(engine: Engine, configuration: Configuration, *, at_most: int = 500) -> int:
    """Judge tasks anew whose eligibility time or waybill.toml may have changed; return how many moved."""
    with engine.begin() as connection:
        due = sightings.to_recheck(connection, configuration.task_types.keys(), at_most=at_most)
        clients = sightings.known_clients(connection, [task.client for task in due if task.client])
        current = tasks.locked(connection, [task.id for task in due])
        return sum(settle(connection, configuration, task, clients) for task in current.values())


def _looked_at(engine: Engine, configuration: Configuration, seen: Sequence[SeenTask]) -> list[_Look]:
    """Lay each look beside the ledger; stale and unchanged ones are left out."""
    clickup = _clickup(configuration)
    with engine.begin() as connection:
        known = sightings.known(connection, [task.id for task in seen])
        looks = []
        for task in seen:
            row = known.get(task.id)
            if row is None or _is_news(configuration, row, task):
                event = _move_of(connection, clickup, row, task) if row else None
                looks.append(_Look(task, row, event))
    return looks


def _is_news(configuration: Configuration, known: Task, seen: SeenTask) -> bool:
    if known.clickup_updated_at is not None and seen.updated_at < known.clickup_updated_at:
        return False
    columns = sightings.content(seen, configuration.type_called(seen.type_named), known.clickup_status_kind or "")
    return sightings.differs(known, columns)


def _move_of(connection: Connection, clickup: ClickUp, known: Task, seen: SeenTask) -> TaskEvent | None:
    """The event that a person's move is; a status equal to our own last write is none (design §6)."""
    if folded(seen.status) == folded(known.clickup_status or ""):
        return None
    if folded(seen.status) in map(folded, outbox.own_statuses(connection, known.id)):
        return None
    return event_of(known.state, meaning(seen.status, seen.status_type, clickup.moves))


def _written(
    engine: Engine,
    configuration: Configuration,
    looks: Sequence[_Look],
    acts: Mapping[TaskId, Act],
    intake: Intake,
) -> list[_Look]:
    """Write the looks in one transaction; return those whose task was changed since."""
    if not looks:
        return []
    done, again = Intake(), []
    with engine.begin() as connection:
        clients = sightings.known_clients(connection, [look.seen.client for look in looks if look.seen.client])
        current = tasks.locked(connection, [look.seen.id for look in looks])
        fresh = _fresh(connection, configuration, [look.seen for look in looks if look.seen.id not in current], clients)
        done.new += sightings.insert(connection, list(fresh.values()), SEEN)
        for look in looks:
            task = current.get(look.seen.id)
            if task is None:
                if look.seen.id in fresh and look.seen.id not in done.new:  # somebody else added it a moment ago
                    again.append(look)
            elif look.known is None or _stand(task) != _stand(look.known):
                again.append(look)
            else:
                _write_one(connection, configuration, task, look, acts.get(task.id), clients, done)
    intake.add(done)
    return again


def _write_one(  # noqa: PLR0917  one look with all that it needs
    connection: Connection,
    configuration: Configuration,
    task: Task,
    look: _Look,
    act: Act | None,
    clients: set[str],
    done: Intake,
) -> None:
    seen, clickup = look.seen, _clickup(configuration)
    own = outbox.own_statuses(connection, task.id)
    kind = status_kind(seen.status, seen.status_type, clickup.moves, own)
    columns = sightings.content(seen, configuration.type_called(seen.type_named), kind)
    own_order: OwnOrderError | None = None
    if look.event is not None and act is not None:
        try:
            with connection.begin_nested():
                decide(connection, configuration, task, look.event, act)
        except NotPublishedYetError:
            return  # not noted as seen, so that a later look finds the same move again
        except OwnOrderError as error:
            if may_be_told_yet(error, seen.updated_at, tasks.clock(connection), clickup.settle_s):
                return
            own_order = error
        else:
            done.moved[task.id] = look.event
    if sightings.differs(task, columns):
        sightings.update(connection, task.id, columns)
        done.changed.append(task.id)
    if own_order is not None:
        not_taken(connection, configuration, task, own_order)
    settle(connection, configuration, tasks.get(connection, task.id), clients)


def _stand(task: Task) -> tuple[object, ...]:
    """What makes a decision on a task outdated: another state, or a newer look."""
    return task.version, task.clickup_updated_at


def _fresh(
    connection: Connection, configuration: Configuration, fresh: Sequence[SeenTask], clients: set[str]
) -> dict[TaskId, NewTask]:
    """First rows of open tasks; one that is closed when it is first seen asks for nothing."""
    clickup, now = _clickup(configuration), tasks.clock(connection)
    new = {}
    for seen in fresh:
        kind = status_kind(seen.status, seen.status_type, clickup.moves, ())
        if kind != "closed":
            columns = sightings.content(seen, configuration.type_called(seen.type_named), kind)
            row = NewTask(seen.id, "clickup", state=TaskState.READY, **columns)
            new[seen.id] = judged(configuration, row, clients, now)
    return new


def _clickup(configuration: Configuration) -> ClickUp:
    if configuration.clickup is None:
        raise AssertionError("looks at ClickUp's tasks need [clickup] in waybill.toml")
    return configuration.clickup
