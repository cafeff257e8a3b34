"""How effects ended: written for many rows at once, and only by whoever still owns them (design §5, §8)."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, TextClause, text

from resources.ledger import alerts, dead_letters
from resources.ledger.outbox import STATUS, Row

ALERT_KINDS: Final = "alert_"
"""How the kinds of effects begin that pass alerts on."""
_ERROR_CHARS: Final = 4000

_FREE: Final = "owner = NULL, process = NULL, expires_at = NULL"
_OWNED: Final = "o.id = r.id AND o.owner = r.owner AND o.state = 'sending' RETURNING o.id"
_EACH: Final = (
    "FROM unnest(CAST(:ids AS bigint[]), CAST(:owners AS text[]), CAST(:said AS text[])) AS r(id, owner, said)"
)
_SENT: Final = text(f"""
UPDATE waybill.outbox AS o
SET {_FREE}, state = 'sent', sent_at = now(), result = CAST(r.said AS jsonb), error = NULL {_EACH} WHERE {_OWNED}
""")  # noqa: S608 - constants
_WITHDRAWN: Final = text(f"""
UPDATE waybill.outbox AS o SET {_FREE}, state = 'withdrawn', result = CAST(r.said AS jsonb) {_EACH} WHERE {_OWNED}
""")  # noqa: S608 - constants
_DEAD: Final = text(f"""
UPDATE waybill.outbox AS o SET {_FREE}, state = 'dead', error = r.said {_EACH} WHERE {_OWNED}
""")  # noqa: S608 - constants
# One statement for all that goes back: when, whether the attempt counts, and whether bytes left now.
_BACK: Final = text(f"""
UPDATE waybill.outbox AS o
SET {_FREE}, state = 'pending', next_at = now() + r.pause, error = coalesce(r.error, o.error),
    attempts = o.attempts - r.uncounted,
    unclear_at = CASE WHEN r.unclear THEN now() ELSE o.unclear_at END
FROM unnest(CAST(:ids AS bigint[]), CAST(:owners AS text[]), CAST(:pauses AS interval[]), CAST(:errors AS text[]),
            CAST(:uncounted AS integer[]), CAST(:unclear AS boolean[]))
     AS r(id, owner, pause, error, uncounted, unclear)
WHERE {_OWNED}
""")  # noqa: S608 - constants
_HOLD: Final = text("""
UPDATE waybill.outbox AS o SET state = 'held', error = 'an earlier one of its set was given up'
FROM unnest(CAST(:ids AS bigint[]), CAST(:sets AS text[])) AS dead(id, set_key)
WHERE o.set_key = dead.set_key AND o.id > dead.id AND o.state = 'pending'
""")
# Tasks before effects, as everybody else locks them.
_LOCK_TASKS: Final = text("SELECT FROM waybill.tasks WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")


@dataclass(frozen=True, slots=True)
class Sent:
    """It is there, and was seen there or confirmed.

    ``result`` is JSON. Of a status it tells ``updated_at``; ``copies`` above 1 are a duplicate, which is reported.
    """

    row: Row
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Superseded:
    """It is not to be done any more: somebody else has decided otherwise since. ``result`` says what was found."""

    row: Row
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Retry:
    """It was not done; again after ``pause``. An attempt that was no fault of the row is not ``counted`` against it.

    ``error`` None: what was said of the last attempt still holds.
    """

    row: Row
    pause: timedelta
    error: str | None
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Unclear:
    """Bytes left, and whether it was done is not known: looked for after ``pause``, before any repeat."""

    row: Row
    pause: timedelta
    error: str


@dataclass(frozen=True, slots=True)
class Dead:
    """It is given up: permanent, or the last attempt is spent."""

    row: Row
    error: str


Outcome = Sent | Superseded | Retry | Unclear | Dead
OnDead = Callable[[Connection, Row, str], None]
OnStatus = Callable[[Connection, str, str, datetime], None]
_O = TypeVar("_O", Sent, Superseded, Dead)


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the ledger does beside, in the same transaction; task rows are locked by then.

    ``on_dead(connection, row, error)``: an effect was given up. ``on_status(connection, task_id, status, updated_at)``:
    a status of ours is shown, with ClickUp's own clock.
    """

    on_dead: OnDead = lambda _connection, _row, _error: None
    on_status: OnStatus = lambda _connection, _task_id, _status, _updated_at: None


NO_HOOKS: Final = Hooks()


