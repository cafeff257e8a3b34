"""Runs of the assets of tasks over a session's own parts, and what became of the tasks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import dagster as dg

from assets.partitions import TASKS
from orchestration.session import Session
from orchestration.task_types import plugged_in
from resources.domain.configuration import Configuration
from resources.domain.tasks import TaskId
from resources.ledger import deliverables
from resources.ledger.deliverables import StoredFile, Version
from tests.resources.work.attempts import ready_task, stands
from tests.sessions import sql

EXAMPLES: Final = Path(__file__).parents[2] / "examples" / "acme-outdoor"


class Desk:
    """Does the work of tasks as Dagster's workers do it, in this process."""

    def __init__(self, session: Session, configuration: Mapping[str, Any], **resources: object) -> None:
        self.session = session
        self.resources = {
            **session.resources.by_name(), "configuration": Configuration.model_validate(configuration), **resources
        }  # fmt: skip

    @property
    def configuration(self) -> Configuration:
        found = self.resources["configuration"]
        assert isinstance(found, Configuration)
        return found

    def task(self, type_: str, name: str, *, workbook: Path | None = None, **more: Any) -> TaskId:
        """A ready task, with its partition; ``workbook``: as if it had been dropped for it."""
        task = ready_task(self.session.ledger.engine, type_, name=name, **more)
        if workbook is not None:
            content = self.session.resources.artefacts.put(workbook.read_bytes()).content_hash
            sql(self.session, "UPDATE waybill.tasks SET workbook_hash = :hash WHERE id = :id", hash=content, id=task)
        self.session.instance.add_dynamic_partitions(str(TASKS.name), [task])
        return task

    def run(self, kind: str, *tasks: TaskId) -> dg.ExecuteInProcessResult:
        """One run of the kind's job for these tasks; a range has to be contiguous, as a backfill's is."""
        found = next(each for each in plugged_in() if each.kind.name == kind)
        several = {"dagster/asset_partition_range_start": tasks[0], "dagster/asset_partition_range_end": tasks[-1]}
        return dg.materialize(
            [*found.assets, *found.checks],
            instance=self.session.instance,
            resources=self.resources,
            raise_on_error=False,
            **({"partition_key": tasks[0]} if len(tasks) == 1 else {"tags": several}),
        )

    def shown(self, asset: str, task: TaskId) -> list[dict[str, Any]]:
        """The metadata of each materialization of the task's partition, the newest first."""
        found = self.session.instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[task]), limit=10
        )
        materializations = [record.asset_materialization for record in found.records]
        return [{key: value.value for key, value in each.metadata.items()} for each in materializations if each]

    def stands(self, task: TaskId) -> Mapping[str, Any]:
        return stands(self.session.ledger.engine, task)

    def versions(self, task: TaskId) -> list[Version]:
        with self.session.ledger.engine.begin() as connection:
            return deliverables.versions(connection, task)

    def files(self, version: Version) -> dict[str, StoredFile]:
        with self.session.ledger.engine.begin() as connection:
            return {file.name: file for file in deliverables.files(connection, version.id)}

    def content(self, file: StoredFile) -> bytes:
        with self.session.resources.artefacts.open(file.content_hash) as stream:
            return stream.read()


def error_of(result: dg.ExecuteInProcessResult) -> str:
    """What the run's failed step says."""
    (failure, *_) = [event for event in result.all_events if event.is_step_failure]
    data = failure.step_failure_data
    assert data.error is not None
    return f"{data.error.to_string()} {data.user_failure_data.description if data.user_failure_data else ''}"
