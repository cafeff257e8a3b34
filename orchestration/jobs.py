"""What is run as one: a source's listing; a batch's knowledge, or a part of it; a task's work; the checks on tasks."""

from typing import Final

import dagster as dg

from assets.checks import CHECKS
from assets.embeddings import embeddings
from assets.extractions import extractions
from assets.partitions import BATCHES
from assets.source_documents import source_documents
from assets.source_listings import source_listings
from assets.task_checks import TASK_CHECKS
from orchestration.task_types import LEDGER_RETRIES
from sensors.jobs import CHECK_BATCH, CHECK_TASKS, EMBED_BATCH, LIST_SOURCE, MAKE_KNOWLEDGE

list_source = dg.define_asset_job(
    LIST_SOURCE,
    selection=dg.AssetSelection.assets(source_listings),
    tags=LEDGER_RETRIES,
    description="Read what one source holds now; changed batches follow on their own.",
)
make_knowledge = dg.define_asset_job(
    MAKE_KNOWLEDGE,
    selection=dg.AssetSelection.assets(source_documents, extractions, embeddings),
    tags=LEDGER_RETRIES,
    description="Fetch, extract and embed what is new or changed in one batch.",
)
embed_batch = dg.define_asset_job(
    EMBED_BATCH,
    selection=dg.AssetSelection.assets(embeddings),
    tags=LEDGER_RETRIES,
    description="Give every orphan of one batch its point, and take out points that no extraction has.",
)
# The UI does not execute a partitioned check by itself (Dagster 1.13): this job does, for the partition that one picks.
# A job of nothing but checks has no asset to take its partitions from, hence the configuration, which is empty.
check_batch = dg.define_asset_job(
    CHECK_BATCH,
    selection=dg.AssetSelection.checks(*CHECKS),
    config=dg.PartitionedConfig(BATCHES, run_config_for_partition_key_fn=lambda _: {}),
    tags=LEDGER_RETRIES,
    description="Look at one batch without changing it: every check of its extractions and embeddings.",
)
check_tasks = dg.define_asset_job(
    CHECK_TASKS,
    selection=dg.AssetSelection.checks(*TASK_CHECKS),
    tags=LEDGER_RETRIES,
    description="Look whether work is stuck or given up, and whether ClickUp and the ledger agree; mend differences.",
)
JOBS: Final = [list_source, make_knowledge, embed_batch, check_batch, check_tasks]
"""Beside one for each kind of work (`orchestration/task_types.py`)."""
