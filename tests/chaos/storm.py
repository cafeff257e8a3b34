"""What goes wrong while tasks are worked on: processes killed with -9, Postgres restarted, every fault of the stand-in.

All of it is drawn from one seed. Only processes that work for the installation's own home are ended, by their ids.
"""

import os
import random
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.clickup_server.host import ClickUpHost
from tests.orchestration.hosting.running import living

FAULTS: Final = (
    "429", "500", "502_html", "timeout_before", "timeout_after", "reset_before", "reset_after", "slow",
)  # fmt: skip
PROBABILITY: Final = 0.04
"""Of each kind for each request; together a third of all requests fail."""
HOLD_S: Final = 3.0
"""Longer than Waybill waits for an answer here."""
LAG_MS: Final = 1500
CALLS: Final = 10_000
WINDOW_S: Final = 2.0
"""Of the limit that a 429 speaks of: Waybill rightly makes no call at all until it is over."""
ROLES: Final = {
    "run worker": "multiprocessing",
    "daemon": "dagster._daemon",
    "code server": "dagster api grpc",
    "outbox": "orchestration.hosting.outbox",
    "webhooks": "orchestration.desk",
}
"""What is killed, by a part of its command line."""
_WEIGHTS: Final = {"run worker": 7, "daemon": 1, "code server": 1, "outbox": 3, "webhooks": 1}


@dataclass
class Storm:
    """One storm over one home. ``kills`` and ``restarts`` count what hit."""

    home: Path
    clickup: ClickUpHost
    seed: int
    kills: dict[str, int] = field(default_factory=dict)
    restarts: int = 0
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def begin(self) -> None:
        """From now on the stand-in fails, lags, and loses, doubles and reorders webhooks."""
        rules = [
            {"kind": kind, "probability": PROBABILITY, "seed": self.seed + number, "hold_s": HOLD_S}
            for number, kind in enumerate(FAULTS)
        ]
        self.clickup.fail(rules)
        self.clickup.limit(CALLS, window_s=WINDOW_S)
        self.clickup.lag(LAG_MS)
        self.clickup.add_webhook_faults(lost=0.2, doubled=0.2, reordered=0.2, seed=self.seed)

    def end(self) -> None:
        """The weather clears; what is broken stays so until somebody mends it."""
        self.clickup.heal()
        self.clickup.lag(0)
        self.clickup.add_webhook_faults()

    def strike(self) -> str | None:
        """Kill one process with -9; its role, or None when none of the drawn role lived."""
        role = self._random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        alive = sorted(pid for pid, words in living(self.home).items() if ROLES[role] in words)
        if not alive:
            return None
        try:
            os.kill(self._random.choice(alive), signal.SIGKILL)
        except ProcessLookupError:
            return None  # it ended between the look and the blow
        self.kills[role] = self.kills.get(role, 0) + 1
        return role

    def restart_postgres(self) -> None:
        """A fast shutdown, amid whatever is under way; its keeper starts it again."""
        os.kill(int((self._cluster() / "postmaster.pid").read_text().split()[0]), signal.SIGINT)
        self.restarts += 1

    def _cluster(self) -> Path:
        return next((self.home / "postgres").rglob("postmaster.pid")).parent

    @property
    def faults(self) -> int:
        """How many requests were hit by a fault."""
        return sum(request["fault"] is not None for request in self.clickup.requests())

    @property
    def pause_s(self) -> float:
        """How long until the next strike. A daemon needs some ten seconds from its start to its first tick."""
        return self._random.uniform(4.0, 8.0)
