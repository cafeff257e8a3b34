"""`waybill up`: Dagster's three processes and ours under one roof, over the embedded servers or one's own.

Never `dagster dev`: its webserver and daemon outlive a kill -9, and the next start gets a second daemon.
"""

import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from types import FrameType
from typing import Final
from urllib.request import ProxyHandler, Request, build_opener

from orchestration.hosting.backends import Backends, open_backends
from orchestration.hosting.children import Child, ChildSpec, tail
from orchestration.hosting.dagster_yaml import LOCATION, open_instance, size_task_pool, write_instance, write_workspace
from orchestration.hosting.home import Home, held
from orchestration.hosting.parts import free_port, refuse_taken_port
from orchestration.hosting.run_launcher import end_abandoned_runs
from orchestration.hosting.supervisor import Supervisor
from orchestration.hosting.waiting import became_true
from orchestration.settings import Settings, inherited_environment
from resources.domain.errors import TransientError

DEFINITIONS: Final = "orchestration.definitions"
_STARTS_BEFORE_GIVING_UP: Final = 2
_QUERY: Final = """{ workspaceOrError { __typename ... on Workspace { locationEntries {
  loadStatus locationOrLoadError { __typename ... on PythonError { message } } } } } }"""


class StartFailedError(TransientError):
    """A part of `waybill up` did not come up; the end of its log says why."""


@dataclass(frozen=True)
class Serving:
    """What runs: addresses of the UI and of the listener for webhooks, the backends, and all processes by name."""

    url: str
    webhooks_url: str
    backends: Backends
    children: dict[str, Child]


