"""ClickUp's adapter: what is signed, which deliveries are the same, and which task each is about."""

import copy
import json
from typing import Any

import pytest

from resources.domain.tasks import TaskId
from resources.webhooks.adapter import DeliveryInvalidError, Reread, WebhookAdapter
from resources.webhooks.clickup import ClickUpWebhook
from tests.resources.webhooks.clickup_samples import samples, signature

CLICKUP = ClickUpWebhook()


def event(**changed: object) -> dict[str, Any]:
    return {"webhook_id": "w", "event": "taskUpdated", "task_id": "t1", "history_items": [{"id": "1"}], **changed}


def key(body: object) -> str:
    return CLICKUP.key({}, body)


def test_it_is_an_adapter() -> None:
    assert isinstance(CLICKUP, WebhookAdapter)


def test_every_sample_has_a_key_of_its_own_and_the_same_one_each_time() -> None:
    every = samples()
    keys = {key(body) for body in every.values()}
    assert len(keys) == len(every)
    reordered = [json.loads(json.dumps(body, sort_keys=True, indent=3)) for body in every.values()]
    assert {key(body) for body in reordered} == keys


def test_paired_events_share_their_history_item_and_not_their_key() -> None:
    every = samples()
    pair = every["webhook_taskStatusUpdated"], every["webhook_taskUpdated__status_pair"]
    assert pair[0]["history_items"][0]["id"] == pair[1]["history_items"][0]["id"]
    assert key(pair[0]) != key(pair[1])


def test_events_with_the_same_history_items_are_told_apart_by_their_names() -> None:
    names = ("taskCreated", "taskStatusUpdated", "taskMoved", "taskUpdated")
    assert len({key(event(event=name)) for name in names}) == len(names)


def test_two_edits_of_one_comment_are_two_deliveries() -> None:
    first = samples()["webhook_taskCommentUpdated"]
    second = copy.deepcopy(first)
    second["history_items"][0]["comment"]["text_content"] = "edited again"
    assert key(first) != key(second)
    assert key(first) == key(copy.deepcopy(first))


def test_deletions_without_history_are_told_apart_by_their_task() -> None:
    assert key(event(event="taskDeleted", task_id="a", history_items=[])) != key(
        event(event="taskDeleted", task_id="b", history_items=[])
    )


def test_the_same_event_of_two_webhooks_is_two_deliveries() -> None:
    assert key(event()) != key(event(webhook_id="v"))


def test_each_event_of_a_task_reads_that_task_again_and_others_read_none() -> None:
    for name, body in samples().items():
        tasks = (TaskId(body["task_id"]),) if name.startswith("webhook_task") else ()
        assert CLICKUP.work(body) == Reread(tasks)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {},
        event(webhook_id=None),
        event(event=""),
        event(task_id="../../etc/passwd"),
        event(task_id="t" * 65),
        event(task_id={"id": "t"}),
        event(history_items=[{}]),
        event(history_items=[{"id": None}]),
    ],
)
def test_DT_10_an_event_of_another_shape_is_refused_by_the_name_of_what_is_wrong(body: object) -> None:
    with pytest.raises(DeliveryInvalidError, match=r"webhook_id|event|task_id|history_items|body: "):
        key(body)


def test_numbers_for_ids_and_unknown_fields_are_borne() -> None:
    assert CLICKUP.work(event(task_id=123, new_field={"a": 1})) == Reread((TaskId("123"),))


def test_only_the_very_bytes_and_the_very_secret_are_signed() -> None:
    raw = b'{"event":"taskUpdated"}'
    headers = {"x-signature": signature(raw, "secret")}
    assert CLICKUP.verify(headers, raw, "secret")
    assert not CLICKUP.verify(headers, raw + b" ", "secret")
    assert not CLICKUP.verify(headers, raw, "other")
    assert not CLICKUP.verify({}, raw, "secret")
    assert not CLICKUP.verify({"x-signature": "é" * 64}, raw, "secret")
