"""What waybill.toml and the settings say reaches assets and sensors, here and in every child, and nothing is opened."""

from pathlib import Path

import pytest

from orchestration.configuration_errors import ConfigurationError
from orchestration.definitions import build_definitions
from orchestration.hosting.backends import open_backends
from orchestration.session import Session
from orchestration.settings import load_settings
from orchestration.wiring import Resources

CLICKUP = '[clickup]\nteam = "1"\nspaces = ["2"]\n'


def test_definitions_hold_what_waybill_toml_says_and_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "waybill.toml"
    file.write_text(CLICKUP)
    settings = load_settings(home=tmp_path / "home", config=file, clickup_token="hunter2")
    resources = Resources.of(settings)
    definitions = build_definitions(settings, resources)
    assert definitions.resources is not None
    assert definitions.resources["configuration"].clickup.team == "1"
    assert definitions.resources["artefacts"].folder == tmp_path / "home" / "artefacts"
    assert "hunter2" not in repr(resources)
    assert not (tmp_path / "home").exists()


def test_a_fault_in_waybill_toml_comes_before_anything_is_opened(tmp_path: Path) -> None:
    file = tmp_path / "waybill.toml"
    file.write_text("[clickup]\n")
    with pytest.raises(ConfigurationError, match=r"clickup\.team"):
        Resources.of(load_settings(home=tmp_path / "home", config=file))


def test_children_are_led_to_the_same_file(session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert "WAYBILL_CONFIG" not in session.backends.environment()
    (tmp_path / "waybill.toml").write_text(CLICKUP)
    with open_backends(session.settings) as backends:
        assert backends.environment()["WAYBILL_CONFIG"] == str(tmp_path / "waybill.toml")
