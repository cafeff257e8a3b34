"""`waybill dev`: the embedded servers and `dagster dev` on them, for people who develop."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from orchestration.hosting.backends import Backends, open_backends
from orchestration.hosting.dagster_yaml import open_instance, size_task_pool
from orchestration.hosting.home import Home, held
from orchestration.hosting.parts import free_port, refuse_taken_port
from orchestration.hosting.run_launcher import end_abandoned_runs
from orchestration.hosting.up import DEFINITIONS, interruptible, up_lock
from orchestration.settings import Settings, inherited_environment


def dev(settings: Settings, *, prepare: Callable[[Backends], None] = lambda _: None, module: str = DEFINITIONS) -> int:
    """Run `dagster dev` in this terminal until it ends; return its exit code.

    Holds the home as `waybill up` does: two daemons on one storage would start everything twice.

    Raises:
        WaybillError: an `up` holds the home, the port is taken, or a backend did not come up.
    """
    home = Home.at(settings.home).make()
    about = {"pid": os.getpid(), "started_at": datetime.now(UTC).isoformat(timespec="seconds"), "command": "dev"}
    port = settings.port or free_port(settings.host)
    with held(up_lock(home), about), open_backends(settings) as backends:
        refuse_taken_port(settings.host, port, "WAYBILL_PORT")
        prepare(backends)
        with open_instance(settings, backends) as instance:
            end_abandoned_runs(instance)
            size_task_pool(instance, settings.max_concurrent_tasks)
        command = [sys.executable, "-m", "dagster", "dev", "-m", module, "-h", settings.host, "-p", str(port)]
        with interruptible(), subprocess.Popen(command, env=inherited_environment(backends.environment())) as process:
            try:
                return process.wait()
            except KeyboardInterrupt:  # a terminal's Ctrl-C has reached the child too; a SIGTERM has not
                process.send_signal(signal.SIGINT)
                return process.wait()
