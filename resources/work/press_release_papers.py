"""The working papers of press releases: kept with each version, unpublished, for the next one to begin with."""

from typing import Final
from uuid import UUID

from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.deliverables import Citation, Draft, DraftFile
from resources.domain.errors import PermanentError
from resources.domain.ids import ExtractionId
from resources.domain.press_release_markdown import press_release_markdown
from resources.domain.press_release_task import PRESS_RELEASE, Papers
from resources.domain.press_releases import Fact
from resources.domain.spans import Span
from resources.domain.tasks import TaskId
from resources.ledger import deliverables, steps
from resources.ledger.claims import hashed
from resources.ledger.steps import StepKey
from resources.work.attempt import Attempt

PAPERS: Final = "working-papers.json"
JSON: Final = "application/json"
MARKDOWN: Final = "text/markdown"


class PapersMissingError(PermanentError):
    """A version has no working papers, or they cannot be read any more."""


def last_number(engine: Engine, task: TaskId) -> int | None:
    """The number of the task's newest whole version; None before the first."""
    with engine.begin() as connection:
        version = deliverables.newest(connection, task)
    return None if version is None or version.kind != PRESS_RELEASE.name else version.number


def papers_of(engine: Engine, artefacts: ArtefactStore, task: TaskId, number: int) -> Papers:
    """The papers of one version.

    Raises:
        PapersMissingError; ArtefactMissingError: the file is gone.
    """
    with engine.begin() as connection:
        version = next((each for each in deliverables.versions(connection, task) if each.number == number), None)
        files = deliverables.files(connection, version.id) if version else []
    found = next((file for file in files if file.name == PAPERS), None)
    if found is None:
        raise PapersMissingError(
            f"task {task}, version {number}",
            expected=f"the file {PAPERS}",
            found="none",
            remedy="Change the task's description a little, so that it is written anew.",
        )
    with artefacts.open(found.content_hash) as stream:
        return Papers.model_validate_json(stream.read())


def paper_files(artefacts: ArtefactStore, papers: Papers) -> tuple[DraftFile, ...]:
    """The papers and how the releases read, as files that stay here: versions are compared by them."""
    texts = [
        DraftFile(f"release-{at}.md", MARKDOWN, artefacts.put(_markdown(papers, at).encode()), published=False)
        for at in range(1, len(papers.releases) + 1)
    ]
    kept = artefacts.put(papers.model_dump_json(indent=1).encode())
    return (*texts, DraftFile(PAPERS, JSON, kept, published=False))


def keep_round(engine: Engine, artefacts: ArtefactStore, attempt: Attempt, number: int, papers: Papers) -> None:
    """The round ``number``, from 1, becomes a version: once, however often the attempt is repeated (CP-4).

    Raises:
        LeaseLostError: the task is not ours any more.
    """
    key = StepKey(attempt.task.id, f"round {number}", hashed({"papers": papers.model_dump(mode="json")}))
    notes = sum(len(each.notes) for each in papers.releases)
    draft = Draft(
        PRESS_RELEASE.name,
        f"Round {number}: {notes} notes, which the next round is to meet.",
        paper_files(artefacts, papers),
        citations(papers),
        made_by=papers.releases[0].release.made_by,
        stage="round",
    )
    with engine.begin() as connection:
        if steps.keep(connection, key, "{}", made_by="waybill", attempt=attempt.number, took_ms=0):
            deliverables.record(connection, attempt.claim, draft)


def cited(papers: Papers) -> list[Fact]:
    """The facts that any sentence of the releases rests on, in the brief's order."""
    keys = {key for each in papers.releases for sentence in each.release.sentences for key in sentence.cites}
    return [fact for fact in papers.brief.facts if fact.key in keys]


def citations(papers: Papers) -> tuple[Citation, ...]:
    """What of the client's sources the releases rest on; what the task itself says is not cited."""
    return tuple(
        Citation(ExtractionId(UUID(fact.key)), fact.uri, fact.title, Span(*fact.span), fact.text)
        for fact in cited(papers)
        if fact.span is not None
    )


def _markdown(papers: Papers, place: int) -> str:
    facts = {fact.key: fact for fact in papers.brief.facts}
    return press_release_markdown(papers.releases[place - 1].release, facts)
