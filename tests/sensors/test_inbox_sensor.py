"""From a change in ClickUp to the ledger: the stand-in delivers to the real listener, the sensor reads tasks again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import Engine

from resources.clickup.errors import ClickUpCredentialsError
from resources.clickup.resource import ClickUpResource
from resources.domain.configuration import Configuration
from resources.ledger import alerts, webhooks
from resources.ledger.resource import LedgerResource
from resources.vault import VaultResource
from resources.webhooks.routes import Routes
from resources.work.webhook_registration import ensure
from sensors.inbox_sensor import inbox_sensor
from sensors.webhook_health_sensor import webhook_health_sensor
from tests.clickup_server.host import ClickUpHost, clickup_host
from tests.orchestration.desk.serving import desk
from tests.resources.ledger.making import registered, sql
from tests.waiting import wait_until

TASKS = 12


@dataclass(frozen=True)
class Installation:
    """What the sensors take, and the stand-in that its webhook comes from."""

    host: ClickUpHost
    resources: dict[str, Any]
    ledger: Engine

    def tick(self, sensor: dg.SensorDefinition) -> str:
        """One tick; what it says, or the number of materializations of `clickup_tasks` that it reports."""
        with dg.build_sensor_context(resources=self.resources) as context:
            result = sensor(context)
        if isinstance(result, dg.SensorResult):
            if result.asset_events:
                return f"{len(result.asset_events)} materialization"
            result = result.skip_reason
        assert isinstance(result, dg.SkipReason)
        return str(result.skip_message)

    def deliveries_settled(self) -> bool:
        return all(each["outcome"] != "pending" for each in self.host.webhook_deliveries())

    def statuses(self) -> dict[str, str]:
        """Of every task, as the ledger has it."""
        return dict(sql(self.ledger, "SELECT id, clickup_status FROM waybill.tasks WHERE deleted_at IS NULL"))


@pytest.fixture
def installation(ledger_url: str, ledger: Engine, tmp_path: Path) -> Iterator[Installation]:
    """ClickUp's webhook leads to a listener that runs; client acme is known."""
    registered(ledger)
    with clickup_host(tmp_path / "clickup", webhook_pause_s=0.01) as host:
        configuration = Configuration.model_validate({"clickup": {"team": host.team, "spaces": [host.space]}})
        resource, vault = LedgerResource(ledger_url, pool_size=5), VaultResource(tmp_path, None)
        clickup = ClickUpResource(url=host.url, token=host.token, ledger=resource, calls_a_minute=10_000)
        given = {"ledger": resource, "clickup": clickup, "configuration": configuration, "vault": vault}
        with desk(ledger, vault.vault, configuration=configuration) as running:
            endpoint = f"http://127.0.0.1:{running.port}/webhooks/clickup"
            ensure(ledger, clickup.client, vault.vault, team=host.team, endpoint=endpoint)
            yield Installation(host, given, ledger)
        clickup.close()
        resource.close()


@pytest.fixture
def sensor(installation: Installation) -> dg.SensorDefinition:
    return inbox_sensor(Routes.of(installation.resources["configuration"]))


def test_doubled_and_reordered_deliveries_end_in_what_clickup_shows(
    installation: Installation, sensor: dg.SensorDefinition
) -> None:
    host = installation.host
    host.add_webhook_faults(doubled=0.3, reordered=0.3, seed=3)
    made = [host.create_task(f"Task {n}") for n in range(TASKS)]
    for task in made[: TASKS // 2]:
        host.move(task, "in progress", user="Bo")
    host.delete(made[-1])
    wait_until(installation.deliveries_settled, 60, "the end of all deliveries")
    said = installation.tick(sensor)
    while "No delivery" not in said:
        said = installation.tick(sensor)
    known = installation.statuses()
    assert known == {task: host.task(task)["status"] for task in made[:-1]} | {
        task: status for task, status in known.items() if task not in made
    }
    inbox = sql(
        installation.ledger, "SELECT count(*) FILTER (WHERE handled_at IS NULL), max(deliveries) FROM waybill.inbox"
    )
    assert inbox[0][0] == 0
    assert inbox[0][1] > 1, "none was doubled"
    assert sql(installation.ledger, "SELECT count(*) FROM waybill.dead_letters") == [(0,)]
    looks = [call for call in host.requests() if call["method"] == "GET" and call["path"].endswith(f"task/{made[0]}")]
    assert len(looks) == 1, "one look for all deliveries of a task"


def test_nothing_to_do_is_said_and_asks_clickup_nothing(
    installation: Installation, sensor: dg.SensorDefinition
) -> None:
    before = len(installation.host.requests())
    assert installation.tick(sensor) == "No delivery is due."
    assert len(installation.host.requests()) == before


def test_a_round_in_which_clickup_could_not_be_read_raises_and_loses_nothing(
    installation: Installation, sensor: dg.SensorDefinition
) -> None:
    task = installation.host.create_task("Task")
    wait_until(installation.deliveries_settled, 60, "the end of all deliveries")
    installation.host.revoke()
    with pytest.raises(ClickUpCredentialsError):
        installation.tick(sensor)
    installation.host.revoke(revoked=False)
    sql(installation.ledger, "UPDATE waybill.inbox SET next_at = now() WHERE handled_at IS NULL")
    assert installation.tick(sensor) == "1 materialization"
    assert task in installation.statuses()


def test_the_health_of_the_webhook_is_looked_at_and_a_lost_one_comes_back(installation: Installation) -> None:
    assert "found registered and kept: active" in installation.tick(webhook_health_sensor)
    with installation.ledger.begin() as connection:
        stored = webhooks.get(connection, "clickup")
    assert stored is not None
    installation.resources["clickup"].client.delete_webhook(stored.remote_id)
    assert "found gone from ClickUp and registered: active" in installation.tick(webhook_health_sensor)
    with installation.ledger.begin() as connection:
        assert alerts.recent(connection, 10) == []


def test_without_a_webhook_its_health_costs_no_call(installation: Installation) -> None:
    with installation.ledger.connect() as connection:
        connection.exec_driver_sql("RESET ROLE")
        connection.exec_driver_sql("DELETE FROM waybill.webhooks")
        connection.commit()
    before = len(installation.host.requests())
    assert "waybill clickup webhook ensure" in installation.tick(webhook_health_sensor)
    assert len(installation.host.requests()) == before
