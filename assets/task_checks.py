"""Every promise about tasks, each a sentence that should be true. A check that could not read raises."""

from typing import Final

import dagster as dg

from assets import previews
from assets.alarms import alarmed
from assets.clickup_tasks import clickup_tasks
from resources.artefacts.store import ArtefactStore
from resources.clickup.resource import ClickUpResource
from resources.domain.configuration import Configuration
from resources.ledger import dead_letters
from resources.ledger.resource import LedgerResource
from resources.ledger.stuck import stuck
from resources.work.agreement import compare
from resources.work.polling import Desk
from resources.work.verification import verify_files

SAMPLE: Final = 20


@dg.asset_check(asset=clickup_tasks.key)
def no_work_is_stuck(ledger: dg.ResourceParam[LedgerResource]) -> dg.AssetCheckResult:
    """No task lacks its worker, no ready task waits unseen, no effect and no delivery lies unhandled."""
    with ledger.engine.begin() as connection:
        found = stuck(connection)
    result = dg.AssetCheckResult(passed=not found, metadata={"stuck": len(found), **previews.sample(found[:SAMPLE])})
    return alarmed(ledger, "no_work_is_stuck", result, [f"{row['what']}: {row['why']}" for row in found])


@dg.asset_check(asset=clickup_tasks.key)
def nothing_is_dead_lettered(ledger: dg.ResourceParam[LedgerResource]) -> dg.AssetCheckResult:
    """Nothing was given up that nobody has replayed or dropped since."""
    with ledger.engine.begin() as connection:
        numbers = dead_letters.count_open(connection)
        letters = dead_letters.list_open(connection, at_most=SAMPLE)
    rows = [{"id": each.id, "stage": each.stage, "subject": each.subject, "error": each.error} for each in letters]
    result = dg.AssetCheckResult(
        passed=not numbers,
        metadata={"dead_letters": sum(numbers.values()), **numbers, **previews.sample(rows)},
    )
    return alarmed(
        ledger, "nothing_is_dead_lettered", result, [f"{stage}: {number}" for stage, number in sorted(numbers.items())]
    )


@dg.asset_check(asset=clickup_tasks.key)
def clickup_agrees_with_the_ledger(
    ledger: dg.ResourceParam[LedgerResource],
    clickup: dg.ResourceParam[ClickUpResource],
    configuration: dg.ResourceParam[Configuration],
) -> dg.AssetCheckResult:
    """What ClickUp shows of the live tasks is what the ledger holds; each difference is listed, and mended."""
    if configuration.clickup is None:
        return dg.AssetCheckResult(
            passed=True, description="No [clickup] in waybill.toml: there is nothing to compare."
        )
    found = compare(Desk(ledger.engine, clickup.client, configuration))
    rows = [difference.row() for difference in found.differences]
    result = dg.AssetCheckResult(
        passed=not rows,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"live_tasks": found.live, "compared": found.compared, "differences": len(rows),
                  **previews.sample(rows[:SAMPLE])},
    )  # fmt: skip
    return alarmed(
        ledger,
        "clickup_agrees_with_the_ledger",
        result,
        [f"{row['task']}: {row['ledger']} / {row['clickup']}" for row in rows],
    )


@dg.asset_check(asset=clickup_tasks.key)
def every_deliverable_has_its_files(
    ledger: dg.ResourceParam[LedgerResource], artefacts: dg.ResourceParam[ArtefactStore]
) -> dg.AssetCheckResult:
    """Each file of a version that was handed over, or will be, is in the artefact store as it was made.

    A bounded number of files a look, in turn; what was found damaged is looked at each time.
    """
    found = verify_files(ledger.engine, artefacts)
    rows = [
        {"task": file.task_id, "version": file.number, "file": file.name, "sha256": file.content_hash}
        for file in found.damaged
    ]
    result = dg.AssetCheckResult(
        passed=not rows,
        metadata={"files_looked_at": found.looked, "damaged": len(rows), **previews.sample(rows[:SAMPLE])},
    )
    named = [f"task {row['task']}, version {row['version']}: {row['file']} is gone or damaged" for row in rows]
    return alarmed(ledger, "every_deliverable_has_its_files", result, named)


TASK_CHECKS: Final = [
    no_work_is_stuck,
    nothing_is_dead_lettered,
    clickup_agrees_with_the_ledger,
    every_deliverable_has_its_files,
]
