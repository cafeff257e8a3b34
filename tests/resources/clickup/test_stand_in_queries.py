"""The stand-in's lists of tasks: the hierarchy, filters with strict bounds, orders and pages."""

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.clickup_server.host import ClickUpHost, clickup_host

KNOWN_TASKS = 10_000


@pytest.fixture
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickUpHost]:
    with clickup_host(tmp_path_factory.mktemp("clickup")) as host:
        yield host


@pytest.fixture
def api(host: ClickUpHost) -> Iterator[httpx.Client]:
    with host.api() as client:
        yield client


def found(api: httpx.Client, host: ClickUpHost, **query: object) -> list[str]:
    return [task["id"] for task in api.get(f"/team/{host.team}/task", params=query).json()["tasks"]]


def test_the_hierarchy_leads_to_every_list(host: ClickUpHost, api: httpx.Client) -> None:
    inside = host.add_list("Inside", folder="Folder")
    (team,) = api.get("/team").json()["teams"]
    (space,) = api.get(f"/team/{team['id']}/space").json()["spaces"]
    folders = api.get(f"/space/{space['id']}/folder").json()["folders"]
    assert [one["name"] for one in folders] == ["Acme Outdoor", "Folder"]
    assert [one["id"] for one in api.get(f"/folder/{folders[1]['id']}/list").json()["lists"]] == [inside]
    assert [one["id"] for one in api.get(f"/space/{space['id']}/list").json()["lists"]] == [host.list_id]
    task = api.get(f"/task/{host.create_task('Outside folders')}").json()
    assert (task["folder"]["name"], task["folder"]["hidden"]) == ("hidden", True)


def test_bounds_are_strict(host: ClickUpHost, api: httpx.Client) -> None:
    tasks = [host.create_task(name, due_at_ms=due) for name, due in (("a", 1_000), ("b", 2_000), ("c", None))]
    assert found(api, host, due_date_gt=999, due_date_lt=1_001) == [tasks[0]]
    assert found(api, host, due_date_gt=1_000, due_date_lt=2_000) == []
    assert set(found(api, host, due_date_gt=0)) == set(tasks[:2]), "without a due date no bound holds"
    updated = int(api.get(f"/task/{tasks[1]}").json()["date_updated"])
    assert tasks[1] not in found(api, host, date_updated_gt=updated)
    assert tasks[1] in found(api, host, date_updated_gt=updated - 1, date_updated_lt=updated + 1)
    created = int(api.get(f"/task/{tasks[1]}").json()["date_created"])
    assert tasks[1] not in found(api, host, date_created_lt=created)


def test_closed_tasks_and_subtasks_come_when_asked_for(host: ClickUpHost, api: httpx.Client) -> None:
    task, closed = host.create_task("Open"), host.create_task("Closed", status="complete")
    cancelled, child = host.create_task("Cancelled", status="cancelled"), host.create_task("Child")
    host.edit(child, parent=task)
    assert set(found(api, host)) == {task, cancelled}, "cancelled is of type done, not closed"
    assert set(found(api, host, include_closed="true")) == {task, closed, cancelled}
    assert set(found(api, host, subtasks="true")) == {task, cancelled, child}
    assert found(api, host, **{"statuses[]": "complete"}) == [closed], "naming a closed status is enough"
    host.edit(task, archived=True)
    assert task not in found(api, host)


def test_places_narrow_a_search(host: ClickUpHost, api: httpx.Client) -> None:
    inside = host.add_list("Inside", folder="Folder")
    here, there = host.create_task("Here"), host.create_task("There", list_id=inside)
    folder = api.get(f"/list/{inside}").json()["folder"]["id"]
    assert found(api, host, **{"list_ids[]": host.list_id}) == [here]
    assert set(found(api, host, **{"list_ids[]": [host.list_id, inside]})) == {here, there}
    assert found(api, host, **{"project_ids[]": folder}) == [there]
    assert set(found(api, host, **{"space_ids[]": host.space})) == {here, there}
    assert found(api, host, **{"space_ids[]": "1"}) == []
    assert [one["id"] for one in api.get(f"/list/{inside}/task").json()["tasks"]] == [there]
    host.edit(here, list_id=inside)
    assert found(api, host, **{"list_ids[]": host.list_id}) == []


def test_people_and_tags_narrow_a_search(host: ClickUpHost, api: httpx.Client) -> None:
    task, _ = host.create_task("Assigned"), host.create_task("Not")
    owner = api.get("/user").json()["user"]["id"]
    host.edit(task, assignees={"add": [owner]}, tags=["seo"])
    assert found(api, host, **{"assignees[]": owner}) == found(api, host, **{"tags[]": "seo"}) == [task]


def test_orders_are_newest_first_unless_reversed(host: ClickUpHost, api: httpx.Client) -> None:
    tasks = [host.create_task(str(number)) for number in range(3)]
    host.say(tasks[0], "touched")
    assert found(api, host) == tasks[::-1]
    assert found(api, host, order_by="updated", reverse="true") == [*tasks[1:], tasks[0]]
    wrong = api.get(f"/team/{host.team}/task", params={"order_by": "closed"})
    assert (wrong.status_code, wrong.json()["ECODE"]) == (500, "ITEMV2_003")


def test_pages_hold_a_hundred_and_the_last_says_so(host: ClickUpHost, api: httpx.Client) -> None:
    tasks = host.create_many(250)
    pages = [api.get(f"/list/{host.list_id}/task", params={"page": page, "limit": 5}).json() for page in range(4)]
    assert [len(page["tasks"]) for page in pages] == [100, 100, 50, 0], "limit is passed over"
    assert [page["last_page"] for page in pages] == [False, False, True, True]
    assert {task["id"] for page in pages for task in page["tasks"]} == set(tasks)


def test_ten_thousand_tasks_are_no_burden(host: ClickUpHost, api: httpx.Client) -> None:
    assert len(host.create_many(KNOWN_TASKS)) == KNOWN_TASKS
    query = {"order_by": "updated", "reverse": "true", "date_updated_gt": 1, "page": 99}
    took_s = []
    for _ in range(10):
        began_s = time.monotonic()
        page = api.get(f"/team/{host.team}/task", params=query).json()
        took_s.append(time.monotonic() - began_s)
    assert (len(page["tasks"]), page["last_page"]) == (100, True)
    assert min(took_s) < 0.5
