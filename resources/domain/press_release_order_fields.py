"""The fields of an order for a press release, each read from the words that a person wrote."""

import re
from datetime import date
from typing import Final

from resources.domain.errors import PermanentError
from resources.domain.press_release_dates import date_of
from resources.domain.press_release_places import ap_state, stands_alone
from resources.domain.press_releases import Contact, Quote

_OPEN, _CLOSE = '“"„«', '”"“»'
_QUOTED: Final = re.compile(rf"\s*[{_OPEN}](?P<words>.+?)[{_CLOSE}](?P<rest>(?:[^{_OPEN}]|(?<=\w)[\"])*)", re.DOTALL)
_SPEAKER: Final = re.compile(
    r"[\s,*_]*(?:[-\u2010-\u2015]+|(?:says?|said|by|from)\b|\()[\s:*_]*(?P<speaker>[^,;()\n]+?)[*_\s]*"
    r"(?:[,;(]\s*(?P<role>[^\n]*?))?[\s.)*_]*",
    re.IGNORECASE,
)
_UNMARKED: Final = re.compile(r"\s*(?P<words>[^\u2014\n]{8,}?)\s*(?P<rest>\u2014\s*[^\u2014\n]+)")
_ITEM: Final = re.compile(r"^\s*(?:[-*+•>]|\d{1,2}[.)])\s+", re.MULTILINE)
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE: Final = re.compile(r"\+?[\d(][\d\s()./-]{5,}\d")
_LETTER: Final = re.compile(r"[^\W\d_]")
LONGEST_PLACE_CHARS: Final = 60
"""No city or state in use is longer; what is longer is a sentence that went into the wrong field."""
LONGEST_CONTACT_CHARS: Final = 500
LONGEST_CREDIT_CHARS: Final = 200
LONGEST_FIELD_CHARS: Final = 10_000
"""Far more than anybody is quoted with in one release; it bounds the time of the patterns below."""
QUOTE_EXAMPLE: Final = "Quote: “Repair is our craft.” — Maya Lindqvist, head of repairs"


class PressOrderError(PermanentError):
    """A field of the task cannot be read; the same words will fail again."""


def refused(field: str, expected: str, found: str, example: str) -> PressOrderError:
    """The error for ``field`` of a task; what was found is cut to 200 characters."""
    return PressOrderError(
        f"the task's field '{field}'",
        expected=expected,
        found=found if found == "nothing" else repr(found[:200]),
        remedy=f"Write it like this: {example}; then move the task back to begin anew.",
    )


def dated_of(text: str) -> date:
    """The day of release. Raises PressOrderError for what is none, or could be two."""
    found = date_of(text.strip(" .*_"))
    if found is None:
        raise refused("Release date", "one day", text, "Date: 3 February 2026, or 2026-02-03")
    return found


def place_of(city: str, state: str) -> tuple[str, str]:
    """City and state for the dateline: ``Portland, Oregon`` gives both; a city that stands alone loses its state.

    Raises:
        PressOrderError: no letters, a line that is too long, two states, or a state without a city.
    """
    city, _, within = " ".join(city.strip(" .*_").split()).partition(",")
    state, within = " ".join(state.split()), within.strip()
    for name, text in (("City", city), ("State", state), ("State", within)):
        if text and (not _LETTER.search(text) or len(text) > LONGEST_PLACE_CHARS):
            raise refused(name, "a name", text, "City: Portland, Ore.")
    if state and within and (ap_state(state) or state) != (ap_state(within) or within):
        raise refused("State", "the state that the city is given with", f"{state} and {within}", "City: Portland, Ore.")
    state = state or within
    if state and not city:
        raise refused("City", "a city for the state", "nothing", "City: Portland, Ore.")
    if stands_alone(city) and (ap_state(state) or not state):
        return city, ""
    return city, ap_state(state) or state


def contact_of(text: str) -> Contact:
    """Name, address and number in any order, with commas, semicolons, bars or line ends between them.

    Raises:
        PressOrderError: neither an address nor a number.
    """
    text = text[:LONGEST_CONTACT_CHARS]
    email, phone = _EMAIL.search(text), _PHONE.search(text)
    if email is None and phone is None:
        example = "Contact: Ben Whitlock, press@acme.example, +44 114 496 0182"
        raise refused("Contact", "an e-mail address or a telephone number", text, example)
    left = _PHONE.sub("", _EMAIL.sub("", text))
    parts = (part.strip(" \t.:()[]<>*_-") for part in re.split(r"[,;|\n]", left))
    name = next((part for part in parts if _LETTER.search(part) and part.casefold() not in _LABELS), "")
    return Contact(name=name, email=email[0] if email else "", phone=phone[0].strip() if phone else "")


_LABELS: Final = frozenset({"tel", "telephone", "phone", "email", "e-mail", "mail", "mailto", "t", "e"})


def quotes_of(text: str) -> tuple[tuple[Quote, ...], tuple[str, ...]]:
    """The quotes in order, their keys ``task:quote-1`` and so on; and beside each, its text as it stands there.

    Raises:
        PressOrderError: a quote without a speaker, or words that are no quote.
    """
    if len(text) > LONGEST_FIELD_CHARS:
        raise refused("Quotes", f"at most {LONGEST_FIELD_CHARS} characters", text, QUOTE_EXAMPLE)
    text = _ITEM.sub("", text).strip()
    quotes: list[Quote] = []
    texts: list[str] = []
    for found in _found(text):
        said = found["rest"].strip()
        speaker = _SPEAKER.fullmatch(said) if len(said) <= LONGEST_CREDIT_CHARS else None
        if speaker is None or not _is_name(speaker["speaker"]):
            raise refused("Quotes", "who said it, after each quote", " ".join(found[0].split()), QUOTE_EXAMPLE)
        words = " ".join(found["words"].split())
        role = " ".join((speaker["role"] or "").split())
        name = " ".join(speaker["speaker"].split())
        quotes.append(Quote(words=words, speaker=name, role=role, key=f"task:quote-{len(quotes) + 1}"))
        texts.append(" ".join(found[0].split()))
    return tuple(quotes), tuple(texts)


def _found(text: str) -> list[re.Match[str]]:
    """The quotes of ``text``, which is nothing else: marked ones, or lines of words, a dash and a name."""
    if not text:
        return []
    pattern = _QUOTED if any(mark in text for mark in _OPEN) else _UNMARKED
    found = list(pattern.finditer(text))
    left = pattern.sub("", text).strip(" \n*_")
    if left or not found:
        raise refused("Quotes", "quotes, each with who said it", left or text, QUOTE_EXAMPLE)
    return found


def _is_name(text: str) -> bool:
    return text[:1].isupper() and len(text) <= LONGEST_PLACE_CHARS
