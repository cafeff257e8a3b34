"""`waybill tasks`, `task`, `approve`, `reject`, `events`, `alerts`, `dead-letters`: the desk on a terminal."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from assets.partitions import TASKS
from orchestration.session import open_session
from orchestration.settings import load_settings
from resources.domain.tasks import TaskState
from tests.acceptance.waybill_process import Addresses, Waybill
from tests.sessions import run, unchanged_environment, write

pytestmark = pytest.mark.slow

CLIENT: Final = "acme"
PROGRAM: Final = """
import json, sys
task = json.load(open(sys.argv[1]))
print('I was told:', task['feedback'])
open('letter.md', 'w').write(f"{task['name']}, version {task['version']}")
json.dump({'summary': 'One letter.', 'files': [{'name': 'letter.md', 'path': 'letter.md',
           'media_type': 'text/markdown'}]}, open(sys.argv[2], 'w'))
"""
TOML: Final = f"""
[task_types.letter]
kind = "command"
[task_types.letter.settings]
program = {json.dumps([sys.executable, "-I", "-S", "-c", PROGRAM, "{task}", "{result}"])}
[task_types.broken]
kind = "command"
[task_types.broken.settings]
program = ["/nowhere/letters"]
"""


@pytest.fixture(scope="module")
def waybill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waybill]:
    folder = tmp_path_factory.mktemp("desk")
    (folder / "waybill.toml").write_text(TOML)
    made = Waybill(folder / "home", {"WAYBILL_CONFIG": str(folder / "waybill.toml")})
    yield made
    made.kill_all()


@pytest.fixture(scope="module")
def at(waybill: Waybill, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """The servers, held for all of these tests, with a known client."""
    site = write(tmp_path_factory.mktemp("sites") / "site", one="The Leeds store opens on 16 May 2026.")
    with waybill.held() as addresses:
        assert waybill.within("ingest", site, "--client", CLIENT).code == 0
        yield addresses


def add(waybill: Waybill, name: str, type_: str = "letter", *more: str) -> str:
    added = waybill.within("task", "add", name, "--type", type_, "--client", CLIENT, *more, "--json")
    assert added.code == 0, added
    return str(added.json()["id"])


@pytest.fixture(scope="module")
def tried(waybill: Waybill, at: Addresses) -> str:
    """A task that nobody works on."""
    return add(waybill, "A letter to be tried")


def show(waybill: Waybill, task: str) -> Any:
    return waybill.within("task", "show", task, "--json").json()


def work(waybill: Waybill, task: str) -> bool:
    """One run for the task, as from the web pages; whether it succeeded."""
    settings = load_settings(home=waybill.home, config=Path(waybill.settings["WAYBILL_CONFIG"]))
    with unchanged_environment(), open_session(settings) as session:
        session.instance.add_dynamic_partitions(str(TASKS.name), [task])
        return run(session, "run_command", task).success


def test_a_local_task_is_added_cancelled_and_begun_anew_with_its_history(waybill: Waybill, at: Addresses) -> None:
    task = add(waybill, "A spring letter", "letter", "--due", "2031-05-16T12:00+02:00")
    waiting = waybill.within("tasks", "--waiting", "--json").json()["tasks"]
    assert [each["id"] for each in waiting] == [task]
    assert waiting[0]["reason"].startswith("it is due on 2031-05-16, beyond the window"), waiting
    assert waiting[0]["due_at"] == "2031-05-16 10:00:00+00:00"

    assert "--reason" in (unsaid := waybill.within("task", "cancel", task)).said
    assert unsaid.code == 2
    assert waybill.within("task", "cancel", task, "--reason", "not wanted", "--by", "Ben").out == (
        f"{task} is cancelled: not wanted\n"
    )
    again = waybill.within("task", "cancel", task, "--reason", "twice").refused()
    assert f"task {task}, which is cancelled" in again
    assert "one of the events reopen" in again
    assert waybill.within("task", "reopen", task, "--reason", "wanted after all").out == f"{task} is ready.\n"

    shown = show(waybill, task)
    assert (shown["state"], shown["feedback"], shown["round"]) == ("ready", "wanted after all", 2)
    told = [(e["version"], e["from_state"], e["to_state"], e["event"]) for e in shown["events"]]
    assert told == [
        (1, None, "waiting", "see"),
        (2, "waiting", "cancelled", "cancel"),
        (3, "cancelled", "ready", "reopen"),
    ]
    assert (shown["events"][1]["actor"], shown["events"][1]["reason"]) == ("Ben", "not wanted")
    assert all(each["actor"] and each["reason"] for each in shown["events"])
    page = waybill.within("task", "show", task).out
    assert all(word in page for word in ("A spring letter", "not wanted", "wanted after all", "not in ClickUp"))


def test_AP_5_the_log_of_all_tasks_is_searched_and_paged(waybill: Waybill, at: Addresses) -> None:
    task = add(waybill, "A searched letter")
    for reason in ("the zeppelin is late", "the zeppelin came"):
        assert waybill.within("task", "cancel", task, "--reason", reason).code == 0
        assert waybill.within("task", "reopen", task, "--reason", "again").code == 0

    def found(*options: str) -> list[Any]:
        events: list[Any] = waybill.within("events", *options, "--json").json()["events"]
        return events

    assert [each["reason"] for each in found("--search", "zeppelin")] == ["the zeppelin came", "the zeppelin is late"]
    assert [each["event"] for each in found("--task", task, "--search", "zeppelin late")] == ["cancel"]
    paged, before = [], []
    while page := found("--task", task, "--limit", "2", *before):
        assert len(page) <= 2
        paged += page
        before = ["--before", str(page[-1]["id"])]
    assert [each["version"] for each in paged] == [5, 4, 3, 2, 1]
    assert "the zeppelin came" in waybill.within("events", "--limit", "2").out
    assert found("--search", "submarine") == []


@pytest.mark.parametrize(
    "command",
    [
        ("task", "show"), ("task", "cancel", "--reason", "x"), ("task", "reopen", "--reason", "x"), ("task", "retry"),
        ("task", "fetch", "--into", "/nowhere"), ("approve",), ("reject", "--reason", "x"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_an_unknown_task_is_named(waybill: Waybill, at: Addresses, command: tuple[str, ...]) -> None:
    said = waybill.within(*command, "86nothing").refused()
    assert "task 86nothing" in said
    assert "`waybill tasks` lists them" in said


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ('program=["/bin/rm"]', ("program", "fixed in waybill.toml")),
        ("environment={}", ("environment", "fixed in waybill.toml")),
        ("hits=12", ("hits", "Extra inputs are not permitted")),
        ("deadline_s=0", ("deadline_s", "greater than 0")),
        ("output_bytes=many", ("output_bytes", "valid integer")),
        ("attempt_deadline_s=soon", ("attempt_deadline_s", "valid number")),
        ("attempt_deadline_s=1e9", ("attempt_deadline_s", "less than or equal to 86400")),
        ("deadline_s", ("deadline_s", "key=value")),
    ],
)
def test_a_wrong_setting_is_named_and_changes_nothing(
    waybill: Waybill, at: Addresses, tried: str, setting: str, words: tuple[str, ...]
) -> None:
    said = waybill.within("task", "retry", tried, "--set", setting).refused()
    assert all(word in said for word in words), said
    assert at.sql("SELECT state, version, overrides FROM waybill.tasks WHERE id = %s", tried) == [("ready", 1, {})]


def test_what_is_no_date_no_state_and_no_type_is_said(waybill: Waybill, at: Addresses) -> None:
    unread = waybill.within("task", "add", "x", "--type", "letter", "--client", CLIENT, "--due", "tomorrow").refused()
    assert "'tomorrow'" in unread
    assert "2026-12-01T12:00+01:00" in unread
    unknown = waybill.within("tasks", "--state", "asleep")
    assert unknown.code == 2
    assert all(state.value in unknown.said for state in TaskState), unknown.said
    assert [each["state"] for each in waybill.within("tasks", "--state", "waiting", "--json").json()["tasks"]] == []
    waits = waybill.within("task", "add", "x", "--type", "poem", "--client", "nobody").out
    assert "is waiting: its type 'poem' is unknown; known are broken, knowledge_note, letter" in waits


def test_a_version_is_fetched_sent_back_and_approved_and_the_review_is_kept(
    waybill: Waybill, at: Addresses, tmp_path: Path
) -> None:
    task = add(waybill, "A letter for review")
    early = waybill.within("approve", task).refused()
    assert "which is ready" in early
    assert work(waybill, task)
    assert waybill.within("task", "retry", task).refused().count("which is in_review") == 1
    assert waybill.within("reject", task, "--reason", "warmer, please", "--by", "Anna").out == f"{task} is ready.\n"
    assert work(waybill, task)
    assert waybill.within("approve", task, "--by", "Ben").out == f"{task} is delivered.\n"

    shown = show(waybill, task)
    assert [
        (review["version"], review["decision"], review["reviewer"], review["reason"]) for review in shown["reviews"]
    ] == [
        (1, "changes_requested", "Anna", "warmer, please"),
        (2, "approved", "Ben", "approved"),
    ]
    assert [version["number"] for version in shown["versions"]] == [1, 2]
    assert [attempt["outcome"] for attempt in shown["attempts"]] == ["delivered", "delivered"]
    page = waybill.within("task", "show", task).out
    assert "stdout.txt" in page, "what the programs said is named"

    copied = waybill.within("task", "fetch", task, "--into", tmp_path / "made").out.splitlines()
    assert [Path(path).name for path in copied] == ["letter.md"]
    assert Path(copied[0]).read_text() == "A letter for review, version 2"
    printed = waybill.within("task", "fetch", task, "--into", tmp_path / "said", "--outputs").out.splitlines()
    assert [Path(path).name for path in printed] == ["attempt-1-stdout.txt", "attempt-2-stdout.txt"]
    assert Path(printed[1]).read_text() == "I was told: warmer, please\n"


def test_CB_8_a_task_that_fails_says_why_alerts_and_is_tried_again(waybill: Waybill, at: Addresses) -> None:
    task = add(waybill, "A broken letter", "broken")
    assert not work(waybill, task)

    (failed,) = waybill.within("tasks", "--state", "failed", "--json").json()["tasks"]
    assert failed["id"] == task
    assert "/nowhere/letters" in failed["reason"]
    (alert,) = waybill.within("alerts", "--json").json()["alerts"]
    assert (alert["kind"], alert["task_id"]) == ("task failed", task)
    assert "A broken letter" in waybill.within("alerts").out
    assert waybill.within("task", "retry", task, "--set", "deadline_s=7").out == f"{task} is ready.\n"
    shown = show(waybill, task)
    assert (shown["overrides"], shown["attempts_left"]) == ({"deadline_s": 7}, 3)


def test_AP_1_dead_letters_are_listed_shown_replayed_and_dropped(waybill: Waybill, at: Addresses) -> None:
    task = add(waybill, "A letter nobody could send")
    first, second = (dead_letter(at, task, number) for number in (1, 2))

    listed = waybill.within("dead-letters", "list", "--json").json()
    assert (listed["counts"], [each["id"] for each in listed["dead_letters"]]) == ({"outbox": 2}, [first, second])
    assert "ClickUp said no" in waybill.within("dead-letters", "list").out
    shown = waybill.within("dead-letters", "show", str(first), "--json").json()
    assert (shown["request"]["payload"], shown["state"]) == ({"text": "words 1"}, "open")

    assert "dead letter 999" in waybill.within("dead-letters", "replay", str(first), "999").refused()
    assert waybill.within("dead-letters", "show", str(first), "--json").json()["state"] == "open", "all or none"
    assert waybill.within("dead-letters", "replay", str(first)).out == f"Replayed {first}.\n"
    assert at.sql("SELECT state, attempts FROM waybill.outbox WHERE key = 'comment 1'") == [("pending", 0)]
    assert "replayed by" in waybill.within("dead-letters", "replay", str(first)).refused()
    assert waybill.within("dead-letters", "drop", str(second), "--reason", " ").code == 2
    assert waybill.within("dead-letters", "drop", str(second), "--reason", "said by phone").code == 0
    assert at.sql("SELECT state FROM waybill.outbox WHERE key = 'comment 2'") == [("withdrawn",)]
    assert "said by phone" in waybill.within("dead-letters", "show", str(second)).out
    assert waybill.within("dead-letters", "list").out == "Nothing is dead-lettered.\n"


def dead_letter(at: Addresses, task: str, number: int) -> int:
    """The number of a dead letter: a comment that was given up."""
    ((row,),) = at.sql(
        "INSERT INTO waybill.outbox (key, lane, kind, task_id, payload, state, attempts)"
        " VALUES (%s, %s, 'comment', %s, '{}', 'dead', 20) RETURNING id", f"comment {number}", task, task,
    )  # fmt: skip
    request = json.dumps({"kind": "comment", "task": task, "payload": {"text": f"words {number}"}})
    ((letter,),) = at.sql(
        "INSERT INTO waybill.dead_letters (stage, subject, request, error, attempts)"
        " VALUES ('outbox', %s, %s, 'ClickUp said no', 20) RETURNING id", str(row), request,
    )  # fmt: skip
    return int(letter)
