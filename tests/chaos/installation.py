"""An installation for a storm: a home with an ingested client, a stand-in for ClickUp, and `waybill.toml` between."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from orchestration.hosting.parts import free_port
from tests.acceptance.waybill_process import Waybill
from tests.clickup_server.host import ClickUpHost, clickup_host

CLIENT: Final = "acme-outdoor"
EXAMPLE: Final = Path(__file__).parents[2] / "examples" / CLIENT
SETTLE_S: Final = 4.0
"""How long the stand-in's reads may lag, here; so chaos need not wait for minutes after each unclear answer."""
ATTEMPTS: Final = 12
"""Of each task: more than a storm can spend, so that a task which fails has another reason."""
_TOML: Final = """
[clickup]
team = "{team}"
spaces = ["{space}"]
poll_interval_s = 5
settle_s = {settle_s}
calls_a_minute = 9000

[task_types.knowledge_note]
attempts = {attempts}
attempt_deadline_s = 300
"""


@dataclass(frozen=True)
class Installation:
    """Waybill and the ClickUp that it works for."""

    waybill: Waybill
    clickup: ClickUpHost
    webhook_url: str


@contextmanager
def installation(folder: Path) -> Iterator[Installation]:
    """Both in ``folder``; the example's knowledge is in, nothing of Waybill runs yet."""
    with clickup_host(folder / "clickup", webhook_pause_s=0.2, webhook_timeout_s=2.0) as clickup:
        config = folder / "waybill.toml"
        config.write_text(_TOML.format(team=clickup.team, space=clickup.space, settle_s=SETTLE_S, attempts=ATTEMPTS))
        webhook_url = f"http://127.0.0.1:{free_port('127.0.0.1')}"
        waybill = Waybill(
            folder / "home",
            {
                "WAYBILL_CONFIG": str(config),
                "WAYBILL_CLICKUP_URL": clickup.url,
                "WAYBILL_CLICKUP_TOKEN": clickup.token,
                "WAYBILL_CLICKUP_TIMEOUT_S": "2",
                "WAYBILL_WEBHOOK_PORT": webhook_url.rpartition(":")[2],
                "WAYBILL_WEBHOOK_PUBLIC_URL": webhook_url,
                "WAYBILL_MIN_FREE_MEMORY_MB": "50",
            },
        )
        waybill.made("ingest", EXAMPLE, "--client", CLIENT)
        yield Installation(waybill, clickup, webhook_url)
