"""The files of a batch of links: a Word document an article, the plan as a table, and what versions are compared by."""

from typing import Final

from resources.artefacts.link_article_word import link_article_word
from resources.domain.deliverables import Citation, Draft, DraftFile
from resources.domain.link_articles import MADE_BY, LinkArticle
from resources.domain.link_building_task import LINK_BUILDING, LinkBatch
from resources.domain.link_plan_tables import link_plan_csv
from resources.domain.link_plans import LinkPlan
from resources.work.attempt import Attempt
from resources.work.link_batch import Composition, Workshop, composed, planned

WORD: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def make_files(shop: Workshop, attempt: Attempt) -> Draft:
    """Everything that is delivered of the batch, stored: the same plan and articles give the same files.

    Raises:
        ArtefactStoreFullError, ArtefactStoreUnavailableError: a retry can help; and what ``composed`` raises.
    """
    plan, made = planned(shop, attempt), composed(shop, attempt)
    put = shop.artefacts.put
    files = [
        DraftFile(f"article-{each.number:03}.docx", WORD, put(link_article_word(each, made_at=made.begun_at)))
        for each in made.articles
    ]
    table = DraftFile("link-plan.csv", "text/csv", put(link_plan_csv(plan).encode("utf-8-sig")))
    batch = LinkBatch(plan=plan, articles=made.articles).model_dump_json(indent=1)
    kept = (
        DraftFile("articles.md", "text/markdown", put(_text(made.articles).encode()), published=False),
        DraftFile("link-batch.json", "application/json", put(batch.encode()), published=False),
    )
    citations = tuple(Citation(each.extraction_id, each.uri, each.title, each.span, each.text) for each in made.sources)
    return Draft(LINK_BUILDING.name, _summary(plan, made), (*files, table, *kept), citations, made_by=MADE_BY)


def _text(articles: tuple[LinkArticle, ...]) -> str:
    """All articles as they read, for previews and comparisons."""
    return "\n\n".join(f"{each.number}. {each.title}\n\n{each.body}" for each in articles) + "\n"


def _summary(plan: LinkPlan, made: Composition) -> str:
    kinds = [link.kind.value for link in plan.links]
    spread = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    links = f"{len(plan.links)} link{'' if len(plan.links) == 1 else 's'}"
    sources = len({each.uri for each in made.sources})
    return f"{links} for '{plan.keyword}' ({spread}), an article each, from {sources} sources, and the plan as a table."
