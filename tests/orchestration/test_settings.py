"""What is set is read once, checked at once, and wrong settings stop the start with words that help."""

import pytest

from orchestration.settings import Settings, SettingsError, inherited_environment, load_settings


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
    ],
)
def test_a_wrong_value_is_named_with_what_was_found_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, key: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert all(part in str(caught.value) for part in (key, repr(value), allowed))


@pytest.mark.parametrize("url", ["mysql://u:hunter2@h/db", "postgresql://u:hunter2@h", "hunter2"])
def test_a_wrong_database_url_is_named_but_its_password_is_not_shown(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("WAYBILL_DATABASE_URL", url)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "WAYBILL_DATABASE_URL" in str(caught.value)
    assert "postgresql://user:password@host:port/database" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_several_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_PORT", "x")
    monkeypatch.setenv("WAYBILL_LOG_BYTES", "y")
    with pytest.raises(SettingsError, match=r"(?s)WAYBILL_PORT.*WAYBILL_LOG_BYTES"):
        load_settings()


def test_an_unknown_key_is_named_with_the_one_it_resembles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_DATABSE_URL", "postgresql://h/db")
    with pytest.raises(SettingsError, match=r"is WAYBILL_DATABSE_URL meant to be WAYBILL_DATABASE_URL\?"):
        load_settings()


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


def test_settings_never_show_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_DATABASE_URL", "postgresql://u:hunter2@h/db")
    monkeypatch.setenv("WAYBILL_QDRANT_API_KEY", "hunter2")
    settings = load_settings()
    assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_a_child_inherits_no_setting_of_dagster_that_we_did_not_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_GRPC_PORT", "1")
    monkeypatch.setenv("WAYBILL_LEASHED_PID", "1")
    environment = inherited_environment({"DAGSTER_HOME": "/ours"})
    assert environment["DAGSTER_HOME"] == "/ours"
    assert "PATH" in environment
    assert not {"DAGSTER_GRPC_PORT", "WAYBILL_LEASHED_PID"} & set(environment)
