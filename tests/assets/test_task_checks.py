"""Sentences that should be true of tasks: each fails on what breaks it, names it, and raises one alert for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import Engine

from assets.task_checks import (
    clickup_agrees_with_the_ledger,
    every_deliverable_has_its_files,
    no_work_is_stuck,
    nothing_is_dead_lettered,
)
from resources.artefacts.store import ArtefactStore
from resources.clickup.errors import ClickUpError
from resources.clickup.resource import ClickUpResource
from resources.domain.configuration import Configuration
from resources.ledger import dead_letters
from resources.ledger.resource import LedgerResource
from tests.resources.ledger.making import sql
from tests.resources.ledger.outbox_making import effect, put
from tests.resources.ledger.tasks_making import add, add_many, claim, expire
from tests.resources.work.at_work import published
from tests.watching import Watched


@pytest.fixture
def ledger_resource(cleared: Engine, cleared_url: str) -> Iterator[LedgerResource]:
    resource = LedgerResource(cleared_url, pool_size=3)
    yield resource
    resource.close()


def alerts(cleared: Engine) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in sql(cleared, "SELECT subject, body FROM waybill.alerts ORDER BY raised_at")]


def sample(result: dg.AssetCheckResult) -> list[dict[str, Any]]:
    value = result.metadata["sample"].value
    return [dict(record.data) for record in getattr(value, "records", value)]


def test_CB_1_work_that_goes_on_is_not_stuck(cleared: Engine, ledger_resource: LedgerResource) -> None:
    add_many(cleared, 2)
    claim(cleared, task="m0000")
    put(cleared, effect("a", task_id="m0000"))
    result = no_work_is_stuck(ledger_resource)
    assert (result.passed, alerts(cleared)) == (True, [])


@pytest.mark.parametrize(
    ("what", "breaks"),
    [
        ("task m0000", "UPDATE waybill.tasks SET lease_expires_at = now() - interval '3 min' WHERE id = 'm0000'"),
        ("task m0001", "UPDATE waybill.tasks SET changed_at = now() - interval '31 min' WHERE id = 'm0001'"),
        ("effect", "UPDATE waybill.outbox SET created_at = now() - interval '31 min'"),
        ("delivery",
         "INSERT INTO waybill.inbox (key, route, body, received_at)"
         " VALUES ('k', 'clickup', '{}', now() - interval '16 min')"),
    ],
)  # fmt: skip
def test_CP_7_what_does_not_go_on_is_named_and_told_once(
    cleared: Engine, ledger_resource: LedgerResource, what: str, breaks: str
) -> None:
    add_many(cleared, 2)
    claim(cleared, task="m0000")
    put(cleared, effect("a", task_id="m0000"))
    sql(cleared, breaks)
    for _ in range(2):
        result = no_work_is_stuck(ledger_resource)
        assert not result.passed
        assert result.metadata["stuck"].value == 1
        (row,) = sample(result)
        assert str(row["what"]).startswith(what)
    ((subject, body),) = alerts(cleared)
    assert subject == "Check failed: no_work_is_stuck"
    assert f"1 found.\n{row['what']}" in body


def test_another_thing_that_is_stuck_is_told_anew(cleared: Engine, ledger_resource: LedgerResource) -> None:
    add_many(cleared, 2)
    for name in ("m0000", "m0001"):
        sql(cleared, "UPDATE waybill.tasks SET changed_at = now() - interval '31 min' WHERE id = :id", id=name)
        no_work_is_stuck(ledger_resource)
    assert len(alerts(cleared)) == 2


def test_a_paused_task_is_not_stuck_before_its_pause_is_long_over(
    cleared: Engine, ledger_resource: LedgerResource
) -> None:
    add(cleared)
    claim(cleared)
    expire(cleared)
    add(cleared, "paused")
    sql(
        cleared,
        "UPDATE waybill.tasks SET changed_at = now() - interval '1 h', not_before_at = now() WHERE id = 'paused'",
    )
    assert no_work_is_stuck(ledger_resource).passed, "the lost worker is looked for every few seconds"


def test_CB_8_what_was_given_up_fails_until_somebody_drops_it(cleared: Engine, ledger_resource: LedgerResource) -> None:
    assert nothing_is_dead_lettered(ledger_resource).passed
    with cleared.begin() as connection:
        dead_letters.record(connection, stage="outbox", subject="7", request={}, error="refused", attempts=3)
    result = nothing_is_dead_lettered(ledger_resource)
    assert not result.passed
    assert (result.metadata["dead_letters"].value, result.metadata["outbox"].value) == (1, 1)
    assert sample(result)[0]["error"] == "refused"
    assert alerts(cleared) == [("Check failed: nothing_is_dead_lettered", "1 found.\noutbox: 1")]
    sql(cleared, "UPDATE waybill.dead_letters SET dropped_at = now(), dropped_by = 'Anna', drop_reason = 'old'")
    assert nothing_is_dead_lettered(ledger_resource).passed


def test_CB_10_a_file_that_is_gone_is_named_and_told_once(
    cleared: Engine, ledger_resource: LedgerResource, tmp_path: Path
) -> None:
    artefacts = ArtefactStore(tmp_path / "artefacts")
    add(cleared)
    published(cleared, artefacts)
    path = next(path for path in artefacts.folder.rglob("*") if path.is_file())
    content = path.read_bytes()
    path.unlink()
    for _ in range(2):
        result = every_deliverable_has_its_files(ledger_resource, artefacts)
        assert (result.passed, result.metadata["damaged"].value) == (False, 1)
        assert sample(result) == [{"task": "t1", "version": 1, "file": "note.md", "sha256": path.name}]
    ((subject, body),) = alerts(cleared)
    assert subject == "Check failed: every_deliverable_has_its_files"
    assert body == "1 found.\ntask t1, version 1: note.md is gone or damaged"
    artefacts.put(content)
    assert every_deliverable_has_its_files(ledger_resource, artefacts).passed


@pytest.fixture
def clickup(watched: Watched, ledger_resource: LedgerResource) -> Iterator[ClickUpResource]:
    resource = ClickUpResource(
        url=watched.host.url, token=watched.host.token, ledger=ledger_resource, calls_a_minute=10_000
    )  # fmt: skip
    yield resource
    resource.close()


def test_CB_11_differences_are_listed_and_mended(
    watched: Watched, ledger_resource: LedgerResource, clickup: ClickUpResource
) -> None:
    task = watched.create()
    watched.caught_up()
    check = clickup_agrees_with_the_ledger
    assert check(ledger_resource, clickup, watched.desk.configuration).passed
    watched.host.delete(task)
    result = check(ledger_resource, clickup, watched.desk.configuration)
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert sample(result) == [{"task": task, "ledger": "ready", "clickup": "deleted", "mended": "taken out"}]
    assert check(ledger_resource, clickup, watched.desk.configuration).passed
    assert len(alerts(watched.ledger)) == 1


def test_CB_11_a_check_that_could_not_read_raises(
    watched: Watched, ledger_resource: LedgerResource, clickup: ClickUpResource
) -> None:
    watched.create()
    watched.caught_up()
    watched.host.fail([{"kind": "502_html"}])
    with pytest.raises(ClickUpError):
        clickup_agrees_with_the_ledger(ledger_resource, clickup, watched.desk.configuration)


def test_without_clickup_there_is_nothing_to_compare(ledger_resource: LedgerResource, clickup: ClickUpResource) -> None:
    assert clickup_agrees_with_the_ledger(ledger_resource, clickup, Configuration()).passed
