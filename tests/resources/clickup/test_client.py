"""Every method of the client against the stand-in, as a workspace answers it on a good day."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from resources.clickup.client import ClickUpClient
from resources.clickup.errors import ClickUpGoneError, ClickUpRefusedError
from tests.clickup_server.host import ClickUpHost, clickup_host
from tests.resources.clickup.calling import client_of

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickUpHost]:
    with clickup_host(tmp_path_factory.mktemp("clickup"), per_minute=1_000_000) as host:
        yield host


@pytest.fixture(scope="module")
def client(host: ClickUpHost) -> Iterator[ClickUpClient]:
    with client_of(host.url, host.token) as client:
        yield client


def asked(host: ClickUpHost, since: int) -> list[str]:
    return [f"{one['method']} {one['path']}" for one in host.requests(since)]


def test_a_task_is_read_alone_with_its_attachments(host: ClickUpHost, client: ClickUpClient) -> None:
    due = datetime(2026, 3, 5, 17, tzinfo=UTC)
    task = host.create_task("Note", description="What?", due_at_ms=int(due.timestamp() * 1000), priority=2)
    found = client.task(task)
    assert found is not None
    assert (found.name, found.text_content, found.due_date, found.priority) == ("Note", "What?", due, 2)
    assert (found.status.status, found.status.type) == ("to do", "open")
    assert found.date_updated.tzinfo is not None
    assert found.list is not None
    assert found.list.id == host.list_id


def test_a_deleted_task_is_none_and_one_out_of_reach_is_refused(host: ClickUpHost, client: ClickUpClient) -> None:
    task = host.create_task("Gone")
    host.delete(task)
    assert client.task(task) is None
    with pytest.raises(ClickUpRefusedError, match="OAUTH_027") as refused:
        client.task("86never")
    assert (refused.value.status, refused.value.ecode, refused.value.said) == (401, "OAUTH_027", "Team not authorized")


def test_changed_tasks_come_oldest_first_closed_ones_too_with_a_strict_bound(
    host: ClickUpHost, client: ClickUpClient
) -> None:
    made = [host.create_task(name) for name in ("first", "second", "third")]
    host.move(made[0], "complete")
    looked = client.task(made[1])
    assert looked is not None
    page = client.team_tasks(host.team, [host.space], updated_after=looked.date_updated)
    assert {task.id for task in page.tasks} == {made[2], made[0]}
    changed = [task.date_updated for task in page.tasks]
    assert changed == sorted(changed)
    assert page.last
    before = looked.date_updated - timedelta(milliseconds=1)
    assert made[1] in [task.id for task in client.team_tasks(host.team, [host.space], updated_after=before).tasks]


def test_pages_are_asked_for_one_by_one(host: ClickUpHost, client: ClickUpClient) -> None:
    host.create_many(150)
    first = client.team_tasks(host.team, [host.space], updated_after=None)
    second = client.team_tasks(host.team, [host.space], updated_after=None, page=1)
    assert (len(first.tasks), first.last, second.last) == (100, False, True)
    assert first.tasks[-1].date_updated <= second.tasks[0].date_updated
    assert not {task.id for task in first.tasks} & {task.id for task in second.tasks}


def test_other_spaces_stay_out(host: ClickUpHost, client: ClickUpClient) -> None:
    assert client.team_tasks(host.team, ["90170000999"], updated_after=None).tasks == ()


def test_lists_in_folders_and_outside_are_found_by_two_calls(host: ClickUpHost, client: ClickUpClient) -> None:
    inside = host.add_list("Inside", folder="Campaigns")
    since = len(host.requests())
    assert {host.list_id, inside} <= {each.id for each in client.lists(host.space)}
    assert len(asked(host, since)) == 2


def test_the_workspace_is_described(host: ClickUpHost, client: ClickUpClient) -> None:
    assert [team.id for team in client.teams()] == [host.team]
    assert [space.id for space in client.spaces(host.team)] == [host.space]
    assert ("in review", "custom") in [(each.status, each.type) for each in client.list_(host.list_id).statuses]
    fields = {field.name: field for field in client.fields(host.list_id)}
    assert "knowledge_note" in [option.text for option in fields["Task type"].type_config.options]
    assert client.user().username == "Waybill"


def test_comments_come_oldest_first_from_an_instant_on_over_pages(host: ClickUpHost, client: ClickUpClient) -> None:
    task = host.create_task("Talk")
    ids = [host.say(task, f"comment {number}") for number in range(60)]
    everything = client.comments(task, LONG_AGO)
    assert [one.id for one in everything] == ids
    since = len(host.requests())
    newest = client.comments(task, everything[-3].date)
    assert [one.text for one in newest] == ["comment 57", "comment 58", "comment 59"]
    assert len(asked(host, since)) == 1
    assert newest[0].user is not None
    assert newest[0].user.username == "Anna"


def test_comments_of_a_millisecond_are_all_there(host: ClickUpHost, client: ClickUpClient) -> None:
    task = host.create_task("Talk at once")
    for number in range(25):
        host.say(task, f"comment {number}")
    exactly_a_page = client.comments(task, LONG_AGO)
    assert len({one.id for one in exactly_a_page}) == 25
    assert client.comments(task, exactly_a_page[-1].date)[-1].text == "comment 24"


def test_a_comment_is_posted_without_a_notice_to_its_author(host: ClickUpHost, client: ClickUpClient) -> None:
    task = host.create_task("Talk")
    since = len(host.requests())
    posted = client.post_comment(task, "Zwei Wörter [wb-0123456789]")
    assert [(one.id, one.text) for one in client.comments(task, posted.date)] == [
        (posted.id, "Zwei Wörter [wb-0123456789]")
    ]
    assert host.requests(since)[0]["body"] == {"comment_text": "Zwei Wörter [wb-0123456789]", "notify_all": False}


def test_a_status_is_set_and_an_unknown_one_refused_in_clickups_words(host: ClickUpHost, client: ClickUpClient) -> None:
    task = host.create_task("Move")
    assert client.set_status(task, "in review").status.status == "in review"
    with pytest.raises(ClickUpRefusedError, match=r"HTTP 400 CRTSK_001: Status not found"):
        client.set_status(task, "Reviewing")
    assert host.task(task)["status"] == "in review"


def test_writes_to_a_deleted_task_say_that_it_is_gone(host: ClickUpHost, client: ClickUpClient) -> None:
    task = host.create_task("Gone")
    host.delete(task)
    with pytest.raises(ClickUpGoneError):
        client.post_comment(task, "Too late")


def test_a_webhook_is_made_found_changed_and_ended(host: ClickUpHost, client: ClickUpClient) -> None:
    made = client.create_webhook(host.team, "http://127.0.0.1:9/webhooks/clickup")
    assert made.secret is not None
    assert len(made.secret.get_secret_value()) > 20
    assert made.secret.get_secret_value() not in repr(made)
    assert made.health.status == "active"
    with pytest.raises(ClickUpRefusedError, match="OAUTH_171"):
        client.create_webhook(host.team, "http://127.0.0.1:9/webhooks/clickup")
    changed = client.update_webhook(made.id, "http://127.0.0.1:9/other", ("taskUpdated", "taskDeleted"))
    assert (changed.endpoint, changed.events) == ("http://127.0.0.1:9/other", ("taskUpdated", "taskDeleted"))
    assert [(hook.id, hook.endpoint) for hook in client.webhooks(host.team)] == [(made.id, "http://127.0.0.1:9/other")]
    client.delete_webhook(made.id)
    assert client.webhooks(host.team) == []
    with pytest.raises(ClickUpGoneError):
        client.delete_webhook(made.id)


@pytest.mark.parametrize("task_id", ["../user", "a/b", "", "%2e%2e", "x?y=1", "ä"])
def test_an_id_never_leaves_its_place_in_the_path(host: ClickUpHost, client: ClickUpClient, task_id: str) -> None:
    since = len(host.requests())
    with pytest.raises(ClickUpRefusedError):
        client.set_status(task_id, "to do")
    assert all(str(one["path"]).startswith("/api/v2/task/") for one in host.requests(since))
