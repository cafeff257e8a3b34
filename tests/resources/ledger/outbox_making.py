"""Effects in the outbox, taken and told of as a drainer does."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from resources.ledger import outbox, outcomes
from resources.ledger.outbox import Effect, Row
from resources.ledger.outcomes import Hooks, Outcome
from tests.resources.ledger.making import sql

MINUTE = timedelta(minutes=1)
NOW = timedelta(0)
KINDS = ("attachment", "comment", "status", "alert_webhook", "alert_email")
UPDATED = datetime(2026, 7, 1, 12, tzinfo=UTC)
owners = iter(f"owner-{number}" for number in range(10_000))


def task(ledger: Engine, name: str = "t1") -> str:
    sql(
        ledger,
        "WITH said AS (SELECT set_config('waybill.actor', 'a', true), set_config('waybill.reason', 'r', true),"
        " set_config('waybill.event', 'seen', true))"
        " INSERT INTO waybill.tasks (id, origin, name, state) SELECT :id, 'clickup', 'n', 'ready' FROM said",
        id=name,
    )
    return name


def effect(key: str, *, kind: str = "comment", lane: str = "t1", **more: Any) -> Effect:
    payload = {"status": key} if kind == "status" else {"text": key}
    return Effect(key=key, lane=lane, kind=kind, payload=payload, **more)


def put(ledger: Engine, *effects: Effect) -> int:
    with ledger.begin() as connection:
        return outbox.enqueue(connection, effects)


def take(ledger: Engine, at_most: int = 100, process: str = "elsewhere", kinds: tuple[str, ...] = KINDS) -> list[Row]:
    with ledger.begin() as connection:
        return outbox.take(connection, owner=next(owners), process=process, at_most=at_most, lease=MINUTE, kinds=kinds)


def tell(ledger: Engine, *ended: Outcome, hooks: Hooks = outcomes.NO_HOOKS) -> int:
    with ledger.begin() as connection:
        return outcomes.record(connection, ended, hooks)


def states(ledger: Engine) -> dict[str, str]:
    return dict(sql(ledger, "SELECT key, state FROM waybill.outbox ORDER BY id"))


def keys(rows: list[Row]) -> list[str]:
    return [row.key for row in rows]
