"""Adapters of installed packages: found by their entry point, and a broken one stops the start with its name (AP-9)."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
ROUTES = """
from resources.domain.configuration import Configuration
from resources.webhooks.routes import Routes
routes = Routes.of(Configuration())
print(*routes.adapters)
print(routes.work("forms", {"title": "Hello"}))
"""
GOOD = """
from resources.webhooks.adapter import MakeTask, WantedTask, signed

class Forms:
    route = "forms"
    secret_setting = "WAYBILL_WEBHOOK_SECRET_FORMS"

    def verify(self, headers, raw_body, secret):
        return signed(raw_body, secret, headers.get("x-forms", ""))

    def key(self, headers, body):
        return body["id"]

    def work(self, body):
        return MakeTask(WantedTask(body["title"], "knowledge_note", "acme"))
"""


def install(folder: Path, module: str, value: str = "forms_for_waybill:Forms") -> None:
    """A package as an installer leaves it: a module, and a dist-info folder with its entry point."""
    (folder / "forms_for_waybill.py").write_text(module)
    info = folder / "forms_for_waybill-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: forms-for-waybill\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[waybill.webhooks]\nforms = {value}\n")


def gather(folder: Path) -> subprocess.CompletedProcess[str]:
    """What a process says that starts with the package installed."""
    paths = [str(CHECKOUT), str(folder)]
    program = f"import sys; sys.path[:0] = {paths!r}\n{ROUTES}"
    return subprocess.run(
        [sys.executable, "-c", program], cwd="/", capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("made", ["Forms", "made"])
def test_AP_2_an_adapter_of_an_installed_package_is_a_route(tmp_path: Path, made: str) -> None:
    install(tmp_path, f"{GOOD}\nmade = Forms()\n", f"forms_for_waybill:{made}")
    said = gather(tmp_path)
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines()[0] == "forms"
    assert "name='Hello'" in said.stdout


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("1 / 0", "ZeroDivisionError"),
        (GOOD.replace("class Forms", "class Others"), "AttributeError"),
        (GOOD.replace("def work", "def do"), "Forms without work"),
        (GOOD.replace("def key(self, headers, body)", "def key(self, body)"), "key() with 2 parameter(s)"),
        (GOOD.replace('route = "forms"', 'route = "../forms"'), "'../forms'"),
        (GOOD.replace('route = "forms"', "route = 7"), "found 7"),
        (GOOD.replace("WAYBILL_WEBHOOK_SECRET_FORMS", "PATH"), "WAYBILL_WEBHOOK_SECRET_"),
        (GOOD.replace("route = ", "def __init__(self, needed): ...\n    route = "), "needed"),
    ],
)
def test_AP_9_a_broken_adapter_stops_the_start_and_is_named(tmp_path: Path, module: str, told: str) -> None:
    install(tmp_path, module)
    said = gather(tmp_path)
    assert said.returncode == 1
    assert "entry point forms = forms_for_waybill:Forms" in said.stderr
    assert told in said.stderr
