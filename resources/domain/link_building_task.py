"""The kind of work `link_building`: its settings and the fields of a task that it reads."""

import re
from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from resources.domain.anchors import AnchorShares
from resources.domain.link_articles import LinkArticle
from resources.domain.link_plans import MAX_LINKS, LinkPlan
from resources.domain.task_types import Kind

_REQUEST: Final = re.compile(
    r"^\s*(?:(?:link[ -]?building|link batch|back-?links?|links?|articles?|cora)\b[\s:,\u2013\u2014-]*)+"
    r"(?:(?:for|on|about|to)\b\s*)?",
    re.IGNORECASE,
)


class LinkBuildingSettings(BaseModel):
    """How a batch of links is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    links: int = Field(5, ge=1, le=MAX_LINKS)
    """How many links, each with its article, where the task does not say."""
    shares: AnchorShares = Field(default_factory=AnchorShares)
    """How anchors are spread over exact, partial, brand and plain ones; together 1."""
    statements: int = Field(400, ge=10, le=5_000)
    """Statements of the client's sources that articles are composed from at most."""


class LinkBuildingFields(BaseModel):
    """The custom fields of a task that are read."""

    model_config = ConfigDict(frozen=True)

    links: int | None = Field(None, alias="Links", ge=1, le=MAX_LINKS)
    keyword: str | None = Field(None, alias="Keyword")
    """What the batch is about: by it a workbook finds its task; else what the task's name says."""
    targets: str | None = Field(None, alias="Targets")
    """Addresses of the pages to link to, apart by space or commas; else those of the workbook."""


LINK_BUILDING: Final = Kind(
    "link_building",
    LinkBuildingSettings,
    "make_link_batch",
    "assets.link_batches",
    "Make one batch of links from its workbook: a plan, articles, their files, and the hand-over for review.",
    LinkBuildingFields,
    takes_workbook=True,
)


def keyword_of(name: str, fields: Mapping[str, str]) -> str:
    """The keyword of a task: its field of that name (by names without case), else its name without the request."""
    return fields.get("keyword") or _REQUEST.sub("", name, count=1).strip() or name


class LinkBatch(BaseModel):
    """A plan and its articles, as they are kept with a version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plan: LinkPlan
    articles: tuple[LinkArticle, ...]
