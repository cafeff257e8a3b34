"""`waybill doctor` looks at whom waybill.toml names besides ClickUp too, and stops at a file that is wrong."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import AuthResult, LoginPassword

from orchestration.doctor import examine
from orchestration.findings import Finding
from orchestration.hosting.parts import free_port
from orchestration.session import Session
from orchestration.settings import load_settings

SENDER = """[webhooks.forms]
path = "forms"
signature_header = "X-Signature"
secret_setting = "WAYBILL_WEBHOOK_SECRET_FORMS"
key = "id"
task = { name = "$.title", type = "knowledge_note", client = "acme" }
"""
MAIL = """[alerts.email]
host = "127.0.0.1"
port = {port}
tls = "none"
user = "waybill"
sender = "waybill@example.org"
to = ["operations@example.org"]
"""
Examined = Callable[..., dict[str, Finding]]


@pytest.fixture
def examined(session: Session, tmp_path: Path) -> Examined:
    """What is found with this waybill.toml, by what it is about."""

    def examined(content: str, **changes: object) -> dict[str, Finding]:
        file = tmp_path / "waybill.toml"
        file.write_text(content)
        settings = session.settings.model_dump() | {"config": file} | changes
        return {finding.what: finding for finding in examine(load_settings(**settings))}

    return examined


@pytest.fixture
def mail_port() -> Iterator[int]:
    """A mail server that lets in whoever says hunter2."""

    def authenticate(_server: object, _session: object, _envelope: object, _how: object, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data.password == b"hunter2")

    port = free_port("127.0.0.1")
    controller = Controller(Sink(), hostname="127.0.0.1", port=port, authenticator=authenticate, auth_require_tls=False)
    controller.start()
    yield port
    controller.stop()


def test_with_nothing_configured_all_is_right_and_nobody_outside_is_asked(examined: Examined) -> None:
    findings = examined("")
    assert all(finding.ok for finding in findings.values())
    assert list(findings) == [
        "home",
        "configuration",
        "database",
        "vectors",
        "ledger",
        "embedder",
        "vector store",
        "artefacts",
    ]
    assert findings["configuration"].found.endswith("waybill.toml; task types: knowledge_note")


def test_clickup_without_a_token_is_told_with_the_setting(examined: Examined) -> None:
    finding = examined('[clickup]\nteam = "1"\nspaces = ["2"]\n')["clickup"]
    assert not finding.ok
    assert "WAYBILL_CLICKUP_TOKEN" in finding.found


def test_a_sender_of_webhooks_needs_its_secret(examined: Examined, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = examined(SENDER)["webhooks.forms"]
    assert not finding.ok
    assert finding.found.startswith("WAYBILL_WEBHOOK_SECRET_FORMS: expected the secret")
    monkeypatch.setenv("WAYBILL_WEBHOOK_SECRET_FORMS", "hunter2")
    assert examined(SENDER)["webhooks.forms"] == Finding(
        "webhooks.forms", ok=True, found="WAYBILL_WEBHOOK_SECRET_FORMS is set"
    )


def test_the_mail_server_is_knocked_at(examined: Examined, mail_port: int) -> None:
    text = MAIL.format(port=mail_port)
    found = examined(text, smtp_password="hunter2")["mail server"]
    assert found == Finding("mail server", ok=True, found=f"127.0.0.1:{mail_port} lets us in (none, as waybill)")
    refused = examined(text, smtp_password="hunter3")["mail server"]
    assert not refused.ok
    assert "WAYBILL_SMTP_PASSWORD" in refused.found
    assert "hunter3" not in refused.found


def test_a_mail_server_that_is_not_there_is_told(examined: Examined) -> None:
    finding = examined(MAIL.format(port=free_port("127.0.0.1")))["mail server"]
    assert not finding.ok
    assert "ConnectionRefusedError" in finding.found


def test_a_wrong_waybill_toml_is_told_and_nothing_is_started(tmp_path: Path) -> None:
    file = tmp_path / "waybill.toml"
    file.write_text("[clickup]\n")
    home, configuration = examine(load_settings(home=tmp_path / "home", config=file))
    assert home.ok
    assert not configuration.ok
    assert "clickup.team" in configuration.found
    assert list((tmp_path / "home").iterdir()) == []


def test_a_watch_folder_is_made_and_one_that_cannot_be_written_is_told(examined: Examined, tmp_path: Path) -> None:
    found = examined("", watch_folder=tmp_path / "drop")["watch folder"]
    assert (found.ok, (tmp_path / "drop").is_dir()) == (True, True)
    assert "drop is writable" in found.found
    assert not examined("", watch_folder=Path("/proc/drop"))["watch folder"].ok
