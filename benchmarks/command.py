"""Waybill as a user runs it: the command, in a home of its own."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.surroundings import child_environment

TIMEOUT_S = 3600
WORDS_OF_A_FAILURE_CHARS = 4000


class CommandFailedError(Exception):
    """The command ended with another exit code than 0; the message has its last words."""


@dataclass(frozen=True)
class Ended:
    """A command that succeeded: what it wrote, and the seconds from its start to its exit."""

    output: str
    took_s: float

    def json(self) -> dict[str, Any]:
        """Its output as JSON."""
        return dict(json.loads(self.output))


@dataclass(frozen=True)
class Waybill:
    """The command line, bound to one home and to no other setting than ``settings``."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)

    def run(self, *words: str, timeout_s: float = TIMEOUT_S) -> Ended:
        """Run ``waybill`` with ``words`` to its end.

        Raises:
            CommandFailedError: it failed, or did not end within ``timeout_s``.
        """
        command = [str(Path(sys.executable).with_name("waybill")), *words]
        environment = child_environment(self.home, **self.settings)
        started = time.perf_counter()
        try:
            ended = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False, timeout=timeout_s
            )
        except subprocess.TimeoutExpired as error:
            raise CommandFailedError(f"waybill {' '.join(words)} did not end within {timeout_s} s") from error
        took_s = time.perf_counter() - started
        if ended.returncode != 0:
            said = (ended.stdout + ended.stderr)[-WORDS_OF_A_FAILURE_CHARS:]
            raise CommandFailedError(f"waybill {' '.join(words)} ended with {ended.returncode}:\n{said}")
        return Ended(ended.stdout, took_s)

    def ingest(self, folder: Path, client: str = "bench") -> Ended:
        """Ingest ``folder``; its JSON says what was done. The time is what a user waits."""
        return self.run("ingest", str(folder), "--client", client, "--json")

    def status(self) -> dict[str, Any]:
        """``waybill status --json``."""
        return self.run("status", "--json").json()
