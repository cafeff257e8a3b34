"""The stand-in's webhooks: what they say, how they are signed, and what becomes of an event that nobody takes."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.clickup_server.contract import differences, needs_shared, sample
from tests.clickup_server.host import ClickUpHost, clickup_host
from tests.clickup_server.receiver import Receiver, webhook_receiver
from tests.waiting import wait_until

FIRST_USER = 183
STATUS_EVENTS = ["taskStatusUpdated", "taskUpdated"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickUpHost]:
    options = {"webhook_timeout_s": 0.3, "webhook_pause_s": 0.02}
    with clickup_host(tmp_path_factory.mktemp("clickup"), **options) as host:
        yield host


@pytest.fixture
def host(running: ClickUpHost) -> Iterator[ClickUpHost]:
    """Without webhooks of other tests."""
    yield running
    running.add_webhook_faults()
    with running.api() as api:
        for hook in hooks(running, api):
            api.delete(f"/webhook/{hook['id']}")


@pytest.fixture
def api(host: ClickUpHost) -> Iterator[httpx.Client]:
    with host.api() as client:
        yield client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as receiver:
        yield receiver


def hooks(host: ClickUpHost, api: httpx.Client) -> list[dict]:
    return api.get(f"/team/{host.team}/webhook").json()["webhooks"]


def register(host: ClickUpHost, api: httpx.Client, receiver: Receiver, *events: str, **where: object) -> dict:
    body = {"endpoint": receiver.url, "events": list(events) or ["*"], **where}
    return api.post(f"/team/{host.team}/webhook", json=body).raise_for_status().json()["webhook"]


def settled(host: ClickUpHost, hook: dict) -> list[dict]:
    """The deliveries of a webhook, once none is pending."""

    def mine() -> list[dict]:
        return [one for one in host.webhook_deliveries() if one["webhook_id"] == hook["id"]]

    wait_until(lambda: all(one["outcome"] != "pending" for one in mine()), what="the end of all deliveries")
    return mine()


def received(receiver: Receiver, count: int) -> list[dict]:
    wait_until(lambda: len(receiver.got) >= count, what=f"{count} events")
    return [one.told for one in receiver.got]


def test_every_event_is_signed_over_its_bytes(host: ClickUpHost, api: httpx.Client, receiver: Receiver) -> None:
    hook = register(host, api, receiver)
    host.say(host.create_task("Grüße"), "Zürich \u2028 \U0001f6b2")
    received(receiver, 4)
    for got in receiver.got:
        assert got.signature == hmac.new(hook["secret"].encode(), got.body, hashlib.sha256).hexdigest()
        assert got.told["webhook_id"] == hook["id"]


def test_events_come_in_order_and_pairs_share_their_item(
    host: ClickUpHost, api: httpx.Client, receiver: Receiver
) -> None:
    register(host, api, receiver)
    task = host.create_task("In order")
    host.move(task, "in progress")
    host.say(task, "Words")
    host.edit(task, name="Renamed")
    host.delete(task)
    told = received(receiver, 8)
    assert [one["event"] for one in told] == [
        "taskCreated",
        *STATUS_EVENTS[:1],
        *STATUS_EVENTS,
        "taskCommentPosted",
        "taskUpdated",
        "taskUpdated",
        "taskDeleted",
    ]
    ids = [one["history_items"][0]["id"] for one in told[:-1]]
    assert ids[0] == ids[1] != ids[2] == ids[3] != ids[4] == ids[5]
    assert "history_items" not in told[-1]


CHANGES: dict[str, Callable[[ClickUpHost, str], object]] = {
    "webhook_taskStatusUpdated": lambda host, task: host.move(task, "in progress"),
    "webhook_taskUpdated__status_pair": lambda host, task: host.move(task, "in progress"),
    "webhook_taskPriorityUpdated": lambda host, task: host.edit(task, priority=2),
    "webhook_taskDueDateUpdated": lambda host, task: host.edit(task, due_at_ms=1_790_000_000_000),
    "webhook_taskUpdated__due_date_pair": lambda host, task: host.edit(task, due_at_ms=1_790_000_000_000),
    "webhook_taskAssigneeUpdated": lambda host, task: host.edit(task, assignees={"add": [FIRST_USER]}),
    "webhook_taskTagUpdated": lambda host, task: host.edit(task, tags=["def"]),
    "webhook_taskMoved": lambda host, task: host.edit(task, list_id=host.add_list("Other")),
    "webhook_taskCommentPosted": lambda host, task: host.say(task, "comment abc1234"),
    "webhook_taskUpdated__comment_pair": lambda host, task: host.say(task, "comment abc1234"),
    "webhook_taskUpdated__content": lambda host, task: host.edit(task, description="Words"),
    "webhook_taskUpdated__custom_field": lambda host, task: host.edit(task, fields={"Client": "acme-outdoor"}),
    "webhook_taskCreated": lambda host, _: host.create_task("Another"),
    "webhook_taskStatusUpdated__on_create": lambda host, _: host.create_task("Another"),
    "webhook_taskDeleted": lambda host, task: host.delete(task),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_event_has_the_keys_and_types_of_its_sample(
    host: ClickUpHost, api: httpx.Client, receiver: Receiver, name: str
) -> None:
    needs_shared()
    wanted = sample(name)
    assert isinstance(wanted, dict)
    task = host.create_task("Sampled")
    hook = register(host, api, receiver, wanted["event"])
    CHANGES[name](host, task)
    (told,) = [json.loads(one["body"]) for one in settled(host, hook)]
    assert told["event"] == wanted["event"]
    assert list(differences(wanted, told)) == []
    assert [item["field"] for item in told.get("history_items", [])] == [
        item["field"] for item in wanted.get("history_items", [])
    ]


def test_an_assignment_tells_who(host: ClickUpHost, api: httpx.Client, receiver: Receiver) -> None:
    task = host.create_task("Assigned")
    register(host, api, receiver, "taskAssigneeUpdated")
    owner = api.get("/user").json()["user"]["id"]
    api.put(f"/task/{task}", json={"assignees": {"add": [owner], "rem": []}})
    (told,) = received(receiver, 1)
    (item,) = told["history_items"]
    assert (item["field"], item["after"]["id"]) == ("assignee_add", owner)


def test_a_file_and_an_edit_that_changes_nothing_fire_nothing(
    host: ClickUpHost, api: httpx.Client, receiver: Receiver
) -> None:
    task = host.create_task("Quiet")
    hook = register(host, api, receiver)
    api.post(f"/task/{task}/attachment", files={"attachment": ("a.txt", b"text")})
    host.edit(task, name="Quiet", status="to do", description="")
    host.create_many(3)
    assert settled(host, hook) == []


def test_a_webhook_hears_what_it_asked_for_where_it_asked(
    host: ClickUpHost, api: httpx.Client, receiver: Receiver
) -> None:
    other = host.add_list("Of this webhook")
    hook = register(host, api, receiver, "taskStatusUpdated", list_id=int(other))
    host.move(host.create_task("Elsewhere"), "in progress")
    task = host.create_task("Here", list_id=other)
    assert [(one["event"], one["task_id"]) for one in settled(host, hook)] == [("taskStatusUpdated", task)]


def test_the_same_webhook_twice_is_refused_and_a_deleted_one_is_silent(
    host: ClickUpHost, api: httpx.Client, receiver: Receiver
) -> None:
    hook = register(host, api, receiver)
    again = api.post(f"/team/{host.team}/webhook", json={"endpoint": receiver.url, "events": ["taskCreated"]})
    assert (again.status_code, again.json()["ECODE"]) == (400, "OAUTH_171")
    api.delete(f"/webhook/{hook['id']}")
    host.create_task("Unheard")
    assert settled(host, hook) == []
    assert api.delete(f"/webhook/{hook['id']}").status_code == 404


def test_a_refused_event_is_tried_again_until_it_is_taken(
    host: ClickUpHost, api: httpx.Client, receiver: Receiver
) -> None:
    hook = register(host, api, receiver, "taskDeleted")
    receiver.statuses.extend([500, 404, 302, 503])
    host.delete(host.create_task("Stubborn"))
    (delivery,) = settled(host, hook)
    assert [one["status"] for one in delivery["attempts"]] == [500, 404, 302, 503, 200]
    assert delivery["outcome"] == "delivered"
    assert len({got.body for got in receiver.got}) == 1
    assert hooks(host, api)[0]["health"] == {"status": "active", "fail_count": 0}


def test_after_five_attempts_an_event_never_comes_again(
    host: ClickUpHost, api: httpx.Client, receiver: Receiver
) -> None:
    hook = register(host, api, receiver, "taskDeleted")
    receiver.statuses.extend([500] * 5)
    host.delete(host.create_task("In vain"))
    (delivery,) = settled(host, hook)
    assert host.webhook_deliveries(since=delivery["number"] + 1) == []
    assert (delivery["outcome"], len(receiver.got)) == ("failed", 5)
    assert host.webhooks() == hooks(host, api)
    assert hooks(host, api)[0]["health"] == {"status": "failing", "fail_count": 1}


def test_an_answer_that_takes_too_long_is_a_failure(host: ClickUpHost, api: httpx.Client, receiver: Receiver) -> None:
    hook = register(host, api, receiver, "taskDeleted")
    receiver.silence.set()
    host.delete(host.create_task("Unanswered"))
    (delivery,) = settled(host, hook)
    assert [one["error"] for one in delivery["attempts"]] == ["TimeoutError"] * 5


def test_later_events_overtake_one_that_is_tried_again(
    host: ClickUpHost, api: httpx.Client, receiver: Receiver
) -> None:
    first, second = host.create_task("First"), host.create_task("Second")
    hook = register(host, api, receiver, "taskDeleted")
    receiver.statuses.extend([500, 200, 500, 200])
    host.delete(first)
    host.delete(second)
    settled(host, hook)
    assert {one.told["task_id"] for one in receiver.got} == {first, second}
    assert len(receiver.got) == 4


@pytest.mark.parametrize("status", [410, 401])
def test_gone_suspends_at_once_and_nobody_is_told(
    host: ClickUpHost, api: httpx.Client, receiver: Receiver, status: int
) -> None:
    hook = register(host, api, receiver, "taskDeleted")
    receiver.statuses.append(status)
    host.delete(host.create_task("Gone"))
    settled(host, hook)
    host.delete(host.create_task("Unheard"))
    assert len(settled(host, hook)) == 1
    assert hooks(host, api)[0]["health"]["status"] == "suspended"
    change = {"endpoint": receiver.url, "events": "*", "status": "active"}
    assert api.put(f"/webhook/{hook['id']}", json=change).json()["webhook"]["health"]["status"] == "active"
    host.delete(host.create_task("Heard"))
    wait_until(lambda: "taskDeleted" in receiver.events[1:], what="an event of the webhook that was woken")


def test_a_hundred_failures_suspend(host: ClickUpHost, api: httpx.Client, receiver: Receiver) -> None:
    hook = register(host, api, receiver, "taskDeleted")
    receiver.statuses.extend([500] * 500)
    for task in host.create_many(100):
        host.delete(task)
    assert {one["outcome"] for one in settled(host, hook)} == {"failed"}
    assert hooks(host, api)[0]["health"] == {"status": "suspended", "fail_count": 100}
    host.delete(host.create_task("Unheard"))
    assert len(settled(host, hook)) == 100


def test_events_are_lost_and_doubled_by_chance_and_alike_under_a_seed(
    host: ClickUpHost, api: httpx.Client, receiver: Receiver
) -> None:
    def run() -> list[str]:
        hook = register(host, api, receiver, "taskDeleted")
        host.add_webhook_faults(lost=0.3, doubled=0.3, seed=7)
        for task in host.create_many(30):
            host.delete(task)
        fates = [one["fate"] for one in settled(host, hook)]
        api.delete(f"/webhook/{hook['id']}")
        return fates

    first = run()
    assert {"", "lost", "doubled", "copy"} == set(first)
    assert len(receiver.got) == len(first) - first.count("lost")
    assert run() == first


def test_a_doubled_event_is_the_same_bytes_twice(host: ClickUpHost, api: httpx.Client, receiver: Receiver) -> None:
    register(host, api, receiver, "taskDeleted")
    host.add_webhook_faults(doubled=1)
    host.delete(host.create_task("Twice"))
    received(receiver, 2)
    assert receiver.got[0] == receiver.got[1]


def test_a_reordered_event_comes_behind_the_next(host: ClickUpHost, api: httpx.Client, receiver: Receiver) -> None:
    tasks = host.create_many(3)
    register(host, api, receiver, "taskDeleted")
    host.add_webhook_faults(reordered=1)
    for task in tasks:
        host.delete(task)
    order = [one["task_id"] for one in received(receiver, 3)]
    assert order == [tasks[1], tasks[0], tasks[2]], "the last waits for nobody for ever"
