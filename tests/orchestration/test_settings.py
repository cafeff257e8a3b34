"""What is set is read once, checked at once, and wrong settings stop the start with words that help."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from orchestration.settings import (
    Settings,
    inherited_environment,
    load_settings,
    webhook_secret,
    webhook_secret_keys,
)
from orchestration.settings_errors import SettingsError


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"WAYBILL_{name.upper()}", raising=False)


def test_with_nothing_set_everything_is_embedded() -> None:
    settings = load_settings()
    assert settings.own_database_url is None
    assert settings.own_dagster_database_url is None
    assert settings.qdrant_url is None
    assert (settings.host, settings.port, settings.embedder) == ("127.0.0.1", 3000, "wordllama")


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("WAYBILL_PORT", "http", "a port from 0 to 65535"),
        ("WAYBILL_PORT", "65536", "a port from 0 to 65535"),
        ("WAYBILL_BATCH_SIZE_DOCUMENTS", "1001", "documents from 1 to 1000"),
        ("WAYBILL_START_DEADLINE_S", "0", "seconds, more than 0"),
        ("WAYBILL_START_DEADLINE_S", "nan", "seconds, more than 0"),
        ("WAYBILL_REREAD_CRON", "daily", "five cron fields"),
        ("WAYBILL_EMBEDDER", "word2vec", "wordllama, fastembed:MODEL or openai:MODEL"),
        ("WAYBILL_QDRANT_URL", "localhost:6333", "http://host:port"),
        ("WAYBILL_CLICKUP_URL", "api.clickup.com", "https://host:port"),
        ("WAYBILL_WEBHOOK_PUBLIC_URL", "hooks.example", "https://host:port"),
        ("WAYBILL_WEBHOOK_PORT", "-1", "a port from 0 to 65535"),
        ("WAYBILL_OUTBOX_PARALLELISM", "0", "effects from 1 to 64"),
        ("WAYBILL_OUTBOX_ATTEMPTS", "1001", "attempts from 1 to 1000"),
        ("WAYBILL_MAX_CONCURRENT_TASKS", "65", "tasks from 1 to 64"),
        ("WAYBILL_MIN_FREE_MEMORY_MB", "a lot", "megabytes from 0 to 1000000"),
        ("WAYBILL_CHECK_CRON", "quarterly", "five cron fields"),
        ("WAYBILL_CLOSED_TASK_DAYS", "0", "days from 1 to 3650"),
        ("WAYBILL_WATCH_FOLDER", "/etc/passwd", "a folder that can be written"),
        ("WAYBILL_WATCH_FOLDER", "/etc/passwd/drop", "a folder that can be written"),
        ("WAYBILL_WATCH_FOLDER", ".waybill/artefacts/drop", "outside of WAYBILL_HOME/artefacts"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_found_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, key: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert all(part in str(caught.value) for part in (key, repr(value), allowed))


def test_the_watch_folder_is_absolute_from_the_start_and_need_not_be_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAYBILL_WATCH_FOLDER", "in/drop")
    assert load_settings().watch_folder == tmp_path / "in" / "drop"
    assert list(tmp_path.iterdir()) == [], "settings make nothing"


@pytest.mark.parametrize("url", ["mysql://u:hunter2@h/db", "postgresql://u:hunter2@h", "hunter2"])
def test_a_wrong_database_url_is_named_but_its_password_is_not_shown(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("WAYBILL_DATABASE_URL", url)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "WAYBILL_DATABASE_URL" in str(caught.value)
    assert "postgresql://user:password@host:port/database" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("key", ["hunter2", "hunter2-" * 5 + "1234", "hunter2+" * 5 + "123="])
def test_a_secret_key_of_another_form_is_named_but_not_shown(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("WAYBILL_SECRET_KEY", key)
    with pytest.raises(SettingsError, match="WAYBILL_SECRET_KEY: expected a Fernet key: 44 characters") as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_a_secret_key_as_fernet_makes_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    key = Fernet.generate_key().decode()
    monkeypatch.setenv("WAYBILL_SECRET_KEY", key)
    taken = load_settings().secret_key
    assert taken is not None
    assert taken.get_secret_value() == key


def test_several_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_PORT", "x")
    monkeypatch.setenv("WAYBILL_LOG_BYTES", "y")
    with pytest.raises(SettingsError, match=r"(?s)WAYBILL_PORT.*WAYBILL_LOG_BYTES"):
        load_settings()


def test_an_unknown_key_is_named_with_the_one_it_resembles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_DATABSE_URL", "postgresql://h/db")
    with pytest.raises(SettingsError, match=r"is WAYBILL_DATABSE_URL meant to be WAYBILL_DATABASE_URL\?"):
        load_settings()


def test_a_secret_of_a_sender_of_webhooks_is_a_setting_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_WEBHOOK_SECRET_WEB_FORMS", "hunter2")
    load_settings()
    assert webhook_secret_keys() == {"WAYBILL_WEBHOOK_SECRET_WEB_FORMS"}
    assert webhook_secret("WAYBILL_WEBHOOK_SECRET_WEB_FORMS").get_secret_value() == "hunter2"
    with pytest.raises(SettingsError, match=r"WAYBILL_WEBHOOK_SECRET_SHOP: expected the secret .*; found nothing"):
        webhook_secret("WAYBILL_WEBHOOK_SECRET_SHOP")


@pytest.mark.parametrize("key", ["WAYBILL_WEBHOOK_SECRET", "WAYBILL_WEBHOOK_SECRET_", "WAYBILL_WEBHOOK_SECRETS_SHOP"])
def test_what_only_resembles_such_a_secret_is_unknown(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv(key, "hunter2")
    with pytest.raises(SettingsError, match=key):
        load_settings()


def test_waybill_toml_is_looked_for_in_the_current_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings().config_file is None
    (tmp_path / "waybill.toml").touch()
    assert load_settings().config_file == tmp_path / "waybill.toml"


def test_another_waybill_toml_is_named_by_a_path_that_holds_in_every_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "waybill.toml").touch()
    monkeypatch.setenv("WAYBILL_CONFIG", "conf/other.toml")
    assert load_settings().config_file == tmp_path / "conf/other.toml"


def test_an_empty_value_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_DATABASE_URL", "")
    assert load_settings().own_database_url is None


def test_a_hosted_embedder_needs_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_EMBEDDER", "openai:some-model")
    with pytest.raises(SettingsError, match="WAYBILL_EMBEDDER_URL"):
        load_settings()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_any_driver_is_dropped_and_dagster_gets_a_database_beside_the_ledgers(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("WAYBILL_DATABASE_URL", f"{scheme}://u:p@h:5433/ledger?sslmode=require")
    settings = load_settings()
    assert settings.own_database_url == "postgresql://u:p@h:5433/ledger?sslmode=require"
    assert settings.own_dagster_database_url == "postgresql://u:p@h:5433/ledger_dagster?sslmode=require"


def test_another_way_to_the_same_database_is_one_past_a_pooler(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not load_settings().behind_pooler
    monkeypatch.setenv("WAYBILL_DATABASE_URL", "postgresql://u:p@pooler/ledger")
    assert not load_settings().behind_pooler
    monkeypatch.setenv("WAYBILL_DATABASE_DIRECT_URL", "postgresql://u:p@pooler/ledger")
    assert not load_settings().behind_pooler, "as every child of `waybill up` is told it"
    monkeypatch.setenv("WAYBILL_DATABASE_DIRECT_URL", "postgresql://u:p@h/ledger")
    assert load_settings().behind_pooler


def test_settings_never_show_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_DATABASE_URL", "postgresql://u:hunter2@h/db")
    for name in ("QDRANT_API_KEY", "CLICKUP_TOKEN", "SMTP_PASSWORD"):
        monkeypatch.setenv(f"WAYBILL_{name}", "hunter2")
    settings = load_settings()
    assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_a_child_inherits_no_setting_of_dagster_that_we_did_not_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_GRPC_PORT", "1")
    monkeypatch.setenv("WAYBILL_LEASHED_PID", "1")
    environment = inherited_environment({"DAGSTER_HOME": "/ours"})
    assert environment["DAGSTER_HOME"] == "/ours"
    assert "PATH" in environment
    assert not {"DAGSTER_GRPC_PORT", "WAYBILL_LEASHED_PID"} & set(environment)
