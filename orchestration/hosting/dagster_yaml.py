"""Dagster's own configuration, generated into WAYBILL_HOME/dagster at every start: nobody edits it there."""

import json
from pathlib import Path
from typing import Any, Final

import dagster as dg

from assets.partitions import TASK_POOL
from orchestration.hosting.backends import Backends
from orchestration.hosting.home import Home
from orchestration.settings import Settings, export

LOCATION: Final = "waybill"
_HEADER: Final = "# Generated at every start of Waybill. Set WAYBILL_… instead of editing this.\n"
_TICK_DAYS: Final = {"skipped": 3, "started": 7, "failure": 30, "success": 30}
"""Ticks older than this are purged; a skipped tick says least. Days, by the tick's end."""

_MONITORING: Final = {
    "enabled": True,
    "poll_interval_seconds": 10,
    "start_timeout_seconds": 300,
    "cancel_timeout_seconds": 60,
    "max_resume_run_attempts": 0,  # our launcher cannot resume a run; it is tried again as a new one
    "free_slots_after_run_end_seconds": 30,
}


def instance_config(settings: Settings, backends: Backends) -> dict[str, Any]:
    """The content of dagster.yaml. The numbers of monitoring, retries and sensors are those that were proven to heal.

    The storage's URL stands in the environment, so that no password is written down.
    """
    threads = {"use_threads": True, "num_workers": 4}
    single_machine = backends.database.whose == "embedded"
    return {
        "storage": {"postgres": {"postgres_url": {"env": "WAYBILL_DAGSTER_DATABASE_URL"}}},
        "run_launcher": {
            "module": "orchestration.hosting.run_launcher",
            "class": "WaybillRunLauncher",
            "config": {"single_machine": single_machine},
        },
        "run_coordinator": {
            "module": "dagster",
            "class": "QueuedRunCoordinator",
            "config": {"dequeue_interval_seconds": 1, "dequeue_use_threads": True, "dequeue_num_workers": 4},
        },
        "concurrency": {
            "runs": {"max_concurrent_runs": settings.max_concurrent_runs},
            "pools": {"granularity": "op"},
        },
        "run_monitoring": _MONITORING | {"max_runtime_seconds": settings.run_timeout_s},
        "run_retries": {"enabled": True, "max_retries": 3, "retry_on_asset_or_op_failure": False},
        "sensors": threads | {"num_submit_workers": 4},
        "schedules": threads,
        "auto_materialize": {"use_sensors": True, **threads},
        "retention": {kind: {"purge_after_days": _TICK_DAYS} for kind in ("sensor", "schedule", "auto_materialize")},
        "compute_logs": {
            "module": "dagster._core.storage.local_compute_log_manager",
            "class": "LocalComputeLogManager",
            "config": {"base_dir": str(backends.home.logs / "compute")},
        },
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
    }


def write_instance(settings: Settings, backends: Backends) -> None:
    """Write dagster.yaml, whole or not at all: commands that run side by side write the same."""
    _write(backends.home.dagster / "dagster.yaml", instance_config(settings, backends))


def write_workspace(home: Home, code_socket: Path) -> Path:
    """Write the workspace that leads webserver and daemon to the code server's socket; return its path."""
    path = home.dagster / "workspace.yaml"
    _write(path, {"load_from": [{"grpc_server": {"socket": str(code_socket), "location_name": LOCATION}}]})
    return path


def open_instance(settings: Settings, backends: Backends) -> dg.DagsterInstance:
    """Dagster's instance for this very process, its tables made if missing; the caller disposes of it.

    Exports the backends' addresses into this process's environment, where dagster.yaml looks for them.
    """
    export(backends.environment())
    write_instance(settings, backends)
    return dg.DagsterInstance.from_config(str(backends.home.dagster))


def size_task_pool(instance: dg.DagsterInstance, tasks: int) -> None:
    """Let so many tasks be worked on at once, from now on. What is at work ends in peace when the pool shrinks.

    The limit of one pool stands in Dagster's storage: dagster.yaml knows only one for every pool.
    """
    instance.event_log_storage.set_concurrency_slots(TASK_POOL, tasks)


def _write(path: Path, content: dict[str, Any]) -> None:
    text = _HEADER + json.dumps(content, indent=2) + "\n"  # JSON is YAML
    if path.exists() and path.read_text() == text:
        return
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text(text)
    unfinished.replace(path)
