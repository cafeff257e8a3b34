"""`waybill clickup webhook`: registered against the stand-in, shown with its health, and no secret on any stream."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.waybill_process import Waybill
from tests.clickup_server.host import ClickUpHost, clickup_host

PUBLIC_URL = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickUpHost]:
    with clickup_host(tmp_path_factory.mktemp("clickup")) as running:
        yield running


@pytest.fixture(scope="module")
def waybill(tmp_path_factory: pytest.TempPathFactory, host: ClickUpHost) -> Iterator[Waybill]:
    folder = tmp_path_factory.mktemp("installation")
    (folder / "waybill.toml").write_text(f'[clickup]\nteam = "{host.team}"\nspaces = ["{host.space}"]\n')
    settings = {
        "WAYBILL_CONFIG": str(folder / "waybill.toml"),
        "WAYBILL_CLICKUP_URL": host.url,
        "WAYBILL_CLICKUP_TOKEN": host.token,
        "WAYBILL_WEBHOOK_PUBLIC_URL": PUBLIC_URL,
    }
    made = Waybill(folder / "home", settings)
    with made.held():
        yield made
    made.kill_all()


def test_the_webhook_is_registered_kept_and_shown_without_its_secret(waybill: Waybill, host: ClickUpHost) -> None:
    refused = waybill.within("clickup", "webhook", "show").refused()
    assert "waybill clickup webhook ensure" in refused
    first = waybill.within("clickup", "webhook", "ensure", "--json")
    shown = waybill.within("clickup", "webhook", "show", "--json")
    again = waybill.within("clickup", "webhook", "ensure")
    (hook,) = host.webhooks()
    assert first.json()["done"] == "registered"
    assert first.json()["endpoint"] == f"{PUBLIC_URL}/webhooks/clickup"
    assert (shown.code, shown.json()["id"], shown.json()["health"]) == (0, hook["id"], "active")
    assert "kept" in again.out
    for ended in (first, shown, again):
        assert str(hook["secret"]) not in ended.out + ended.said
        assert host.token not in ended.out + ended.said


def test_without_a_public_address_it_says_which_setting_is_missing(waybill: Waybill) -> None:
    settings = {key: value for key, value in waybill.settings.items() if key != "WAYBILL_WEBHOOK_PUBLIC_URL"}
    refused = Waybill(waybill.home, settings).within("clickup", "webhook", "ensure").refused()
    assert "WAYBILL_WEBHOOK_PUBLIC_URL" in refused


def test_without_a_workspace_it_says_what_to_add(waybill: Waybill, tmp_path: Path) -> None:
    (tmp_path / "waybill.toml").write_text("")
    settings = {**waybill.settings, "WAYBILL_CONFIG": str(tmp_path / "waybill.toml")}
    refused = Waybill(waybill.home, settings).within("clickup", "webhook", "ensure").refused()
    assert "[clickup]" in refused
