"""A press release as schema.org's `NewsArticle` in JSON-LD: built from the release by code, and validated.

schema.org has no type for press releases; `NewsArticle` has a dateline. No search engine requires a property of it;
headline, image, dates and author are what Google recommends (Search Central, "Article structured data").
"""

import json
import re
from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from resources.domain.datelines import dateline, place
from resources.domain.errors import PermanentError
from resources.domain.link_plans import is_target
from resources.domain.notes import one_line
from resources.domain.press_releases import Release

HEADLINE_CHARS: Final = 110
"""Google's former bound, and what most pages keep."""
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _web_address(address: str) -> str:
    if not is_target(address) or not address.isprintable():
        raise ValueError("no http(s) address")
    return address


def _day(value: object) -> object:
    return date.fromisoformat(value) if isinstance(value, str) and _ISO.fullmatch(value) else value


Url = Annotated[str, AfterValidator(_web_address)]
Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Day = Annotated[date, BeforeValidator(_day)]
"""As JSON has it, ``2026-02-03``: no number and no instant."""


class NewsArticleInvalidError(PermanentError):
    """What was built is no article that may be published."""


class _Node(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Organization(_Node):
    """Who speaks."""

    type: Literal["Organization"] = Field("Organization", alias="@type")
    name: Words
    url: Url | None = None


class Place(_Node):
    """Where."""

    type: Literal["Place"] = Field("Place", alias="@type")
    name: Words


class NewsArticle(_Node):
    """The article. What is empty is left out."""

    context: Literal["https://schema.org"] = Field("https://schema.org", alias="@context")
    type: Literal["NewsArticle"] = Field("NewsArticle", alias="@type")
    headline: Annotated[Words, Field(max_length=HEADLINE_CHARS)]
    dateline: Words
    date_published: Day = Field(alias="datePublished")
    date_modified: Day = Field(alias="dateModified")
    in_language: Literal["en"] = Field("en", alias="inLanguage")
    author: Organization
    publisher: Organization
    description: Words
    article_body: Words = Field(alias="articleBody")
    content_location: Place | None = Field(None, alias="contentLocation")
    url: Url | None = None
    image: Url | None = None

    @model_validator(mode="after")
    def _is_not_older_than_itself(self) -> Self:
        if self.date_modified < self.date_published:
            raise ValueError("dateModified is before datePublished")
        return self


def news_article(
    release: Release, *, website: str = "", url: str = "", image: str = "", modified: date | None = None
) -> dict[str, Any]:
    """The release as JSON-LD, validated. ``website`` is the company's; ``url`` and ``image`` are the article's own.

    Raises:
        NewsArticleInvalidError: such as an address that is none, or dates in the wrong order.
    """
    who = {"@type": "Organization", "name": _whole(release.company), **_given(url=website)}
    where = _whole(place(release))
    paragraphs = [_whole(paragraph.text) for paragraph in release.paragraphs]
    return validated(
        {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": one_line(release.headline.text, HEADLINE_CHARS),
            "dateline": _whole(dateline(release)),
            "datePublished": release.dated.isoformat(),
            "dateModified": (modified or release.dated).isoformat(),
            "inLanguage": "en",
            "author": who,
            "publisher": who,
            "description": paragraphs[0],
            "articleBody": "\n\n".join(paragraphs),
            **({"contentLocation": {"@type": "Place", "name": where}} if where else {}),
            **_given(url=url, image=image),
        }
    )


def validated(content: dict[str, Any]) -> dict[str, Any]:
    """``content`` as it stands, if it is a `NewsArticle`.

    Raises:
        NewsArticleInvalidError: it names the first property that is wrong.
    """
    try:
        article = NewsArticle.model_validate(content)
    except ValidationError as error:
        raise _invalid(error.errors()[0]) from error
    return article.model_dump(mode="json", by_alias=True, exclude_none=True)


def as_json(content: dict[str, Any]) -> bytes:
    """UTF-8, the same bytes for the same content, and safe within an HTML page's ``script``."""
    text = json.dumps(content, ensure_ascii=False, indent=2)
    return (text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026") + "\n").encode()


def _given(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _whole(text: str) -> str:
    """All of ``text`` on one line, without what is not seen."""
    return one_line(text, len(text))


def _invalid(first: ErrorDetails) -> NewsArticleInvalidError:
    property_ = ".".join(map(str, first["loc"]))
    wrong = first["msg"].removeprefix("Value error, ")
    value = "nothing" if first["type"] == "missing" else repr(first["input"])
    return NewsArticleInvalidError(
        f"NewsArticle, {property_ or 'as a whole'}",
        expected="what schema.org and Waybill want there",
        found=f"{one_line(value, 100)} ({wrong})" if property_ else wrong,
        remedy="Correct the release or the client in waybill.toml.",
    )