def up(
    settings: Settings,
    *,
    prepare: Callable[[Backends], None] = lambda _: None,
    module: str = DEFINITIONS,
    say: Callable[[str], None] = print,
) -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP; then end everything and return 0. Call it from the main thread.

    Raises:
        WaybillError: another `up` holds the home, a port is taken, a backend or a child did not come up.
    """
    with interruptible(), suppress(KeyboardInterrupt), serving(settings, prepare=prepare, module=module) as served:
        say(f"Waybill is up: {served.url} (Ctrl-C ends it)")
        threading.Event().wait()
    return 0


@contextmanager
def serving(
    settings: Settings,
    *,
    prepare: Callable[[Backends], None] = lambda _: None,
    module: str = DEFINITIONS,
) -> Iterator[Serving]:
    """Everything that `waybill up` runs, while the block runs; the UI answers GraphQL when it begins.

    ``prepare`` migrates and checks before anything of Dagster starts: what it raises stops the start.

    Raises:
        WaybillError: as ``up``.
    """
    home = Home.at(settings.home).make()
    port = settings.port or free_port(settings.host)
    webhook_port = settings.webhook_port or free_port(settings.webhook_host)
    settings = settings.model_copy(update={"port": port, "webhook_port": webhook_port})
    url, webhooks_url = _url(settings.host, port), _url(settings.webhook_host, webhook_port)
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    about = {"pid": os.getpid(), "started_at": started_at, "ui": url, "webhooks": webhooks_url}
    with held(up_lock(home), about):
        refuse_taken_port(settings.host, port, "WAYBILL_PORT")
        refuse_taken_port(settings.webhook_host, webhook_port, "WAYBILL_WEBHOOK_PORT")
        with open_backends(settings) as backends:
            prepare(backends)
            with Supervisor() as supervisor:
                children = _start(supervisor, settings, backends, module)
                _wait_for(
                    lambda: _is_alive(webhooks_url) and _ui_answers(url), children.values(), settings.start_deadline_s
                )
                yield Serving(url, webhooks_url, backends, children)


def up_lock(home: Home) -> Path:
    """The lock of `waybill up`; ``home.holder`` of it tells pid, started_at, and the addresses ui and webhooks."""
    return home.run / "up.lock"


def _start(supervisor: Supervisor, settings: Settings, backends: Backends, module: str) -> dict[str, Child]:
    """The code server first: whoever looks for it before it listens remembers an error instead of a location."""
    write_instance(settings, backends)
    code_socket = backends.home.sockets("run") / "code.sock"
    workspace = write_workspace(backends.home, code_socket)
    spec = _Specs(settings, backends)
    code_server = supervisor.add(spec.code_server(module, code_socket))
    with open_instance(settings, backends) as instance:  # makes Dagster's tables before three processes would
        end_abandoned_runs(instance)
        size_task_pool(instance, settings.max_concurrent_tasks)
    _wait_for(lambda: _listens(code_socket), [code_server], settings.start_deadline_s)
    return {
        "code server": code_server,
        "webserver": supervisor.add(spec.webserver(workspace)),
        "daemon": supervisor.add(spec.daemon(workspace)),
        "webhooks": supervisor.add(spec.webhooks()),
        "outbox": supervisor.add(spec.outbox()),
    }


class _Specs:
    """The command lines of all processes, with what they have in common."""

    def __init__(self, settings: Settings, backends: Backends) -> None:
        self._settings, self._home = settings, backends.home
        self._environment = inherited_environment(backends.environment() | {"PYTHONUNBUFFERED": "1"})

    def code_server(self, module: str, code_socket: Path) -> ChildSpec:
        """On a Unix socket: on a port, two code servers would share it in silence."""
        command = ["dagster", "api", "grpc", "--socket", str(code_socket), "--location-name", LOCATION]
        return self._spec(
            "code server",
            [*command, "--module-name", module, "--empty-working-directory"],
            prepare=lambda: code_socket.unlink(missing_ok=True),
        )

    def webserver(self, workspace: Path) -> ChildSpec:
        """The UI."""
        command = ["dagster_webserver", "--host", self._settings.host, "--port", str(self._settings.port)]
        return self._spec("webserver", [*command, "--workspace", str(workspace)])

    def daemon(self, workspace: Path) -> ChildSpec:
        """Sensors, schedules, the run queue, run monitoring, retries and backfills."""
        return self._spec("daemon", ["dagster._daemon", "run", "--workspace", str(workspace)])

    def webhooks(self) -> ChildSpec:
        """The listener for webhooks."""
        return self._spec("webhooks", ["orchestration.desk", "--port", str(self._settings.webhook_port)])

    def outbox(self) -> ChildSpec:
        """What sends effects to ClickUp and alerts to people."""
        return self._spec("outbox", ["orchestration.hosting.outbox"])

    def _spec(
        self,
        name: str,
        command: list[str],
        *,
        prepare: Callable[[], None] | None = None,
    ) -> ChildSpec:
        return ChildSpec(
            name=name,
            # Not -P: Dagster takes the first entry of sys.path for the script's folder and drops it when it imports.
            command=[sys.executable, "-m", *command],
            log=self._home.logs / f"{name.replace(' ', '_')}.log",
            environment=self._environment,
            folder=self._home.dagster,
            grace_s=self._settings.stop_grace_s,
            log_bytes=self._settings.log_bytes,
            prepare=prepare,
        )


def _wait_for(condition: Callable[[], bool], children: Collection[Child], deadline_s: float) -> None:
    holds = False

    def settled() -> bool:
        nonlocal holds
        holds = condition()
        return holds or any(child.starts >= _STARTS_BEFORE_GIVING_UP for child in children)

    became_true(settled, within_s=deadline_s)
    if holds:
        return
    child = max(children, key=lambda child: child.starts)
    raise StartFailedError(
        child.spec.name,
        expected=f"an answer within {deadline_s:.0f} s",
        found=f"none ({child.last_end or 'it is running'}). {tail(child.spec.log)}\n",
        remedy="The log says why; WAYBILL_START_DEADLINE_S allows more time.",
    )


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _is_alive(url: str) -> bool:
    try:
        with build_opener(ProxyHandler({})).open(f"{url}/healthz", timeout=10) as response:
            return bool(response.status == HTTPStatus.OK)
    except (OSError, HTTPException):
        return False


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _ui_answers(url: str) -> bool:
    """Whether GraphQL answers and our location is loaded in it.

    Raises:
        StartFailedError: the location cannot be loaded.
    """
    request = Request(  # noqa: S310 - the address is ours
        f"{url}/graphql", json.dumps({"query": _QUERY}).encode(), {"Content-Type": "application/json"}
    )
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=10) as response:
            entries = json.load(response)["data"]["workspaceOrError"]["locationEntries"]
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return False
    loaded = [entry["locationOrLoadError"] for entry in entries if entry["loadStatus"] == "LOADED"]
    for entry in loaded:
        if entry and entry["__typename"] == "PythonError":
            raise StartFailedError(
                "definitions",
                expected="that they load",
                found=entry["message"],
                remedy="The code server's log says more.",
            )
    return bool(loaded)


@contextmanager
def interruptible() -> Iterator[None]:
    """Make SIGTERM and SIGHUP interrupt the main thread as Ctrl-C does, and the first of them the last one heeded.

    What is being ended ends within its grace; a second Ctrl-C would only leave processes behind.
    """
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def interrupt(_signum: int, _frame: FrameType | None) -> None:
        for each in signals:
            signal.signal(each, lambda _signum, _frame: None)
        raise KeyboardInterrupt

    former = {each: signal.signal(each, interrupt) for each in signals}
    try:
        yield
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)
