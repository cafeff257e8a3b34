"""A writer that costs money: nothing is asked twice, bad answers are refused by name, no false claim goes out."""

from collections import Counter
from pathlib import Path

import pytest

from orchestration.session import Session
from resources.domain.tasks import Act, TaskEvent, TaskId
from resources.ledger import claims
from resources.work.review import decide
from tests.assets.desk import EXAMPLES, Desk, error_of
from tests.assets.killed_run import killed_at
from tests.assets.releases import CONFIGURATION, ordered, release_text
from tests.sessions import ingested, sql
from tests.writer.faulty import Fault
from tests.writer.scripted import Script, ScriptedWriter, inputs

FOREVER = 50
BOUNDARIES = ["headlined", "chosen", "written", "revision", "record", "make_files", "publish"]
"""Functions that begin what lies between two steps of the work."""


@pytest.fixture
def source(session: Session) -> Session:
    ingested(session, EXAMPLES)
    return session


def desk_with(session: Session, script: Script) -> Desk:
    return Desk(session, CONFIGURATION, writer=ScriptedWriter(script))


def test_cp1_what_failed_goes_on_where_it_broke_off_and_asks_for_nothing_twice(source: Session, tmp_path: Path) -> None:
    script = Script(asked=tmp_path / "asked", unavailable={"headlines": 1, "judge": 1, "draft": 1})
    desk = desk_with(source, script)
    task = ordered(desk)
    assert [desk.run("press_release", task).success for _ in range(3)] == [False, False, False]
    assert desk.stands(task)["state"] == "failed"
    _reopened(desk, task)
    result = desk.run("press_release", task)
    assert result.success, error_of(result)
    asked = Counter(inputs(script.asked))
    twice = sorted(name for (name, _), times in asked.items() if times > 1)
    assert twice == ["draft", "headlines", "judge"], "once in vain, and once; no answer is paid for twice"
    assert set(asked.values()) == {1, 2}


@pytest.mark.parametrize(
    ("call", "fault", "said"),
    [
        ("headlines", Fault.WRONG_NUMBER, "headlines"),
        ("headlines", Fault.DUPLICATE_HEADLINES, "no two alike"),
        ("judge", Fault.PICK_OUT_OF_RANGE, "places from 0 to 6"),
        ("draft", Fault.UNKNOWN_FACT, "facts of the brief only"),
    ],
)
def test_ap9_a_bad_answer_is_refused_by_name_and_the_next_attempt_asks_again(
    source: Session, tmp_path: Path, call: str, fault: Fault, said: str
) -> None:
    desk = desk_with(source, Script(asked=tmp_path / "asked", faults={call: [fault]}))
    task = ordered(desk)
    result = desk.run("press_release", task)
    assert not result.success
    assert said in error_of(result)
    assert desk.stands(task)["state"] == "ready"
    assert desk.run("press_release", task).success


@pytest.mark.parametrize("fault", [Fault.INVENTED_QUOTE, Fault.NUMBER_OFF_BY_ONE])
def test_a_claim_that_no_source_has_blocks_the_publication_and_is_shown(
    source: Session, tmp_path: Path, fault: Fault
) -> None:
    faults = {"draft": [fault] * FOREVER, "revise": [fault] * FOREVER}
    desk = desk_with(source, Script(asked=tmp_path / "asked", faults=faults))
    task = ordered(desk)
    result = desk.run("press_release", task)
    assert not result.success
    stands = desk.stands(task)
    assert stands["state"] == "failed", "asking again would pay for the same"
    assert "things that block them" in stands["reason"]
    (check,) = [event for event in result.all_events if event.event_type_value == "ASSET_CHECK_EVALUATION"]
    evaluation = check.asset_check_evaluation_data
    assert not evaluation.passed
    assert int(str(evaluation.metadata["wrong"].value)) >= 1
    assert [each for each in desk.versions(task) if each.stage == "whole"] == []
    assert desk.versions(task), "what was written is kept as a version"
    assert sql(source, "SELECT count(*) FROM waybill.outbox WHERE kind = 'attachment'") == [(0,)]
    alerted = sql(source, "SELECT body FROM waybill.alerts WHERE task_id = :id", id=task)
    assert "block" in alerted[0][0]


def test_cp4_every_round_is_a_version_and_the_last_one_is_whole(source: Session, tmp_path: Path) -> None:
    desk = desk_with(source, Script(asked=tmp_path / "asked", faults={"draft": [Fault.BANNED_WORD] * 2}))
    task = ordered(desk)
    result = desk.run("press_release", task)
    assert result.success, error_of(result)
    *rounds, last = desk.versions(task)
    assert {each.stage for each in rounds} == {"round"}
    assert last.stage == "whole"
    assert [each.number for each in desk.versions(task)] == list(range(1, len(rounds) + 2))
    first = desk.content(desk.files(rounds[0])["release-1.md"]).decode()
    assert "revolutionary" in first.lower()
    assert "revolutionary" not in release_text(desk, task).lower()


def test_cb5_killed_between_any_two_steps_it_ends_in_the_same_and_nothing_is_paid_or_attached_twice(
    source: Session, tmp_path: Path
) -> None:
    undisturbed = desk_with(source, Script(asked=tmp_path / "undisturbed"))
    whole = ordered(undisturbed)
    assert undisturbed.run("press_release", whole).success
    expected = [release_text(undisturbed, whole, place).replace(whole, "TASK") for place in (1, 2)]
    for boundary in BOUNDARIES:
        script = Script(asked=tmp_path / boundary)
        desk = desk_with(source, script)
        task = ordered(desk)
        sql(source, "UPDATE waybill.tasks SET origin = 'clickup' WHERE id = :id", id=task)
        killed_at(source, script.write(tmp_path / f"{boundary}.json"), "press_release", task, boundary)
        result = desk.run("press_release", task)
        assert result.success, f"{boundary}: {error_of(result)}"
        assert [release_text(desk, task, place).replace(task, "TASK") for place in (1, 2)] == expected, boundary
        assert [each.stage for each in desk.versions(task)].count("whole") == 1, boundary
        twice = [pair for pair, times in Counter(inputs(script.asked)).items() if times > 1]
        assert not twice, boundary
        sent = sql(source, "SELECT kind, count(*) FROM waybill.outbox WHERE task_id = :id GROUP BY kind", id=task)
        assert dict(sent)["attachment"] == 6, boundary
        assert dict(sent)["comment"] == 1, boundary


def _reopened(desk: Desk, task: TaskId) -> None:
    with desk.session.ledger.engine.begin() as connection:
        found, _ = claims.look(connection, task)
        decide(connection, desk.configuration, found, TaskEvent.REOPEN, Act("Anna", "once more"), feedback=None)
