"""Batches of links, step by step: report, plan, articles, files, and what was handed over; each a checkpoint."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import dagster as dg

from assets import previews
from assets.clickup_tasks import clickup_tasks
from assets.deliverable_assets import handed_over, task_asset
from assets.embeddings import embeddings
from assets.task_work import attempt_at, each_task, shown
from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.link_building_task import LINK_BUILDING
from resources.domain.tasks import TaskId
from resources.knowledge.index import IndexResource
from resources.ledger.resource import LedgerResource
from resources.work.attempt import Attempt
from resources.work.drafting import drafted
from resources.work.link_batch import Workshop, composed, planned, reported
from resources.work.link_batch_files import make_files

Metadata = Mapping[str, Any]
SHOWN_CHARS: Final = 20_000


def _step(
    name: str, work: Callable[[Workshop, Attempt], Metadata], deps: Sequence[Any], kinds: set[str]
) -> dg.AssetsDefinition:
    """One step as an asset; the docstring of ``work`` describes it."""

    @task_asset(name=name, description=work.__doc__, deps=deps, kinds={"python", *kinds})
    def step(
        context: dg.AssetExecutionContext,
        ledger: dg.ResourceParam[LedgerResource],
        index: dg.ResourceParam[IndexResource],
        artefacts: dg.ResourceParam[ArtefactStore],
        configuration: dg.ResourceParam[Configuration],
    ) -> None:
        def one(task: TaskId) -> Metadata:
            with attempt_at(context, ledger, configuration, task, LINK_BUILDING) as attempt:
                return work(Workshop(ledger.engine, index, artefacts), attempt)

        each_task(context, one)

    return step


def _report(shop: Workshop, attempt: Attempt) -> Metadata:
    """What the workbook that was dropped for the task says: keyword, words, entities, targets."""
    report = reported(shop, attempt)
    words = [{"word": each.word, "needed": each.needed} for each in report.related_words[: previews.ROWS]]
    return {
        "keyword": report.keyword,
        "variations": len(report.variations),
        "related_words": len(report.related_words),
        "entities": len(report.entities),
        "targets": len(report.targets),
        **previews.sample(words, name="words"),
    }


def _plan(shop: Workshop, attempt: Attempt) -> Metadata:
    """The links of the batch: anchors spread by the shares in waybill.toml, targets, what each article is about."""
    plan = planned(shop, attempt)
    links = [
        {"number": link.number, "kind": link.kind.value, "anchor": link.anchor, "target": previews.short(link.target)}
        for link in plan.links[: previews.ROWS]
    ]
    return {"keyword": plan.keyword, "links": len(plan.links), **previews.sample(links, name="plan")}


def _articles(shop: Workshop, attempt: Attempt) -> Metadata:
    """An article a link, with the plan's anchor in place exactly once and no text that another article has."""
    made = composed(shop, attempt)
    text = "\n\n".join(f"## {each.title}\n\n{each.body}" for each in made.articles)
    return {
        "articles": len(made.articles),
        "statements": len(made.sources),
        "preview": dg.MetadataValue.md(text[:SHOWN_CHARS]),
    }


def _files(shop: Workshop, attempt: Attempt) -> Metadata:
    """The version: a Word document an article and the plan as a table, each stored by its content."""
    version = drafted(shop.engine, shop.artefacts, attempt, lambda: make_files(shop, attempt))
    return shown(shop.engine, shop.artefacts, attempt, version)


cora_reports: Final = _step("cora_reports", _report, [clickup_tasks], {"excel"})
link_plans: Final = _step("link_plans", _plan, [cora_reports], {"postgres"})
link_articles: Final = _step(
    "link_articles",
    _articles,
    # For lineage only: articles are made of whatever of the client's is embedded by then.
    [link_plans, dg.AssetDep(embeddings, partition_mapping=dg.AllPartitionMapping())],
    {"qdrant"},
)
link_batch_files: Final = _step("link_batch_files", _files, [link_articles], {"word"})
delivered_link_batches: Final = handed_over(LINK_BUILDING, link_batch_files, name="delivered_link_batches")

ASSETS: Final = [cora_reports, link_plans, link_articles, link_batch_files, delivered_link_batches]