def record(connection: Connection, outcomes: Iterable[Outcome], hooks: Hooks = NO_HOOKS) -> int:
    """Write how effects ended, one statement for each kind of end; return how many rows were still the caller's.

    What was taken over since is left alone: its new owner says how it ends. Of a set, what follows a dead row is held;
    a dead row becomes a dead letter and an alert. All in the caller's transaction.
    """
    given = list(outcomes)
    told = {each.row.task_id for each in given if each.row.task_id and isinstance(each, Sent | Dead)}
    if told:
        connection.execute(_LOCK_TASKS, {"ids": sorted(told)})
    back = [each for each in given if isinstance(each, Retry | Unclear)]
    return (
        _record_sent(connection, [each for each in given if isinstance(each, Sent)], hooks)
        + _record_superseded(connection, [each for each in given if isinstance(each, Superseded)])
        + _record_back(connection, back)
        + _record_dead(connection, [each for each in given if isinstance(each, Dead)], hooks)
    )


def _record_sent(connection: Connection, sent: Sequence[Sent], hooks: Hooks) -> int:
    mine = _written(connection, _SENT, sent, [json.dumps(each.result) for each in sent])
    for each in mine:
        row = each.row
        if each.result.get("copies", 1) > 1:
            _report_copies(connection, each)
        if row.kind == STATUS and row.task_id is not None:
            updated_at = datetime.fromisoformat(each.result["updated_at"])
            hooks.on_status(connection, row.task_id, row.payload["status"], updated_at)
    return len(mine)


def _report_copies(connection: Connection, sent: Sent) -> None:
    """Reads lagged longer than they were given to settle: a person has to take the copies away."""
    row, copies = sent.row, sent.result["copies"]
    alerts.raise_alert(
        connection,
        key=f"outbox:{row.id}:copies",
        kind="duplicate",
        subject=f"{copies} copies of one {row.kind} on task {row.task_id}",
        body=f"Take away all but one. It was sent as {row.key!r}; clickup.settle_s may be shorter than ClickUp's lag.",
        task_id=row.task_id,
    )


def _record_superseded(connection: Connection, superseded: Sequence[Superseded]) -> int:
    return len(_written(connection, _WITHDRAWN, superseded, [json.dumps(each.result) for each in superseded]))


def _record_back(connection: Connection, back: Sequence[Retry | Unclear]) -> int:
    if not back:
        return 0
    values = {
        **_owned(back),
        "pauses": [each.pause for each in back],
        "errors": [None if each.error is None else _cut(each.error) for each in back],
        "uncounted": [int(isinstance(each, Retry) and not each.counted) for each in back],
        "unclear": [isinstance(each, Unclear) for each in back],
    }
    return connection.execute(_BACK, values).rowcount


def _record_dead(connection: Connection, dead: Sequence[Dead], hooks: Hooks) -> int:
    mine = _written(connection, _DEAD, dead, [_cut(each.error) for each in dead])
    sets = [row for each in mine if (row := each.row).set_key is not None]
    if sets:
        connection.execute(_HOLD, {"ids": [row.id for row in sets], "sets": [row.set_key for row in sets]})
    for each in mine:
        _bury(connection, each)
        hooks.on_dead(connection, each.row, each.error)
    return len(mine)


def _bury(connection: Connection, dead: Dead) -> None:
    """A dead letter, and an alert; but none of an alert that cannot be passed on, which would never end."""
    row = dead.row
    request = {"key": row.key, "lane": row.lane, "set": row.set_key, "kind": row.kind, "task": row.task_id}
    dead_letters.record(
        connection,
        stage="outbox",
        subject=str(row.id),
        request={**request, "payload": row.payload},
        error=_cut(dead.error),
        attempts=row.attempts,
    )
    if not row.kind.startswith(ALERT_KINDS):
        alerts.raise_alert(
            connection,
            key=f"outbox:{row.id}:dead:{row.owner}",
            kind="dead_letter",
            subject=f"Given up: {row.kind} of task {row.task_id}" if row.task_id else f"Given up: {row.kind}",
            body=f"{_cut(dead.error)}\n`waybill dead-letters list` shows it; replay or drop it there.",
            task_id=row.task_id,
        )


def _written(connection: Connection, statement: TextClause, ended: Sequence[_O], said: Sequence[str]) -> list[_O]:
    """Those of ``ended`` whose row was still the caller's."""
    if not ended:
        return []
    mine = set(connection.execute(statement, {**_owned(ended), "said": said}).scalars())
    return [each for each in ended if each.row.id in mine]


def _owned(ended: Sequence[Outcome]) -> dict[str, object]:
    return {"ids": [each.row.id for each in ended], "owners": [each.row.owner for each in ended]}


def _cut(error: str) -> str:
    """As Postgres can hold it: no NUL, and not the whole page that a proxy sent."""
    return error.replace("\0", "")[:_ERROR_CHARS]
