"""A press release as schema.org's `NewsArticle` in JSON-LD: built from the release by code, and validated.

schema.org has no type for press releases; `NewsArticle` has a dateline. No search engine requires a property of it;
headline, image, dates and author are what Google recommends (Search Central, "Article structured data").
"""

import json
from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from resources.domain.datelines import dateline, place
from resources.domain.errors import PermanentError
from resources.domain.press_releases import Release

HEADLINE_CHARS: Final = 110
"""Google's former bound, and what most pages keep."""
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/<>\"]+[^\s<>\"]*$", max_length=2_000)]
Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class NewsArticleInvalidError(PermanentError):
    """What was built is no article that may be published."""


class _Node(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


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
    date_published: date = Field(alias="datePublished")
    date_modified: date = Field(alias="dateModified")
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
    who = {"@type": "Organization", "name": release.company, **_given(url=website)}
    where = place(release)
    return validated(
        {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": _cut(release.headline.text),
            "dateline": dateline(release),
            "datePublished": release.dated.isoformat(),
            "dateModified": (modified or release.dated).isoformat(),
            "inLanguage": "en",
            "author": who,
            "publisher": who,
            "description": release.paragraphs[0].text,
            "articleBody": "\n\n".join(paragraph.text for paragraph in release.paragraphs),
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
        first = error.errors()[0]
        raise NewsArticleInvalidError(
            f"NewsArticle, {'.'.join(map(str, first['loc'])) or 'as a whole'}",
            expected="a property as schema.org and Waybill want it",
            found=first["msg"],
            remedy="Correct the release or the client in waybill.toml.",
        ) from error
    return article.model_dump(mode="json", by_alias=True, exclude_none=True)


def as_json(content: dict[str, Any]) -> bytes:
    """UTF-8, the same bytes for the same content, and safe within an HTML page's ``script``."""
    text = json.dumps(content, ensure_ascii=False, indent=2)
    return (text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026") + "\n").encode()


def _given(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _cut(headline: str) -> str:
    if len(headline) <= HEADLINE_CHARS:
        return headline
    return headline[: HEADLINE_CHARS - 1].rpartition(" ")[0].rstrip(" ,;:") + "…"
