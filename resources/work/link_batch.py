"""The kind of work `link_building`, step by step: the report that a workbook holds, a plan, and an article a link."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import Engine

from resources.artefacts.store import ArtefactStore
from resources.domain.cora_reports import CoraReport
from resources.domain.errors import PermanentError
from resources.domain.feedback import is_named
from resources.domain.ids import ClientSlug, ExtractionId
from resources.domain.link_articles import MADE_BY, MIN_STATEMENTS, LinkArticle, SourceStatement, compose_articles
from resources.domain.link_building_task import LinkBuildingFields, LinkBuildingSettings
from resources.domain.link_faults import link_faults
from resources.domain.link_plans import LinkOrder, LinkPlan, plan_links
from resources.domain.press_release_facts import anything_on, passages_of
from resources.domain.press_releases import Brief, Fact
from resources.domain.shingles import duplicates
from resources.knowledge.index import IndexResource
from resources.knowledge.statements import FoundStatement, find_statements
from resources.ledger import reviews
from resources.work.attempt import Attempt
from resources.work.steps import Step, once
from resources.workbooks.cora import read_cora_report

STATEMENTS_A_LINK: Final = 20
"""What is looked for beside, for the words of each link."""


class WorkbookMissingError(PermanentError):
    """No workbook was dropped for the task."""


class LinkBatchFaultyError(PermanentError):
    """The articles are not as the plan wants them; nothing was delivered."""


@dataclass(frozen=True)
class Composition:
    """The articles of a batch, the statements that they are made of, and when the work on them began."""

    articles: tuple[LinkArticle, ...]
    sources: tuple[FoundStatement, ...]
    begun_at: datetime


@dataclass(frozen=True)
class Workshop:
    """What a batch is made with."""

    engine: Engine
    index: IndexResource
    artefacts: ArtefactStore


def reported(shop: Workshop, attempt: Attempt) -> CoraReport:
    """What the task's workbook says.

    Raises:
        WorkbookMissingError, WorkbookUnreadableError, WorkbookTooLargeError, WorkbookLayoutUnknownError.
    """
    content = attempt.claim.attempt.input.get("workbook")
    if not isinstance(content, str):
        raise WorkbookMissingError(
            f"task {attempt.task.id}",
            expected="a workbook",
            found="none",
            remedy="Drop it into the watch folder.",
        )
    with tempfile.TemporaryDirectory(prefix="waybill-") as folder:
        path = Path(folder) / "workbook.xlsx"
        with shop.artefacts.open(content) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)
        return read_cora_report(path)


def planned(shop: Workshop, attempt: Attempt) -> LinkPlan:
    """The plan: made once from the workbook and the order.

    Raises:
        LinkPlanImpossibleError: the workbook and the order make none; and what ``reported`` raises.
    """
    order = _order(attempt)
    given = {"workbook": attempt.claim.attempt.input.get("workbook"), "order": asdict(order)}
    return once(
        shop.engine, attempt, Step("link plan", LinkPlan, given, "waybill"),
        lambda: plan_links(reported(shop, attempt), order),
    )  # fmt: skip


def composed(shop: Workshop, attempt: Attempt) -> Composition:
    """An article a link. Sentences that a reviewer named in any round are left out.

    Raises:
        StatementsTooFewError: the client's sources say too little.
        LinkBatchFaultyError: an anchor is not in place exactly once, or two articles share text.
    """
    plan = planned(shop, attempt)
    given = {"attempt": attempt.claim.attempt.input_hash}
    return once(
        shop.engine, attempt, Step("link articles", Composition, given, MADE_BY),
        lambda: _composition(shop, attempt, plan),
    )  # fmt: skip


def _order(attempt: Attempt) -> LinkOrder:
    settings = LinkBuildingSettings.model_validate(attempt.settings)
    fields = LinkBuildingFields.model_validate(attempt.fields)
    client = attempt.task.client or ""
    return LinkOrder(
        links=fields.links or settings.links,
        brands=attempt.configuration.client(client).brand_names(client),
        targets=tuple(part for part in (fields.targets or "").replace(",", " ").split() if part),
        shares=settings.shares,
    )


def _composition(shop: Workshop, attempt: Attempt, plan: LinkPlan) -> Composition:
    with shop.engine.begin() as connection:
        decided = reviews.of_task(connection, attempt.task.id)
    refused = [row["reason"] for row in decided if row["decision"] == "changes_requested"]
    usable = [
        each for each in _statements(shop, attempt, plan) if not any(is_named(each.text, words) for words in refused)
    ]
    articles = compose_articles(plan, _printable(attempt, plan, usable))
    _refuse_faulty(attempt, plan, articles)
    used = {sentence.extraction_id for each in articles for part in each.paragraphs for sentence in part}
    sources = tuple(each for each in usable if each.extraction_id in used)
    return Composition(articles, sources, attempt.claim.attempt.started_at)


def _printable(attempt: Attempt, plan: LinkPlan, found: Sequence[FoundStatement]) -> list[SourceStatement]:
    """What may be printed of the statements, as a press release prints it: no fragments, nobody of himself.

    List items and the like come in only where the rest is not enough.
    """
    client = attempt.task.client or ""
    company = attempt.configuration.client(client).company(client)
    facts = tuple(Fact(key=str(each.extraction_id), text=each.text, title=each.title, uri=each.uri) for each in found)
    brief = Brief(
        client=client, company=company, topic=plan.keyword, dated=attempt.claim.attempt.started_at.date(),
        contact=company.contact, facts=facts,
    )  # fmt: skip
    sentences = [sentence for passage in passages_of(brief) for sentence in passage.sentences]
    if len(sentences) < MIN_STATEMENTS * len(plan.links):
        sentences = [sentence for passage in anything_on(brief) for sentence in passage.sentences]
    return [SourceStatement(each.text, ExtractionId(UUID(each.cites[0]))) for each in sentences]


def _statements(shop: Workshop, attempt: Attempt, plan: LinkPlan) -> list[FoundStatement]:
    """What the client's sources say of the keyword, and of each link's own words; each once."""
    most = LinkBuildingSettings.model_validate(attempt.settings).statements
    found: dict[str, FoundStatement] = {}
    for words, k in _questions(plan, most):
        for each in find_statements(
            shop.engine, shop.index.store, shop.index.embedder, words, client=ClientSlug(attempt.task.client or ""), k=k
        ):
            found.setdefault(" ".join(each.text.split()), each)
        attempt.check()
    return list(found.values())[:most]


def _questions(plan: LinkPlan, most: int) -> Iterator[tuple[str, int]]:
    yield plan.keyword, most
    for link in plan.links:
        about = " ".join((*link.related_words, *link.entities))
        if about:
            yield about, STATEMENTS_A_LINK


def _refuse_faulty(attempt: Attempt, plan: LinkPlan, articles: Sequence[LinkArticle]) -> None:
    faults = [
        f"article {fault.number}: {fault.fault.value}: {fault.found}"
        for link, article in zip(plan.links, articles, strict=True)
        for fault in link_faults(article, [link])
    ]
    same = duplicates({f"article {article.number}": article.body for article in articles})
    faults += [f"{pair.first} and {pair.second} share '{pair.shared[0]}'" for pair in same]
    if faults:
        raise LinkBatchFaultyError(
            f"task {attempt.task.id}",
            expected="each anchor in place exactly once, and no text that two articles share",
            found="; ".join(faults[:5]),
            remedy="Add sources that say more, or plan fewer links.",
        )
