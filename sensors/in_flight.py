"""What sensors share: how often the hurried ones look, and which partitions a run is on its way for already."""

from collections.abc import Iterable
from typing import Final

import dagster as dg

EACH_LOOK_S: Final = 4
"""Dagster's daemon goes round its sensors every 5 s: one that asks for just that misses every other round by a hair."""
PARTITION_TAG: Final = "dagster/partition"
UNFINISHED: Final = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def without_runs_in_flight(instance: dg.DagsterInstance, partition_keys: Iterable[str]) -> list[str]:
    """Those of ``partition_keys`` that no unfinished run works on or waits for, in order."""
    wanted = list(partition_keys)
    if not wanted:
        return []
    runs = instance.get_runs(filters=dg.RunsFilter(statuses=UNFINISHED))
    taken = {run.tags.get(PARTITION_TAG) for run in runs}
    return [key for key in wanted if key not in taken]
