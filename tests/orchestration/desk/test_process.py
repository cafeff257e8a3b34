"""`python -m orchestration.desk`: listens when all is in order, says why when it is not, and ends when told."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from resources.vault import Vault
from tests.architecture.sources import ROOT
from tests.orchestration.desk.serving import FORMS_SECRET, FORMS_SETTING, count, register
from tests.resources.webhooks.clickup_samples import signature
from tests.resources.webhooks.test_entry_points import GOOD, install

FILE = """
[clickup]
team = "1"
spaces = ["2"]
"""
FORM = b'{"id": "7", "title": "What?"}'
ENDS_WITHIN_S = 30


@contextmanager
def desk(folder: Path, ledger_url: str, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The process, in ``folder``, where its home, its waybill.toml and an installed package may be."""
    (folder / "waybill.toml").write_text(FILE)
    settings = {"WAYBILL_HOME": str(folder / "home"), "WAYBILL_DATABASE_URL": ledger_url}
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestration.desk", *(arguments or ("--port", "0"))],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{folder}", "PYTHONUNBUFFERED": "1"} | settings | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def refusal(process: subprocess.Popen[str]) -> str:
    out, said = process.communicate(timeout=ENDS_WITHIN_S)
    assert (process.returncode, out) == (1, "")
    assert "Traceback" not in said
    return said


def test_it_takes_deliveries_of_a_plugged_in_sender_and_ends_with_0(
    tmp_path: Path, ledger_url: str, ledger: Engine
) -> None:
    install(tmp_path, GOOD)
    with desk(tmp_path, ledger_url, **{FORMS_SETTING: FORMS_SECRET}) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("listening on ").strip()
        with httpx.Client(base_url=url, trust_env=False) as client:
            assert client.get("/readyz").text == "ready"
            signed = {"X-Forms": signature(FORM, FORMS_SECRET)}
            assert client.post("/webhooks/forms", content=FORM, headers=signed).status_code == 200
            assert client.post("/webhooks/forms", content=FORM).status_code == 403
            register(ledger, Vault.of(tmp_path / "home" / "run", None))
            assert client.post("/webhooks/clickup", content=FORM).status_code == 403
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=ENDS_WITHIN_S)
    assert process.returncode == 0
    assert [line.split(" bytes")[0].split("waybill.desk: ")[1] for line in said.splitlines()] == [
        "route=forms outcome='stored'",
        "route=forms outcome='unsigned'",
        "route=clickup outcome='unsigned'",
    ]
    assert count(ledger, "inbox") == 1


def test_a_secret_that_is_not_set_stops_the_start(tmp_path: Path, ledger_url: str) -> None:
    install(tmp_path, GOOD)
    with desk(tmp_path, ledger_url) as process:
        assert FORMS_SETTING in refusal(process)


def test_AP_9_a_broken_adapter_stops_the_start(tmp_path: Path, ledger_url: str) -> None:
    install(tmp_path, "1 / 0")
    with desk(tmp_path, ledger_url) as process:
        assert "entry point forms = forms_for_waybill:Forms" in refusal(process)


def test_a_taken_port_is_named_with_its_setting(tmp_path: Path, ledger_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        with desk(tmp_path, ledger_url, "--port", port) as process:
            said = refusal(process)
    assert "WAYBILL_WEBHOOK_PORT" in said
    assert port in said


def test_an_address_that_is_not_ours_is_told(tmp_path: Path, ledger_url: str) -> None:
    with desk(tmp_path, ledger_url, WAYBILL_WEBHOOK_HOST="192.0.2.1") as process:
        assert "WAYBILL_WEBHOOK_HOST" in refusal(process)


@pytest.mark.parametrize("url", ["", "postgresql://nobody@127.0.0.1:9/none"])
def test_DT_9_without_a_database_it_does_not_start(tmp_path: Path, url: str) -> None:
    with desk(tmp_path, url) as process:
        said = refusal(process)
    assert "database" in said.lower()
