"""The secrets of senders of webhooks, which waybill.toml declares by their names."""

from pathlib import Path

import pytest

from orchestration.configuration import load_configuration
from orchestration.settings import load_settings
from orchestration.settings_errors import SettingsError
from tests.orchestration.test_configuration import SENDER


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "waybill.toml"


def test_a_secret_that_the_file_declares_is_let_through(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    file.write_text(SENDER)
    monkeypatch.setenv("WAYBILL_WEBHOOK_SECRET_FORMS", "hunter2")
    assert list(load_configuration(load_settings(config=file)).webhooks) == ["forms"]


def test_a_secret_that_the_file_does_not_declare_is_refused(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    file.write_text(SENDER)
    monkeypatch.setenv("WAYBILL_WEBHOOK_SECRET_FORM", "hunter2")
    with pytest.raises(SettingsError, match=r"WAYBILL_WEBHOOK_SECRET_FORM: .*WAYBILL_WEBHOOK_SECRET_FORMS") as caught:
        load_configuration(load_settings(config=file))
    assert "hunter2" not in str(caught.value)
