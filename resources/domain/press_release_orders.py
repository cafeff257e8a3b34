"""What a task orders a press release with: its custom fields first, else the labelled lines of its description.

What cannot be read is refused and not guessed, as a misread date or speaker would be printed.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel, ConfigDict

from resources.domain.press_release_order_fields import contact_of, dated_of, place_of, quotes_of, refused
from resources.domain.press_releases import Contact, Fact, Quote

TASK: Final = "task:"
"""What the key of a fact begins with that the task itself states."""
BODY: Final = f"{TASK}body"
FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("topic", "subject"), "topic"),
        **dict.fromkeys(("city", "dateline"), "city"),
        "state": "state",
        **dict.fromkeys(("release date", "date", "dated"), "date"),
        **dict.fromkeys(("quotes", "quote"), "quotes"),
        **dict.fromkeys(("contact", "press contact", "media contact"), "contact"),
    }
)
"""The names of custom fields and the labels of lines, in small letters, to what they give."""

_MARKS: Final = r"[*_]{0,3}"
_LABEL: Final = re.compile(
    rf"\s*(?:[-*+•>#]+\s+|\d{{1,2}}[.)]\s+)?{_MARKS}(?P<label>{'|'.join(sorted(FIELDS, key=len, reverse=True))})"
    rf"\s?\d{{0,2}}\s?{_MARKS}\s?:{_MARKS}\s*(?P<rest>.*)",
    re.IGNORECASE,
)
_REQUEST: Final = re.compile(
    r"\s*(?:(?:please\s+)?(?:write|draft|prepare|create)\s+(?:an?|the|our)\s+)?(?:press|news|media)\s+release"
    r"\s*(?:[:\u2013\u2014-]|\b(?:about|for|on)\b)\s*",
    re.IGNORECASE,
)


class PressOrder(BaseModel):
    """What the task says; empty or None where it says nothing.

    Attributes:
        topic: the field or line of that name, else the task's name without "Press release:" and the like.
        notes: the description without its labelled lines.
        state: as AP abbreviates it; empty after a city that stands alone.
        facts: what the task states, word for word, so that claims can be matched with it: ``task:topic``,
            ``task:body``, ``task:date``, ``task:city``, ``task:contact`` and ``task:quote-1``, ``-2``, …
            Their ``title`` is the task's name, their ``uri`` empty: the caller knows where the task is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: str
    notes: str = ""
    city: str = ""
    state: str = ""
    dated: date | None = None
    quotes: tuple[Quote, ...] = ()
    contact: Contact | None = None
    facts: tuple[Fact, ...] = ()


def order_of(*, name: str, body: str, fields: Mapping[str, str]) -> PressOrder:
    """The order that the task called ``name`` gives.

    Args:
        name: the task's name in ClickUp.
        body: its description in Markdown.
        fields: custom fields by their names, as text; names that are not in `FIELDS` are left alone.

    Raises:
        PressOrderError: a date, quote, city or contact that cannot be read, or a label with two values; or no topic.
    """
    lines, notes = _labelled(body)
    given = lines | {known: value for each, value in fields.items() if (known := _known(each)) and value.strip()}
    topic = " ".join((given.get("topic") or _REQUEST.sub("", name, count=1) or name).split()).rstrip(".")
    if not topic:
        raise refused("Topic", "what the release is about", "nothing", "Topic: Opening of the Leeds store")
    quotes, said = quotes_of(given.get("quotes", ""))
    city, state = place_of(given.get("city", ""), given.get("state", ""))
    contact = contact_of(given["contact"]) if "contact" in given else None
    texts = {"topic": topic, "body": notes} | {each: given.get(each, "") for each in ("date", "city", "contact")}
    texts |= {quote.key.removeprefix(TASK): words for quote, words in zip(quotes, said, strict=True)}
    facts = tuple(
        Fact(key=f"{TASK}{key}", text=text, title=name, uri="") for key, text in texts.items() if text.strip()
    )
    dated = dated_of(given["date"]) if "date" in given else None
    return PressOrder(
        topic=topic, notes=notes, city=city, state=state, dated=dated, quotes=quotes, contact=contact, facts=facts
    )


def _known(label: str) -> str | None:
    return FIELDS.get(" ".join(label.split()).casefold())


def _labelled(body: str) -> tuple[dict[str, str], str]:
    """What the labelled lines give, and all else. Quotes gather; another label gives one thing.

    Raises:
        PressOrderError: two lines of one label differ.
    """
    given: dict[str, list[str]] = {}
    notes: list[str] = []
    for label, text in _pieces(body.splitlines()):
        if label is None:
            notes.append(text)
        elif text:
            given.setdefault(label, []).append(text)
    for label, texts in given.items():
        if label != "quotes" and len(set(texts)) > 1:
            raise refused(label.capitalize(), "one line", " and ".join(texts), "one of them")
    return {label: "\n".join(texts) for label, texts in given.items()}, "\n".join(notes).strip()


def _pieces(lines: list[str]) -> Iterator[tuple[str | None, str]]:
    """Each line without a label alone, each label with its value: the rest of its line, or the lines below it."""
    at = 0
    while at < len(lines):
        found = _LABEL.fullmatch(lines[at])
        if found is None:
            yield None, lines[at]
            at += 1
            continue
        value = [found["rest"].strip()] if found["rest"].strip() else []
        at += 1
        while at < len(lines) and _goes_on(value, lines[at]):
            value.append(lines[at].strip())
            at += 1
        yield _known(found["label"]), "\n".join(each for each in value if each)


def _goes_on(value: list[str], line: str) -> bool:
    """A value ends with its line, unless it began below its label, or a quotation in it is still open."""
    if _LABEL.fullmatch(line):
        return False
    text = " ".join(value)
    if text and (text.count("“") > text.count("”") or text.count('"') % 2):
        return bool(line.strip())
    listed = bool(re.match(r"\s*[-*+•>]\s", line))
    return not value or (listed and bool(re.match(r"[-*+•>]\s", value[0])))
