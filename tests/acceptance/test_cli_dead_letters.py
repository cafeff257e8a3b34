"""`waybill dead-letters`: what was given up is listed, shown, tried again, or dropped for a reason (CB-8, CP-7)."""

import getpass
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from resources.ledger import outbox, outcomes
from resources.ledger.engine import open_ledger
from resources.ledger.outbox import Effect
from resources.ledger.outcomes import Dead
from tests.acceptance.waybill_process import Waybill
from tests.resources.ledger.making import sql

KEYS = ("comment:t1:v1", "comment:t2:v1", "comment:t3:v1")


@pytest.fixture(scope="module")
def waybill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waybill]:
    made = Waybill(tmp_path_factory.mktemp("installation") / "home")
    with made.held():
        assert made.within("migrate").code == 0
        yield made
    made.kill_all()


@pytest.fixture(scope="module")
def ledger(waybill: Waybill) -> Iterator[Engine]:
    """Three effects, each in a set with a second one behind it; the first ones were given up."""
    with waybill.held() as addresses:
        engine = open_ledger(addresses.ledger)
        with engine.begin() as connection:
            outbox.enqueue(
                connection,
                [
                    Effect(f"{key}{behind}", key, "comment", {"text": "It is attached."}, set_key=key)
                    for key in KEYS
                    for behind in ("", ":behind")
                ],
            )
            rows = outbox.take(
                connection, owner="o", process="p", at_most=9, lease=timedelta(minutes=1), kinds=["comment"]
            )
            outcomes.record(connection, [Dead(row, "storage full (GBUSED_005)") for row in rows])
        yield engine
        engine.dispose()


def numbers(waybill: Waybill) -> dict[str, int]:
    listed = waybill.within("dead-letters", "list", "--json").json()
    assert listed["counts"] == ({"outbox": len(listed["dead_letters"])} if listed["dead_letters"] else {})
    return {each["request"]["key"]: each["id"] for each in listed["dead_letters"]}


def states(ledger: Engine, key: str) -> list[str]:
    found = sql(ledger, "SELECT state FROM waybill.outbox WHERE set_key = :key ORDER BY id", key=key)
    return [state for (state,) in found]


def test_what_was_given_up_is_listed_shown_replayed_and_dropped_CB_8(waybill: Waybill, ledger: Engine) -> None:
    number = numbers(waybill)
    assert set(number) == set(KEYS)
    table = waybill.within("dead-letters", "list")
    assert "GBUSED_005" in table.out
    shown = waybill.within("dead-letters", "show", str(number[KEYS[0]]))
    assert "It is attached." in shown.out
    assert waybill.within("status", "--json").json()["dead_letters"] == 3

    replayed = waybill.within("dead-letters", "replay", str(number[KEYS[0]]), str(number[KEYS[1]]))
    assert replayed.code == 0
    assert states(ledger, KEYS[0]) == states(ledger, KEYS[1]) == ["pending", "pending"]
    third = str(number[KEYS[2]])
    assert waybill.within("dead-letters", "drop", third).code == 2, "a reason is asked for"
    assert waybill.within("dead-letters", "drop", third, "--reason", "the client left").code == 0
    assert states(ledger, KEYS[2]) == ["withdrawn", "withdrawn"]

    assert numbers(waybill) == {}
    assert "Nothing is dead-lettered." in waybill.within("dead-letters", "list").out
    told = waybill.within("dead-letters", "show", third, "--json").json()
    assert told["state"] == f"dropped by {getpass.getuser()}: the client left"
    assert waybill.within("status", "--json").json()["dead_letters"] == 0


def test_a_number_that_is_unknown_or_closed_is_told_and_nothing_is_done(waybill: Waybill, ledger: Engine) -> None:
    assert "waybill dead-letters list" in waybill.within("dead-letters", "show", "999").refused()
    (closed,) = sql(ledger, "SELECT min(id) FROM waybill.dead_letters WHERE replayed_at IS NOT NULL")[0]
    assert "replayed by" in waybill.within("dead-letters", "replay", str(closed)).refused()
