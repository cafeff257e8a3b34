"""An agency for a test: an installation of Waybill, the stand-in of ClickUp that it works for, and `waybill.toml`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from orchestration.hosting.parts import free_port
from tests.acceptance.served import Served
from tests.acceptance.waybill_process import Waybill
from tests.clickup_server.host import ClickUpHost, clickup_host
from tests.waiting import wait_until

CLIENT: Final = "acme-outdoor"
"""Of the example, which `waybill up --example` ingests."""
DAY_S: Final = 86_400
WITHIN_S: Final = 60.0
"""The issue's minute: from a person's act to what they see of it."""
_TOML: Final = """
[clickup]
team = "{team}"
spaces = ["{space}"]
poll_interval_s = {poll_interval_s}
settle_s = 4
calls_a_minute = 9000
{more}
"""


@dataclass(frozen=True)
class Agency:
    """Waybill and its ClickUp. What is asked of a task is asked as its people do: in ClickUp or on a terminal."""

    waybill: Waybill
    clickup: ClickUpHost

    def ask(
        self,
        name: str,
        *,
        description: str = "",
        type_: str | None = "knowledge_note",
        due_in_s: float | None = DAY_S,
        priority: int | None = None,
        **fields: object,
    ) -> str:
        """The id of a task that a person makes in ClickUp, with all that Waybill needs unless ``fields`` differ."""
        named = {"Task type": type_, "Client": CLIENT, "Auto execute": True} | fields
        due_at_ms = None if due_in_s is None else int((time.time() + due_in_s) * 1000)
        return self.clickup.create_task(
            name,
            description=description,
            due_at_ms=due_at_ms,
            priority=priority,
            fields={field: value for field, value in named.items() if value is not None},
        )

    def add(self, name: str, type_: str, *more: str) -> str:
        """The id of a local task, added on the command line."""
        added = self.waybill.within("task", "add", name, "--type", type_, "--client", CLIENT, *more, "--json")
        assert added.code == 0, added
        return str(added.json()["id"])

    def show(self, task: str) -> dict[str, Any]:
        """What `waybill task show` tells programs."""
        shown = self.waybill.within("task", "show", task, "--json")
        assert shown.code == 0, shown
        found: dict[str, Any] = shown.json()
        return found

    def wait_until_shown(self, task: str, status: str, within_s: float = WITHIN_S) -> dict[str, Any]:
        """The task as ClickUp has it, when it shows ``status``."""
        wait_until(lambda: self.clickup.task(task)["status"] == status, within_s, f"{status!r} of task {task}")
        return self.clickup.task(task)


def state(up: Served, task: str) -> str:
    """The task's state in the ledger; empty: the ledger does not know it."""
    rows = up.at.sql("SELECT state FROM waybill.tasks WHERE id = %s", task)
    return str(rows[0][0]) if rows else ""


def wait_for_state(up: Served, task: str, *states: str, within_s: float = WITHIN_S) -> None:
    """Return when the task is in one of ``states``."""
    wait_until(lambda: state(up, task) in states, within_s, f"task {task} being {' or '.join(states)}")


@contextmanager
def agency(folder: Path, more: str = "", *, poll_interval_s: int = 5, **settings: str) -> Iterator[Agency]:
    """Both in ``folder``; ``more`` stands at the end of `waybill.toml`. Nothing of Waybill runs yet.

    A poll every few seconds, as no test can wait for the usual half minute at each step.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with clickup_host(folder / "clickup", webhook_pause_s=0.2) as clickup:
        config = folder / "waybill.toml"
        config.write_text(
            _TOML.format(team=clickup.team, space=clickup.space, poll_interval_s=poll_interval_s, more=more)
        )
        port = free_port("127.0.0.1")
        waybill = Waybill(
            folder / "home",
            {
                "WAYBILL_CONFIG": str(config),
                "WAYBILL_CLICKUP_URL": clickup.url,
                "WAYBILL_CLICKUP_TOKEN": clickup.token,
                "WAYBILL_WEBHOOK_PORT": str(port),
                "WAYBILL_WEBHOOK_PUBLIC_URL": f"http://127.0.0.1:{port}",
                "WAYBILL_MIN_FREE_MEMORY_MB": "50",
                **settings,
            },
        )
        try:
            yield Agency(waybill, clickup)
        finally:
            waybill.kill_all()
