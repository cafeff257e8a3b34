"""ClickUp's answers as its own pages and live workspaces give them; more fields are borne, wrong ones named."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from resources.clickup import models
from resources.clickup.models import ClickUpTask, Comment, CustomField, TaskPage, Webhook, in_ms, instant_of

SAMPLES = Path(__file__).parent / "samples"
TASK = {
    "id": "9hx",
    "name": "Fix",
    "status": {"status": "in progress", "type": "custom", "color": "#d3d3d3"},
    "date_updated": "1567780450202",
}


def task(**changes: object) -> ClickUpTask:
    return ClickUpTask.model_validate_json(json.dumps(TASK | changes))


def test_a_task_of_the_documentation_is_read() -> None:
    found = ClickUpTask.model_validate_json((SAMPLES / "task.json").read_bytes())
    assert (found.id, found.status.status, found.priority) == ("9hx", "in progress", 3)
    assert found.date_updated == datetime(2019, 9, 6, 14, 34, 10, 202_000, tzinfo=UTC)
    assert found.due_date == datetime(2017, 10, 18, 23, 26, 34, 377_000, tzinfo=UTC)
    assert [(one.title, one.size) for one in found.attachments] == [("error-logs.txt", 140_970)]
    assert [field.type for field in found.custom_fields] == ["short_text", "number", "users", "drop_down"]


def test_what_is_not_known_is_passed_over_at_any_depth() -> None:
    found = task(novelty={"deep": [1]}, status=TASK["status"] | {"group": 7})  # type of the whole stays
    assert found == task()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": 5}, "name"),
        ({"id": None}, "id"),
        ({"id": True}, "id"),
        ({"status": "open"}, "status"),
        ({"status": {"status": "open"}}, "status.type"),
        ({"date_updated": None}, "date_updated"),
        ({"date_updated": "2024-01-01T00:00:00"}, "date_updated"),
        ({"date_updated": 1.5}, "date_updated"),
        ({"due_date": True}, "due_date"),
        ({"due_date": "9" * 30}, "due_date"),
        ({"priority": "9"}, "priority"),
        ({"priority": True}, "priority"),
        ({"custom_fields": [{"id": "x", "name": "Client", "type": 3}]}, "custom_fields.0.type"),
        ({"attachments": [{"id": "x", "title": "t", "date": "soon"}]}, "attachments.0.date"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name_DT_10(changes: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        task(**changes)
    assert ".".join(str(part) for part in wrong.value.errors()[0]["loc"]) == field


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (None, None),
        (1, 1),
        ("4", 4),
        ({"id": "2", "orderindex": "2", "priority": "high"}, 2),
        ({"orderindex": "3", "priority": "normal"}, 3),
    ],
)
def test_a_priority_is_a_number_however_it_comes(given: object, read: int | None) -> None:
    assert task(priority=given).priority == read


@pytest.mark.parametrize("given", ["1567780450202", 1567780450202])
def test_an_instant_is_aware_and_exact_to_the_millisecond(given: object) -> None:
    assert task(due_date=given).due_date == datetime(2019, 9, 6, 14, 34, 10, 202_000, tzinfo=UTC)
    assert in_ms(instant_of(given)) == 1567780450202


def test_milliseconds_round_down_so_that_a_strict_bound_hides_nothing() -> None:
    assert in_ms(datetime(1970, 1, 1, 0, 0, 0, 1_999, tzinfo=UTC)) == 1


def test_ids_are_text_though_they_come_as_numbers() -> None:
    assert task(list={"id": 901, "name": "L"}).list == models.Place(id="901", name="L")


def test_fields_of_other_types_may_have_a_configuration_of_any_shape() -> None:
    for config in ({"options": "many"}, {"options": {"a": 1}}, None, []):
        made = {"id": "x", "name": "Where", "type": "location", "type_config": config}
        assert CustomField.model_validate_json(json.dumps(made)).type_config.options == ()


def test_a_page_without_its_mark_is_not_the_last() -> None:
    assert not TaskPage.model_validate_json('{"tasks": []}').last
    assert TaskPage.model_validate_json('{"tasks": [], "last_page": true}').last


def test_a_comment_without_text_or_author_is_read() -> None:
    found = Comment.model_validate_json('{"id": 458, "date": "1568036964079", "comment": [{"type": "image"}]}')
    assert (found.id, found.text, found.user) == ("458", "", None)


def test_a_webhooks_secret_does_not_show() -> None:
    given = {"id": "w", "endpoint": "https://x/y", "events": "*", "health": {"status": "failing", "fail_count": 5}}
    found = Webhook.model_validate_json(json.dumps(given | {"secret": "O94IM25S7PXBPYTM", "client_id": None}))
    assert (found.events, found.health.fail_count) == (("*",), 5)
    assert "O94IM25S7PXBPYTM" not in f"{found!r} {found.model_dump_json()}"
    with pytest.raises(ValidationError) as wrong:
        Webhook.model_validate_json(json.dumps(given | {"secret": ["O94IM25S7PXBPYTM"]}))
    assert "O94IM25S7PXBPYTM" not in str(wrong.value)
