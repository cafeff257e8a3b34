"""`waybill versions`, `diff`, `rollback`, `task fetch --version`, and four eyes on the command line (CP-2, CP-3)."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from assets.partitions import TASKS
from orchestration.session import open_session
from orchestration.settings import load_settings
from orchestration.tasking import me
from tests.acceptance.waybill_process import Waybill, with_a_client
from tests.sessions import run, unchanged_environment

pytestmark = pytest.mark.slow

CLIENT: Final = "acme"
PROGRAM: Final = r"""
import json, sys
task = json.load(open(sys.argv[1]))
open('letter.md', 'w').write(f"# Letter\n\nIt is version {task['version']}.\n\x1b[2J{task['feedback']}\n")
open('plan.zip', 'wb').write(bytes([task['version']]))
json.dump({'summary': 'One letter.', 'files': [
    {'name': 'letter.md', 'path': 'letter.md', 'media_type': 'text/markdown'},
    {'name': 'plan.zip', 'path': 'plan.zip', 'media_type': 'application/zip'}]}, open(sys.argv[2], 'w'))
"""
TOML: Final = f"""
[clients.{CLIENT}]
approves_own_orders = false
[task_types.letter]
kind = "command"
[task_types.letter.settings]
program = {json.dumps([sys.executable, "-I", "-S", "-c", PROGRAM, "{task}", "{result}"])}
"""


@pytest.fixture(scope="module")
def waybill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waybill]:
    """Its servers are held for all of these tests, with a known client."""
    with with_a_client(tmp_path_factory.mktemp("versions"), TOML, CLIENT) as made:
        yield made


@pytest.fixture(scope="module")
def task(waybill: Waybill) -> str:
    """Version 1 was sent back, version 2 is in review."""
    made = str(add(waybill)["id"])
    assert work(waybill, made)
    assert waybill.within("reject", made, "--reason", "Warmer, please.", "--by", "Ben").code == 0
    assert work(waybill, made)
    return made


def add(waybill: Waybill, *more: str) -> Any:
    return waybill.within("task", "add", "A letter", "--type", "letter", "--client", CLIENT, *more, "--json").json()


def work(waybill: Waybill, task: str) -> bool:
    """One run for the task, as from the web pages; whether it succeeded."""
    settings = load_settings(home=waybill.home, config=Path(waybill.settings["WAYBILL_CONFIG"]))
    with unchanged_environment(), open_session(settings) as session:
        session.instance.add_dynamic_partitions(str(TASKS.name), [task])
        return run(session, "run_command", task).success


@pytest.mark.parametrize(
    "command", [("versions",), ("diff",), ("rollback", "--to", "1", "--reason", "x")], ids=" ".join
)
def test_an_unknown_task_is_named(waybill: Waybill, command: tuple[str, ...]) -> None:
    said = waybill.within(*command, "86nothing").refused()
    assert "task 86nothing" in said
    assert "`waybill tasks` lists them" in said


def test_CP_3_two_versions_are_laid_side_by_side(waybill: Waybill, task: str) -> None:
    lines = waybill.within("diff", task).out.splitlines()
    assert lines[:2] == ["Version 1 to version 2", "3 words added, 2 removed"]
    assert [line for line in lines if line.startswith(("+", "-"))] == [
        "--- before/letter.md", "+++ after/letter.md", "-It is version 1.", "-\N{REPLACEMENT CHARACTER}[2JNone",
        "+It is version 2.", "+\N{REPLACEMENT CHARACTER}[2JWarmer, please.",
    ]  # fmt: skip
    assert any(line.startswith("changed  plan.zip  ") and " -> " in line for line in lines)
    assert "\x1b" not in "".join(lines), "what a program wrote steers no terminal"
    told = waybill.within("diff", task, "2", "1", "--json").json()
    assert (told["from"], told["to"], told["words_added"], told["words_removed"]) == (2, 1, 2, 3)
    assert [(each["name"], each["change"], each["diff"] is None) for each in told["files"]] == [
        ("letter.md", "changed", False), ("plan.zip", "changed", True),
    ]  # fmt: skip
    assert "version 9" in waybill.within("diff", task, "1", "9").refused()


def test_CP_2_who_ordered_it_does_not_approve_it(waybill: Waybill, task: str) -> None:
    for options in ((), ("--by", f" {me().upper()}")):
        said = waybill.within("approve", task, *options).refused()
        assert f"expected an approval by another person than {me()}; found one by" in said
        assert "clients.acme.approves_own_orders" in said
    other = add(waybill, "--by", "Anna")
    assert other["ordered_by"] == "Anna"
    assert work(waybill, other["id"])
    assert "another person than Anna" in waybill.within("approve", other["id"], "--by", "anna@acme.example").refused()
    assert waybill.within("approve", other["id"]).out == f"{other['id']} is delivered.\n"


def test_CP_3_back_to_an_old_version_which_is_approved_anew(waybill: Waybill, task: str, tmp_path: Path) -> None:
    assert waybill.within("rollback", task, "--to", "1").code == 2, "not without a reason"
    assert "version 7" in waybill.within("rollback", task, "--to", "7", "--reason", "x").refused()
    done = waybill.within("rollback", task, "--to", "1", "--reason", "the tone was better", "--by", "Ben")
    assert done.out == f"{task} is in_review: version 3 equals version 1.\n"
    assert "shows already" in waybill.within("rollback", task, "--to", "1", "--reason", "again").refused()
    assert waybill.within("approve", task, "--by", "Clara").out == f"{task} is delivered.\n"

    found = waybill.within("versions", task, "--json").json()["versions"]
    assert [(each["number"], each["stage"], each["copy_of"], each["published"]) for each in found] == [
        (1, "whole", None, True), (2, "whole", None, True), (3, "whole", 1, True),
    ]  # fmt: skip
    assert found[2]["made_by"] == "rolled back to version 1 by Ben"
    assert [[(one["decision"], one["reviewer"]) for one in each["decisions"]] for each in found] == [
        [("changes_requested", "Ben")], [("changes_requested", "Ben")], [("approved", "Clara")],
    ]  # fmt: skip
    assert found[2]["files"] == found[0]["files"]
    page = waybill.within("versions", task).out
    assert all(
        word in page for word in ("letter.md", "approved by Clara", "rolled back to version 1", "equals 1, published")
    )

    for number, text in ((None, "1."), (1, "1."), (2, "2.")):
        options = [] if number is None else ["--version", str(number)]
        (letter, _) = waybill.within("task", "fetch", task, "--into", tmp_path, *options).out.splitlines()
        assert f"It is version {text}" in Path(letter).read_text()
    assert "version 7" in waybill.within("task", "fetch", task, "--into", tmp_path, "--version", "7").refused()
    assert waybill.within("task", "fetch", task, "--into", tmp_path, "--version", "1", "--outputs").code == 2
