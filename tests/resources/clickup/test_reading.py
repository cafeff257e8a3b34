"""What the poll, the webhook and the sweep hand over: a task in Waybill's terms, and people's remarks."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.clickup.models import ClickUpTask, Comment, User
from resources.clickup.reading import OWN_REFERENCE, remarks, seen, slug_of
from resources.domain.configuration import ClickUp, Fields
from resources.domain.seen import Remark
from tests.clickup_server.host import ClickUpHost, clickup_host
from tests.resources.clickup.calling import client_of

CONFIGURATION = ClickUp(team="1", spaces=("2",))
SLUG = re.compile(r"^[a-z0-9][a-z0-9-]{0,62}$")
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
TASK = {
    "id": "9hx",
    "name": "Note",
    "status": {"status": "to do", "type": "open"},
    "date_updated": "1567780450202",
}


def task(fields: dict[str, object], **more: object) -> ClickUpTask:
    made = [
        {"id": name, "name": name, "type": "checkbox" if "auto" in name.lower() else "text", "value": value}
        for name, value in fields.items()
    ]
    return ClickUpTask.model_validate_json(json.dumps(TASK | {"custom_fields": made} | more))


def comment(text: str, user: User | None = None) -> Comment:
    made = {"id": "1", "comment_text": text, "date": 1772712000000}
    return Comment.model_validate_json(json.dumps(made)).model_copy(update={"user": user})


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickUpHost]:
    with clickup_host(tmp_path_factory.mktemp("clickup"), per_minute=1_000_000) as host:
        yield host


@pytest.mark.parametrize("option_ids", [False, True])
def test_a_task_of_the_workspace_is_seen_whole(host: ClickUpHost, option_ids: bool) -> None:
    host.quirks(option_ids=option_ids)
    fields = {"Task type": "knowledge_note", "Client": "acme-outdoor", "Auto execute": True}
    made = host.create_task("Note", description="What?", fields=fields, due_at_ms=1772712000000, priority=1)
    with client_of(host.url, host.token) as client:
        found = client.task(made)
    assert found is not None
    looked = seen(found, CONFIGURATION)
    assert (looked.id, looked.name, looked.body, looked.list_id) == (made, "Note", "What?", host.list_id)
    assert (looked.client, looked.type_named, looked.auto_execute) == ("acme-outdoor", "knowledge_note", True)
    assert (looked.due_at, looked.priority) == (NOON, 1)
    assert (looked.status, looked.status_type) == ("to do", "open")
    assert looked.updated_at.tzinfo is not None
    assert looked.url is not None


def test_a_bare_task_has_neither_type_nor_client_and_is_not_automatic() -> None:
    looked = seen(task({}), CONFIGURATION)
    assert (looked.client, looked.type_named, looked.auto_execute) == (None, None, False)
    assert (looked.due_at, looked.priority, looked.body, looked.url, looked.list_id) == (None, None, "", None, None)


@pytest.mark.parametrize(("value", "automatic"), [("true", True), (True, True), ("false", False), (None, False)])
def test_auto_execute_is_on_only_when_it_is_ticked(value: object, automatic: bool) -> None:
    assert seen(task({"Auto execute": value}), CONFIGURATION).auto_execute is automatic


def test_fields_go_by_the_names_of_the_configuration_without_case() -> None:
    german = CONFIGURATION.model_copy(update={"fields": Fields(type="Art", client="Kunde", auto_execute="Auto")})
    found = task({"KUNDE ": "Acme Outdoor", "art": "note", "Client": "other", "AUTO": "true"})
    looked = seen(found, german)
    assert (looked.client, looked.type_named, looked.auto_execute) == ("acme-outdoor", "note", True)


def test_of_two_fields_with_one_name_the_one_with_a_value_counts() -> None:
    assert seen(task({"client": None, "Client": "Acme"}), CONFIGURATION).client == "acme"


def test_the_text_of_a_task_comes_before_its_description() -> None:
    assert seen(task({}, text_content="plain", description="**plain**"), CONFIGURATION).body == "plain"
    assert seen(task({}, text_content=None, description="only"), CONFIGURATION).body == "only"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Acme Outdoor", "acme-outdoor"),
        ("acme-outdoor", "acme-outdoor"),
        ("  ACME  &  Sons, Ltd. ", "acme-sons-ltd"),
        ("Café Ümläut", "cafe-umlaut"),
        ("Straße 9", "strasse-9"),
        ("木 Acme", "木 Acme"),  # dropping the sign would make it another client
        ("!!!", "!!!"),
    ],
)
def test_a_clients_name_becomes_its_slug(name: str, slug: str) -> None:
    assert slug_of(name) == slug


@given(st.text(st.characters(codec="ascii"), min_size=1, max_size=60))
def test_a_slug_is_one_of_a_client_or_the_name_as_it_was(name: str) -> None:
    slug = slug_of(name)
    assert SLUG.match(slug) or slug == name
    assert slug_of(slug) == slug


def test_waybills_own_comments_are_left_out_and_peoples_named() -> None:
    found = remarks(
        [
            comment("Done, see the note. [wb-3fa9c1d27b]", User(id="1", username="Waybill")),
            comment("  Please name the source. ", User(id="2", username="Anna")),
            comment("wb-3fa9c1d27b is no mark", User(id="3", email="ben@example.org")),
            comment("", User(id="4")),
            comment("Shorter", User(id="5")),
            comment("Who?"),
        ]
    )
    assert found == [
        Remark("Anna", "Please name the source.", NOON),
        Remark("ben@example.org", "wb-3fa9c1d27b is no mark", NOON),
        Remark("ClickUp user 5", "Shorter", NOON),
        Remark("unknown ClickUp user", "Who?", NOON),
    ]


def test_the_mark_is_what_the_outbox_writes() -> None:
    assert OWN_REFERENCE.search("text\n[wb-0123456789]")
    assert not OWN_REFERENCE.search("[wb-0123]")
