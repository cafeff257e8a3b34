"""Any order of asking, taking, ending, expiring, replaying, dropping and withdrawing, beside a model of a few lines.

The model knows of each effect what a person would want to be true: how often its bytes left, whether it is there, and
who may act on it. The world outside may do the effect or not when bytes left; only a look can tell.
"""

from dataclasses import dataclass
from itertools import count
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine

from resources.ledger import dead_letters, outbox, outcomes
from resources.ledger.outbox import Effect, Row
from resources.ledger.outcomes import Dead, Retry, Sent, Superseded, Unclear
from tests.resources.ledger.making import sql
from tests.resources.ledger.outbox_making import KINDS, MINUTE, NOW

LANES = ("t1", "t2")
ENDED = ("sent", "withdrawn", "dead", "held")


@dataclass
class Thing:
    """What is known of one effect: its place, whether it is there, and whether somebody may have sent it unseen."""

    lane: str
    set_key: str | None
    number: int
    state: str = "pending"
    there: int = 0
    unclear: bool = False
    closed: bool = False


@dataclass
class Held:
    """A row in some drainer's hands. ``sent``: its bytes left."""

    row: Row
    process: str
    sent: bool = False


class Outbox(RuleBasedStateMachine):
    ledger: ClassVar[Engine]

    def __init__(self) -> None:
        super().__init__()
        sql(self.ledger, "RESET ROLE; TRUNCATE waybill.outbox, waybill.alerts, waybill.dead_letters")
        self.things: dict[str, Thing] = {}
        self.hands: list[Held] = []
        self.sets, self.numbers = count(), count()

    # What the ledger asks for.

    @rule(lane=st.sampled_from(LANES), size=st.sampled_from([2, 1, 3]), as_set=st.sampled_from([True, True, False]))
    def enqueue(self, lane: str, size: int, as_set: bool) -> None:
        set_key = f"set{next(self.sets)}" if as_set else None
        effects = []
        for _ in range(size):
            number = next(self.numbers)
            effects.append(Effect(f"k{number}", lane, "comment", {}, set_key, lane))
            self.things[f"k{number}"] = Thing(lane, set_key, number)
        with self.ledger.begin() as connection:
            assert outbox.enqueue(connection, effects) == size
            assert outbox.enqueue(connection, effects) == 0

    @rule(lane=st.sampled_from(LANES))
    def withdraw(self, lane: str) -> None:
        with self.ledger.begin() as connection:
            outbox.withdraw(connection, lane, reason="cancelled")
        begun = {each.set_key for each in self.things.values() if each.state in ("sent", "sending") or each.unclear}
        for each in self.things.values():
            if each.lane == lane and each.state == "pending" and each.set_key is not None and each.set_key not in begun:
                each.state = "withdrawn"

    # What a drainer does.

    @rule(process=st.sampled_from(["p1", "p2"]), at_most=st.integers(1, 4))
    def taken(self, process: str, at_most: int) -> None:
        self.take(process, at_most)

    def take(self, process: str, at_most: int) -> None:
        with self.ledger.begin() as connection:
            owner = f"o{next(self.numbers)}"
            rows = outbox.take(connection, owner=owner, process=process, at_most=at_most, lease=MINUTE, kinds=KINDS)
        first = {}
        for each in sorted(self.things.values(), key=lambda each: each.number):
            if each.state in ("pending", "sending"):
                first.setdefault(each.lane, each)
        due = [each for each in first.values() if each.state == "pending"]
        assert len(rows) == min(at_most, len(due))
        for row in rows:
            thing = self.things[row.key]
            assert thing in due, "in the order of its lane, and one at a time"
            assert (row.unclear_for is not None) == thing.unclear, "whoever takes it knows that it may be there"
            thing.state = "sending"
            self.hands.append(Held(row, process))

    @precondition(lambda self: self.hands)
    @rule(data=st.data(), done=st.booleans())
    def send(self, data: st.DataObject, done: bool) -> None:
        """As `carry_out`: look first where it may be there; only then do bytes leave."""
        hand = data.draw(st.sampled_from(self.hands))
        thing = self.things[hand.row.key]
        if hand.sent or not self.owns(hand):
            return
        if hand.row.unclear_for is not None and thing.there:
            return  # the look found it
        hand.sent = True
        if done:
            thing.there += 1

    @precondition(lambda self: self.hands)
    @rule(data=st.data(), end=st.sampled_from(["dead", "retry", "superseded"]))
    def end(self, data: st.DataObject, end: str) -> None:
        """What it says is what it knows: done when it is there, unclear when bytes left, else one of the others."""
        hand = data.draw(st.sampled_from(self.hands))
        self.hands.remove(hand)
        row, thing, mine = hand.row, self.things[hand.row.key], self.owns(hand)
        looked = row.unclear_for is not None and not hand.sent
        if thing.there and (looked or data.draw(st.booleans())):
            outcome, state = Sent(row), "sent"
        elif hand.sent:
            outcome, state = Unclear(row, NOW, "no answer"), "pending"
        else:
            outcome, state = {
                "retry": (Retry(row, NOW, "busy"), "pending"),
                "superseded": (Superseded(row, {}), "withdrawn"),
                "dead": (Dead(row, "refused"), "dead"),
            }[end]
        with self.ledger.begin() as connection:
            assert outcomes.record(connection, [outcome]) == mine, "only its owner records"
        if not mine:
            return
        thing.state = state
        thing.unclear |= isinstance(outcome, Unclear)
        if state == "dead":
            thing.closed = False
            for each in self.behind(thing, "pending"):
                each.state = "held"

    @precondition(lambda self: self.stale())
    @rule(data=st.data())
    def end_too_late(self, data: st.DataObject) -> None:
        """Whoever was silent too long may say what it will: nothing of it is written."""
        row = data.draw(st.sampled_from(self.stale())).row
        late = [Sent(row), Superseded(row, {}), Retry(row, NOW, "e"), Unclear(row, NOW, "e"), Dead(row, "e")]
        with self.ledger.begin() as connection:
            assert [outcomes.record(connection, [each]) for each in late] == [0] * len(late)

    @precondition(lambda self: self.hands)
    @rule(data=st.data(), retaken=st.booleans())
    def expire(self, data: st.DataObject, retaken: bool) -> None:
        """A drainer is silent for a lease; another one takes over. Its hands still hold the rows, for nothing."""
        process = data.draw(st.sampled_from(self.hands)).process
        with self.ledger.begin() as connection:
            outbox.extend(connection, process=process, lease=-MINUTE)
            outbox.release_expired(connection, process="other")
        for hand in self.hands:
            if hand.process == process and self.things[hand.row.key].state == "sending" and self.latest(hand):
                thing = self.things[hand.row.key]
                thing.state, thing.unclear = "pending", True
        if retaken:
            self.take("p3", 4)

    # What a person does.

    @precondition(lambda self: self.open_letters())
    @rule(data=st.data(), drop=st.booleans())
    def close(self, data: st.DataObject, drop: bool) -> None:
        key = data.draw(st.sampled_from(self.open_letters()))
        thing = self.things[key]
        with self.ledger.begin() as connection:
            (letter,) = [one for one in dead_letters.list_open(connection) if one.request["key"] == key]
            if drop:
                dead_letters.drop(connection, letter.id, "ann", "enough")
            else:
                dead_letters.replay(connection, letter.id, "ann")
        thing.closed = True
        thing.state = "withdrawn" if drop else "pending"
        for each in self.behind(thing, "held"):
            each.state = thing.state

    # What is always true.

    @invariant()
    def nothing_is_lost_and_all_is_as_the_model_says(self) -> None:
        assert dict(sql(self.ledger, "SELECT key, state FROM waybill.outbox")) == {
            key: each.state for key, each in self.things.items()
        }

    @invariant()
    def nothing_is_doubled(self) -> None:
        assert all(each.there <= 1 for each in self.things.values())

    @invariant()
    def what_is_sent_is_there(self) -> None:
        assert all(each.there for each in self.things.values() if each.state == "sent")

    @invariant()
    def each_dead_one_has_its_letter(self) -> None:
        letters = {key for (key,) in sql(
            self.ledger,
            "SELECT request ->> 'key' FROM waybill.dead_letters WHERE replayed_at IS NULL AND dropped_at IS NULL",
        )}  # fmt: skip
        assert letters == {key for key, each in self.things.items() if each.state == "dead"}

    def teardown(self) -> None:
        """Given an honest drainer and a person, every effect comes to an end."""
        self.hands.clear()
        for process in ("p1", "p2", "p3"):
            with self.ledger.begin() as connection:
                outbox.extend(connection, process=process, lease=-MINUTE)
                outbox.release_expired(connection, process="other")
        for _ in range(len(self.things) + 1):
            with self.ledger.begin() as connection:
                rows = outbox.take(
                    connection, owner=f"o{next(self.numbers)}", process="p", at_most=99, lease=MINUTE, kinds=KINDS
                )
                for row in rows:
                    thing = self.things[row.key]
                    thing.there = thing.there if row.unclear_for is not None and thing.there else thing.there + 1
                outcomes.record(connection, [Sent(row) for row in rows])
        assert {state for (state,) in sql(self.ledger, "SELECT DISTINCT state FROM waybill.outbox")} <= set(ENDED)
        self.nothing_is_doubled()

    def owns(self, hand: Held) -> bool:
        owner = sql(self.ledger, "SELECT owner FROM waybill.outbox WHERE id = :id", id=hand.row.id)
        return owner == [(hand.row.owner,)]

    def stale(self) -> list[Held]:
        return [each for each in self.hands if not self.latest(each) and self.things[each.row.key].state == "sending"]

    def latest(self, hand: Held) -> bool:
        return [each for each in self.hands if each.row.id == hand.row.id][-1] is hand

    def behind(self, thing: Thing, state: str) -> list[Thing]:
        return [
            each
            for each in self.things.values()
            if thing.set_key is not None
            and each.set_key == thing.set_key
            and each.number > thing.number
            and each.state == state
        ]

    def open_letters(self) -> list[str]:
        return [key for key, each in self.things.items() if each.state == "dead"]


def test_whatever_happens_nothing_is_doubled_lost_or_out_of_order_CB_3_CB_5(ledger: Engine) -> None:
    Outbox.ledger = ledger
    for lane in LANES:
        sql(
            ledger,
            "WITH said AS (SELECT set_config('waybill.actor', 'a', true), set_config('waybill.reason', 'r', true),"
            " set_config('waybill.event', 'seen', true))"
            " INSERT INTO waybill.tasks (id, origin, name, state) SELECT :id, 'clickup', 'n', 'ready' FROM said",
            id=lane,
        )
    run_state_machine_as_test(
        Outbox,
        settings=settings(
            max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    assert sql(ledger, "SELECT count(*) FROM waybill.outbox WHERE state IN ('pending', 'sending')") == [(0,)]
