"""A code location for tests of hosting: a job that works until a file appears, and one that ends at once."""

import os
import threading
from pathlib import Path

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError

from orchestration.hosting.leash import die_with_parent
from tests.waiting import wait_until

GATE = "WAYBILL_TEST_GATE"
CLEANING_UP_S = 1.0
"""An interrupted run has work to put away, which takes its time."""


@dg.op
def wait_for_the_gate(context: dg.OpExecutionContext) -> None:
    gate = Path(os.environ[GATE])
    gate.with_name(f"began.{context.run_id}.{os.getpid()}").touch()
    try:
        wait_until(gate.exists, 120, "the opening of the gate")
    except DagsterExecutionInterruptedError:
        threading.Event().wait(CLEANING_UP_S)
        raise


@dg.job(executor_def=dg.in_process_executor)
def gated() -> None:
    wait_for_the_gate()


die_with_parent()
defs = dg.Definitions(jobs=[gated])
