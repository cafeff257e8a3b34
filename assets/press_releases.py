"""Press releases, step by step: brief, headlines, drafts, files, and what was handed over; each a checkpoint."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import dagster as dg

from assets import previews
from assets.alarms import alarmed
from assets.clickup_tasks import clickup_tasks
from assets.deliverable_assets import handed_over, task_asset
from assets.embeddings import embeddings
from assets.task_work import attempt_at, each_task, shown
from resources.artefacts.store import ArtefactStore
from resources.domain.configuration import Configuration
from resources.domain.press_release_markdown import press_release_markdown
from resources.domain.press_release_task import PRESS_RELEASE, Papers
from resources.domain.press_releases import Note
from resources.domain.tasks import TaskId
from resources.knowledge.index import IndexResource
from resources.ledger import steps
from resources.ledger.resource import LedgerResource
from resources.work.attempt import Attempt
from resources.work.drafting import drafted
from resources.work.press_release import DRAFTS, Newsroom, begun, chosen, headlined, written
from resources.work.press_release_claims import claims
from resources.work.press_release_files import make_files
from resources.writer.writer import Writer

Metadata = Mapping[str, Any]


def _step(
    name: str, work: Callable[[Newsroom, Attempt], Metadata], deps: Sequence[Any], kinds: set[str]
) -> dg.AssetsDefinition:
    """One step as an asset; the docstring of ``work`` describes it."""

    @task_asset(name=name, description=work.__doc__, deps=deps, kinds={"python", *kinds})
    def step(  # noqa: PLR0917  Dagster gives each by its name
        context: dg.AssetExecutionContext,
        ledger: dg.ResourceParam[LedgerResource],
        index: dg.ResourceParam[IndexResource],
        artefacts: dg.ResourceParam[ArtefactStore],
        configuration: dg.ResourceParam[Configuration],
        writer: dg.ResourceParam[Writer],
    ) -> None:
        def one(task: TaskId) -> Metadata:
            with attempt_at(context, ledger, configuration, task, PRESS_RELEASE) as attempt:
                return work(Newsroom(ledger.engine, index, artefacts, writer), attempt)

        each_task(context, one)

    return step


def _brief(room: Newsroom, attempt: Attempt) -> Metadata:
    """What the releases are written from: the order in the task, the client, and what its sources say of the topic."""
    brief = begun(room, attempt).brief
    facts = [{"fact": fact.text, "document": previews.short(fact.uri)} for fact in brief.facts[: previews.ROWS]]
    return {
        "topic": brief.topic,
        "dated": brief.dated.isoformat(),
        "city": brief.city,
        "facts": len(brief.facts),
        "quotes": len(brief.quotes),
        **({"asked_for": brief.feedback} if brief.feedback else {}),
        **previews.sample(facts, name="facts_found"),
    }


def _headlines(room: Newsroom, attempt: Attempt) -> Metadata:
    """The headlines to choose from, and those that the judge picked, each with its reason."""
    picked = {choice.headline: choice.reason for choice in chosen(room, attempt)}
    rows = [{"headline": each, "picked because": picked.get(each, "")} for each in headlined(room, attempt)]
    return {"headlines": len(rows), "writer": room.writer.name, **previews.sample(rows, name="choice")}


def _drafts(room: Newsroom, attempt: Attempt) -> Metadata:
    """The releases after every round of revision; each round before is a version of its own."""
    papers = written(room, attempt)
    notes = [note for each in papers.releases for note in each.notes]
    texts = [press_release_markdown(each.release, None) for each in papers.releases]
    return {
        "releases": len(papers.releases),
        "words": [sum(len(sentence.text.split()) for sentence in each.release.sentences) for each in papers.releases],
        "notes": len(notes),
        "blocking_notes": sum(note.blocks for note in notes),
        **previews.sample([_row(note) for note in notes[: previews.ROWS]], name="noted"),
        "preview": dg.MetadataValue.md("\n\n---\n\n".join(texts)),
    }


def _files(room: Newsroom, attempt: Attempt) -> Metadata:
    """The version: Word files for the client and for the reviewer and JSON-LD, each stored by its content."""
    version = drafted(room.engine, room.artefacts, attempt, lambda: make_files(room, attempt))
    return shown(room.engine, room.artefacts, attempt, version)


def _row(note: Note) -> dict[str, object]:
    return {"rule": note.rule, "blocks": note.blocks, "what to do": note.wish, "where": note.where}


press_release_brief: Final = _step(
    "press_release_brief",
    _brief,
    # For lineage only: a brief searches whatever of the client's is embedded by then.
    [clickup_tasks, dg.AssetDep(embeddings, partition_mapping=dg.AllPartitionMapping())],
    {"qdrant"},
)
press_release_headlines: Final = _step("press_release_headlines", _headlines, [press_release_brief], {"postgres"})
press_release_drafts: Final = _step("press_release_drafts", _drafts, [press_release_headlines], {"markdown"})
press_release_files: Final = _step("press_release_files", _files, [press_release_drafts], {"word"})
delivered_press_releases: Final = handed_over(PRESS_RELEASE, press_release_files, name="delivered_press_releases")


@dg.asset_check(asset=press_release_drafts)
def every_claim_is_sourced(
    context: dg.AssetCheckExecutionContext, ledger: dg.ResourceParam[LedgerResource]
) -> dg.AssetCheckResult:
    """Each number, date, name and quote of the drafts of this run stands in the source that its sentence cites."""
    found = [row for task in _tasks_of(context) for row in _claims(ledger, task)]
    bad = [row for row in found if row["blocks"]]
    result = dg.AssetCheckResult(
        passed=not bad,
        metadata={"wrong": len(bad), "for_the_reviewer": len(found) - len(bad), **previews.sample(found[:20])},
    )
    told = [f"{row['task']}: {row['claim']} is {row['is']}" for row in bad]
    return alarmed(ledger, "every_claim_is_sourced", result, told)


def _claims(ledger: LedgerResource, task: TaskId) -> Iterator[dict[str, object]]:
    with ledger.engine.begin() as connection:
        drafts = steps.newest(connection, task, DRAFTS)
    if drafts is None:
        return
    papers = Papers.model_validate(drafts)
    for each in papers.releases:
        for claim in claims(each.release, papers.brief):
            yield {
                "task": task, "claim": claim.finding.claim, "is": claim.finding.verdict.value,
                "the source says": claim.finding.said or "", "sentence": claim.sentence, "blocks": claim.finding.blocks,
            }  # fmt: skip


def _tasks_of(context: dg.AssetCheckExecutionContext) -> list[TaskId]:
    """The tasks of the run that looks; none when it is not about tasks."""
    tags = context.run.tags
    first, last = tags.get("dagster/asset_partition_range_start"), tags.get("dagster/asset_partition_range_end")
    if one := tags.get("dagster/partition"):
        return [TaskId(one)]
    if not first or not last:
        return []
    keys = context.instance.get_dynamic_partitions("tasks")
    return [TaskId(key) for key in keys[keys.index(first) : keys.index(last) + 1]]


ASSETS: Final = [
    press_release_brief, press_release_headlines, press_release_drafts, press_release_files, delivered_press_releases,
]  # fmt: skip
CHECKS: Final = [every_claim_is_sourced]
