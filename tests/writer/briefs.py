"""Briefs for tests, with what the documents of `examples/acme-outdoor` state."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from resources.domain.press_release_orders import order_of
from resources.domain.press_release_words import words_that_matter
from resources.domain.press_releases import Brief, Company, Contact, Fact, Release
from resources.domain.spans import quote
from resources.domain.statements import statements
from resources.sources.parse import parse

ACME: Final = Path(__file__).parents[2] / "examples/acme-outdoor"
TYPES: Final = {".md": "text/markdown", ".txt": "text/plain", ".html": "text/html"}
COMPANY: Final = Company(
    name="Acme Outdoor",
    about="Acme Outdoor makes packs, jackets and tents for people who walk. It mends what it sells.",
    city="Sheffield",
    website="https://acme-outdoor.example",
    contact=Contact(name="Ben Whitlock", email="press@acme-outdoor.example", phone="+44 114 496 0182"),
    banned_words=("conquer", "epic", "game-changing", "eco-friendly"),
)
LEEDS: Final = """\
Please keep it calm.

City: Leeds
Date: 5 May 2026
Quote: “A shop that mends things belongs on the oldest street in town.” — Maya Lindqvist, founder and chief executive
"""
DAY: Final = date(2026, 5, 5)


@cache
def acme_facts() -> tuple[Fact, ...]:
    """Every statement of every document."""
    return tuple(fact for path in sorted(ACME.rglob("*")) if path.suffix in TYPES for fact in _facts_of(path))


def acme_brief(name: str = "Opening of the Leeds store", body: str = LEEDS, *, facts: int = 60, **other: Any) -> Brief:
    """The brief for a task called ``name``, with so many facts: those that share most words with it."""
    order = order_of(name=name, body=body, fields={})
    about = words_that_matter(order.topic)
    ranked = sorted(acme_facts(), key=lambda fact: -len(about & words_that_matter(f"{fact.text} {fact.title}")))
    return Brief(
        client="acme-outdoor",
        company=COMPANY,
        topic=order.topic,
        notes=order.notes,
        city=order.city or COMPANY.city,
        state=order.state,
        dated=order.dated or DAY,
        contact=order.contact or COMPANY.contact,
        quotes=order.quotes,
        facts=(*order.facts, *ranked[:facts]),
    ).model_copy(update=other)


def texts(release: Release) -> list[str]:
    """The sentences as a reader sees them, the headline first."""
    return [sentence.text for sentence in release.sentences]


def _facts_of(path: Path) -> Iterator[Fact]:
    uri = path.relative_to(ACME).as_posix()
    document = parse(path.read_bytes(), TYPES[path.suffix], uri)
    for statement in statements(document.text):
        span = (statement.span.start, statement.span.end)
        text = quote(document.text, statement.span)
        yield Fact(key=f"{path.stem}-{span[0]}", text=text, title=document.title or "", uri=uri, span=span)
