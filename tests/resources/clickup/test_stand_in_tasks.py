"""The stand-in's tasks: fields, due dates, statuses, comments, files, and what is refused."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.clickup_server.host import ClickUpHost, clickup_host
from tests.waiting import wait_until

ZONE = "America/Los_Angeles"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickUpHost]:
    with clickup_host(tmp_path_factory.mktemp("clickup"), zone=ZONE) as host:
        yield host


@pytest.fixture(scope="module")
def api(host: ClickUpHost) -> Iterator[httpx.Client]:
    with host.api() as client:
        yield client


def field_of(api: httpx.Client, task_id: str, name: str) -> dict:
    return next(one for one in api.get(f"/task/{task_id}").json()["custom_fields"] if one["name"] == name)


def assert_refused(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["ECODE"]) == (status, code)


def test_a_drop_down_reads_as_an_orderindex_and_sometimes_as_the_options_id(
    host: ClickUpHost, api: httpx.Client
) -> None:
    task = host.create_task("Typed", fields={"Task type": "press_release"})
    field = field_of(api, task, "Task type")
    chosen = next(option for option in field["type_config"]["options"] if option["name"] == "press_release")
    assert field["value"] == chosen["orderindex"] == 2
    host.quirks(option_ids=True)
    assert field_of(api, task, "Task type")["value"] == chosen["id"]
    host.quirks(option_ids=False)


def test_a_field_without_a_value_has_no_key_for_it(host: ClickUpHost, api: httpx.Client) -> None:
    task = host.create_task("Bare")
    assert "value" not in field_of(api, task, "Client")
    host.edit(task, fields={"Client": "acme-outdoor"})
    assert "value" in field_of(api, task, "Client")
    host.edit(task, fields={"Client": None})
    assert "value" not in field_of(api, task, "Client")


@pytest.mark.parametrize(
    ("kind", "sent", "read"),
    [
        ("checkbox", True, "true"),
        ("checkbox", False, "false"),
        ("text", "words", "words"),
        ("number", 8, "8"),
        ("date", 1_790_000_000_000, "1790000000000"),
    ],
)
def test_a_value_is_read_otherwise_than_it_is_written(
    host: ClickUpHost, api: httpx.Client, kind: str, sent: object, read: object
) -> None:
    field = host.add_field(f"{kind} {sent}", kind)
    task = host.create_task("Valued")
    assert api.post(f"/task/{task}/field/{field}", json={"value": sent}).json() == {}
    assert field_of(api, task, f"{kind} {sent}")["value"] == read


def test_labels_are_ids_and_a_write_replaces_them(host: ClickUpHost, api: httpx.Client) -> None:
    field = host.add_field("Labels", "labels", ["red", "green"])
    task = host.create_task("Labelled", fields={"Labels": ["red", "green"]})
    options = field_of(api, task, "Labels")["type_config"]["options"]
    assert [option["label"] for option in options] == ["red", "green"]
    assert field_of(api, task, "Labels")["value"] == [option["id"] for option in options]
    api.post(f"/task/{task}/field/{field}", json={"value": [options[1]["id"]]})
    assert host.task(task)["fields"]["Labels"] == ["green"]


def test_users_are_added_and_removed(host: ClickUpHost, api: httpx.Client) -> None:
    field = host.add_field("Reviewers", "users")
    task = host.create_task("Reviewed")
    anna, ben = (member["user"]["id"] for member in api.get("/team").json()["teams"][0]["members"][1:3])
    api.post(f"/task/{task}/field/{field}", json={"value": {"add": [anna, ben], "rem": []}})
    api.post(f"/task/{task}/field/{field}", json={"value": {"add": [], "rem": [anna]}})
    assert [user["id"] for user in field_of(api, task, "Reviewers")["value"]] == [ben]


def test_only_fields_that_apply_to_the_kind_of_task_come_back(host: ClickUpHost, api: httpx.Client) -> None:
    host.add_field("Bugs only", "text", custom_items=[1001])
    plain, bug = (
        api.post(f"/list/{host.list_id}/task", json=body).json()
        for body in ({"name": "Plain"}, {"name": "Bug", "custom_item_id": 1001})
    )
    assert "Bugs only" not in [field["name"] for field in plain["custom_fields"]]
    assert "Bugs only" in [field["name"] for field in bug["custom_fields"]]


def test_an_edit_cannot_set_custom_fields_and_says_nothing(host: ClickUpHost, api: httpx.Client) -> None:
    task = host.create_task("Edited", fields={"Client": "acme-outdoor"})
    field = field_of(api, task, "Client")["id"]
    answer = api.put(f"/task/{task}", json={"custom_fields": [{"id": field, "value": None}], "list_id": "1"})
    assert answer.status_code == 200
    assert host.task(task)["fields"]["Client"] == "acme-outdoor"


def test_a_due_date_without_a_time_snaps_to_four_in_the_users_zone(host: ClickUpHost, api: httpx.Client) -> None:
    task = host.create_task("Due")
    midnight = round(datetime(2026, 12, 24, tzinfo=UTC).timestamp() * 1000)
    due = api.put(f"/task/{task}", json={"due_date": midnight}).json()["due_date"]
    there = datetime.fromtimestamp(int(due) / 1000, tz=ZoneInfo(ZONE))
    assert there == datetime(2026, 12, 23, 4, tzinfo=ZoneInfo(ZONE)), "UTC midnight lands a day early"
    noon = round(datetime(2026, 12, 24, 12, tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)
    due = api.put(f"/task/{task}", json={"due_date": noon}).json()["due_date"]
    assert datetime.fromtimestamp(int(due) / 1000, tz=ZoneInfo(ZONE)).day == 24


def test_a_due_date_with_a_time_is_kept_and_null_clears_it(host: ClickUpHost, api: httpx.Client) -> None:
    task = host.create_task("Due at")
    assert api.get(f"/task/{task}").json()["due_date"] is None
    sent = {"due_date": 1_790_000_123_456, "due_date_time": True}
    assert api.put(f"/task/{task}", json=sent).json()["due_date"] == "1790000123456"
    assert api.put(f"/task/{task}", json={"due_date": None}).json()["due_date"] is None


def test_every_change_raises_date_updated_but_a_file_and_what_changes_nothing(
    host: ClickUpHost, api: httpx.Client
) -> None:
    task = host.create_task("Changing")

    def updated() -> int:
        return int(api.get(f"/task/{task}").json()["date_updated"])

    seen = [updated()]
    for change in (
        lambda: host.edit(task, name="Changed"),
        lambda: host.move(task, "in review"),
        lambda: host.say(task, "Words"),
        lambda: host.edit(task, fields={"Auto execute": True}),
    ):
        change()
        seen.append(updated())
    assert seen == sorted(set(seen))
    host.move(task, "in review")
    api.post(f"/task/{task}/attachment", files={"attachment": ("a.txt", b"text")})
    assert updated() == seen[-1]


def test_a_status_is_of_its_list_and_spelled_as_there(host: ClickUpHost, api: httpx.Client) -> None:
    other = host.add_list("Short", statuses=[("open", "open"), ("shipped", "closed")])
    task = host.create_task("Elsewhere", list_id=other)
    assert [status["status"] for status in api.get(f"/list/{other}").json()["statuses"]] == ["open", "shipped"]
    assert_refused(api.put(f"/task/{task}", json={"status": "in progress"}), 400, "CRTSK_001")
    assert_refused(api.put(f"/task/{task}", json={"status": "Shipped"}), 400, "CRTSK_001")
    closed = api.put(f"/task/{task}", json={"status": "shipped"}).json()
    assert closed["status"]["type"] == "closed"
    assert closed["date_closed"] == closed["date_done"] is not None
    host.set_statuses([("new", "open")], list_id=other)
    assert api.get(f"/task/{task}").json()["status"]["status"] == "shipped"


def test_comments_come_newest_first_in_pages_of_25(host: ClickUpHost, api: httpx.Client) -> None:
    task = host.create_task("Discussed")
    said = [host.say(task, f"Comment {number}") for number in range(60)]
    seen, more = [], {}
    while page := api.get(f"/task/{task}/comment", params=more).json()["comments"]:
        assert len(page) <= 25
        seen += [comment["id"] for comment in page]
        more = {"start": page[-1]["date"], "start_id": page[-1]["id"]}
    assert seen == said[::-1]


def test_a_repeated_comment_is_a_second_comment(host: ClickUpHost, api: httpx.Client) -> None:
    task = host.create_task("Twice")
    ids = {
        api.post(f"/task/{task}/comment", json={"comment_text": "Same", "notify_all": False}).json()["id"] for _ in "ab"
    }
    assert [(one["id"], one["text"], one["user"]) for one in host.task(task)["comments"]] == [
        (comment, "Same", "Waybill") for comment in sorted(ids)
    ]


def test_a_file_arrives_byte_for_byte(host: ClickUpHost, api: httpx.Client) -> None:
    data = bytes(range(256)) * 5_000 + b"\r\n--boundary"
    task = host.create_task("Filed")
    form = {"files": {"attachment": ("part.bin", data)}, "data": {"filename": "Grüße, 2.docx"}}
    answer = api.post(f"/task/{task}/attachment", **form).json()
    assert answer["title"] == "Grüße, 2.docx"
    assert answer["extension"] == "docx"
    (kept,) = host.task(task)["attachments"]
    assert (kept["size"], kept["sha256"]) == (len(data), sha256(data).hexdigest())
    assert host.attachment(task, answer["id"]) == data == httpx.get(answer["url"], trust_env=False).content
    assert_refused(api.post(f"/task/{task}/attachment", files={"file": ("a", b"a")}), 400, "ATTCH_001")


def test_an_upload_that_breaks_off_leaves_nothing(host: ClickUpHost, api: httpx.Client) -> None:
    task = host.create_task("Broken off")
    before = len(host.requests())

    def pieces() -> Iterator[bytes]:
        yield b"--b\r\nContent-Disposition: form-data; name=attachment; filename=a\r\n\r\n"
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        api.post(
            f"/task/{task}/attachment", content=pieces(), headers={"content-type": "multipart/form-data; boundary=b"}
        )
    wait_until(lambda: host.requests(since=before), what="the entry of the upload")
    assert host.requests(since=before)[0]["status"] is None
    assert host.task(task)["attachments"] == []


def test_storage_can_be_full(host: ClickUpHost, api: httpx.Client) -> None:
    task = host.create_task("Full")
    host.quirks(storage_bytes=0)
    assert_refused(api.post(f"/task/{task}/attachment", files={"attachment": ("a", b"a")}), 400, "GBUSED_005")
    host.quirks(storage_bytes=None)
    assert api.post(f"/task/{task}/attachment", files={"attachment": ("a", b"a")}).is_success


def test_a_deleted_task_is_gone_and_can_be_deleted_again(host: ClickUpHost, api: httpx.Client) -> None:
    task = host.create_task("Gone")
    answer = api.delete(f"/task/{task}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert api.get(f"/task/{task}").status_code == 404
    assert api.post(f"/task/{task}/comment", json={"comment_text": "?"}).status_code == 404
    assert api.delete(f"/task/{task}").status_code == 204
    assert host.task(task)["deleted"] is True


def test_requests_without_the_right_token_are_refused_by_kind(host: ClickUpHost, api: httpx.Client) -> None:
    def answered(header: dict[str, str]) -> httpx.Response:
        return httpx.get(f"{host.url}/user", headers=header, trust_env=False)

    assert_refused(answered({}), 401, "OAUTH_017")
    assert_refused(answered({"Authorization": "pk_another"}), 401, "OAUTH_025")
    assert_refused(answered({"Authorization": f"Bearer {host.token}"}), 401, "OAUTH_025")
    assert answered({"Authorization": "Bearer 183_standin_oauth"}).is_success
    host.revoke()
    assert_refused(api.get("/user"), 401, "OAUTH_019")
    host.revoke(revoked=False)
    assert api.get("/user").is_success


def test_what_the_token_does_not_reach_is_a_401_as_is_what_never_was(host: ClickUpHost, api: httpx.Client) -> None:
    hidden = host.add_list("Hidden", reachable=False)
    task = host.create_task("Unreachable", list_id=hidden)
    for path in (f"/list/{hidden}", f"/list/{hidden}/task", f"/list/{hidden}/field", f"/task/{task}", "/task/9nope"):
        assert_refused(api.get(path), 401, "OAUTH_027")
    assert task not in [one["id"] for one in api.get(f"/team/{host.team}/task").json()["tasks"]]
    host.reach(hidden, reachable=True)
    assert api.get(f"/task/{task}").is_success


def test_a_wrong_request_is_refused_by_what_is_wrong(host: ClickUpHost, api: httpx.Client) -> None:
    tasks = f"/list/{host.list_id}/task"
    assert_refused(api.post(tasks, json={"description": "no name"}), 400, "INPUT_005")
    assert_refused(api.post(tasks, json={"name": "Due", "due_date": "tomorrow"}), 400, "INPUT_006")
    assert_refused(api.post(tasks, json={"name": "New", "status": "nope"}), 400, "CRTSK_001")
    assert_refused(api.post("/list/words/task", json={"name": "New"}), 400, "INPUT_003")
    task = host.create_task("Right")
    field = field_of(api, task, "Task type")["id"]
    for value in ("press_release", 99, True):
        assert_refused(api.post(f"/task/{task}/field/{field}", json={"value": value}), 400, "FIELD_011")
    assert_refused(api.get(f"/team/{host.team}/goal"), 404, "STAND_IN_404")
    assert "GET /api/v2/team" in api.get(f"/team/{host.team}/goal").json()["err"]
