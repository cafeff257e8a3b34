"""Who is said to say a quotation, beside it (``said X``, ``X told us``, ``X:``, ``— X``) or by the turns of a talk."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from resources.domain.claim_words import folded, listed
from resources.domain.spans import Span

AROUND: Final = 200
"""How far from a quotation its speaker is looked for, in code points."""
SENTENCE_END: Final = re.compile(r"[.!?](?<!\b[A-Z]\.)(?<!\b[DM]r\.)(?<!\bMs\.)(?<!\bMrs\.)(?<!\bProf\.)(?=\s|$)")
_SAYING: Final = re.compile(
    r"\b(?:said|says|say|adds|added|explained|explains|noted|notes|told|tells|recalled|recalls|wrote|writes|commented"
    r"|stated|remarked|concluded|argued|insisted|admitted|joked|announced|continued|asked|asks|replied|replies|answered"
    r"|warned|warns|stressed|stresses|put\s+it|puts\s+it|according\s+to)\b",
    re.IGNORECASE,
)
_ENDS_SAYING: Final = re.compile(rf"{_SAYING.pattern}$", re.IGNORECASE)
SHORT: Final = 60
"""A sentence behind a whole one, no longer than this and ended by a word of saying, tells who said that one."""
_MARK: Final = re.compile(r"[“”„«»]|\n[ \t]*\n|(?<=[.!?:])\n|(?<!\w)[\"\u2018'](?=\S)|\"(?!\w)")
_LEAD: Final = re.compile(r"[ .,]*(?:\n[ \t]*(?=[\u2014\u2013-]\s))?")
_DASH: Final = re.compile(r"[\s.,]*[—\u2013-]+\s*")
_NAME: Final = re.compile(
    r"(?:[A-ZÀ-ÖØ-Þ][\w'\u2019.\-]*)(?:\s(?:[A-ZÀ-ÖØ-Þ][\w'\u2019.\-]*|de\b|van\b|von\b|der\b|al\b|bin\b|da\b))*"
)
_TAIL: Final = re.compile(
    r"\b(?:of|at|in|from|who|which|with|for|on|to|while|when|during|after|before|because|about|near|by|that|as)\b",
    re.IGNORECASE,
)
_LEADING: Final = re.compile(r"^\s*(?:that|and|but|as|also|later|then)\b", re.IGNORECASE)
_POSSESSOR: Final = re.compile(r"['\u2019]s?\s")
"""Behind it stands who speaks, before it whose they are."""
_PRONOUN: Final = re.compile(r"[\s,]*(?:and\s+)?(?:he|she|they|it|we|i)\b", re.IGNORECASE)
_NOBODY: Final = listed(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august"
    " september october november december the a an his her their our its this"
)
_TURN: Final = re.compile(
    r"^[ \t]*(?:\[?\d{1,2}:\d\d(?::\d\d)?\]?[ ])?(?:\*\*)?"
    r"(?P<who>[A-ZÀ-ÖØ-Þ][\w'\u2019.\-]*(?:[ ][A-ZÀ-ÖØ-Þ][\w'\u2019.\-]*){0,3}):(?:\*\*)?[ \t]+",
    re.MULTILINE,
)
_LABELS: Final = listed(
    "q a question answer quote quotes note notes background source date summary title contact about fact facts"
)
_TITLES: Final = listed("mr mrs ms dr prof professor sir dame")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019\-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says something: ``name``, empty when nobody is named, and all the words that tell it."""

    name: str = ""
    told: str = ""


NOBODY: Final = Speaker()


def speaker_beside(text: str, span: Span) -> Speaker:
    """Who is said to say what stands at ``span`` with its marks."""
    before, after = _before(text, span), _after(text, span)
    if before.rstrip().endswith(":") and (speaker := _of(before)).name:
        return speaker
    if _attributes(text, span, after) and (speaker := _of(after)).told:
        return speaker
    return _of(before) if _SAYING.search(before) else NOBODY


def says(text: str) -> bool:
    """Whether ``text`` has a word of saying."""
    return _SAYING.search(text) is not None


def turns(text: str) -> Iterator[tuple[Span, Speaker]]:
    """The turns of a written talk, each with who speaks; a label such as ``Note`` speaks for nobody."""
    starts = list(_TURN.finditer(text))
    ends = [*(turn.start() for turn in starts[1:]), len(text)]
    for turn, end in zip(starts, ends[: len(starts)], strict=True):
        if turn.end() < end and turn["who"].casefold() not in _LABELS:
            yield Span(turn.end(), end), Speaker(turn["who"], turn["who"])


def same_person(one: str, other: str) -> bool:
    """Whether two names may be of one person: one is part of the other, or its initials; titles do not count."""
    first, second = words_of_name(one), words_of_name(other)
    if not first or not second:
        return False
    if first[-1] == second[-1] and len(first) > 1 and len(second) > 1:
        return bool(set(first[:-1]) & set(second[:-1])) or _abbreviates(first[0], second[0])
    initials = {"".join(word[0] for word in name) for name in (first, second) if len(name) > 1}
    return set(first) <= set(second) or set(second) <= set(first) or not initials.isdisjoint((first[0], second[0]))


def surname_in(name: str, text: str) -> bool:
    """Whether the last word of ``name`` is a word of ``text``."""
    words = words_of_name(name)
    return bool(words) and words[-1] in words_of_name(text)


def _abbreviates(one: str, other: str) -> bool:
    return 1 in (len(one), len(other)) and one[0] == other[0]


def words_of_name(name: str) -> list[str]:
    """Its words, folded, without titles."""
    words = [re.sub(r"['\u2019]s$", "", folded(word)) for word in _WORD.findall(name)]
    return [word for word in words if word not in _TITLES]


def _before(text: str, span: Span) -> str:
    """What stands before ``span`` in its sentence."""
    before = text[max(0, span.start - AROUND) : span.start]
    ends = [each.end() for form in (SENTENCE_END, _MARK) for each in form.finditer(before)]
    return before[max(ends, default=0) :]


def _after(text: str, span: Span) -> str:
    """What stands after ``span`` in its sentence."""
    after = text[span.end : span.end + AROUND]
    lead = found.end() if (found := _LEAD.match(after)) else 0
    ends = [each.start() for form in (SENTENCE_END, _MARK) if (each := form.search(after, lead))]
    return after[: min(ends, default=len(after))]


def _attributes(text: str, span: Span, after: str) -> bool:
    """Whether what follows may tell the speaker: the quotation ends in punctuation, or ``said`` follows at once."""
    last = text[max(span.start, span.end - 2) : span.end].rstrip("“”\"'\u2019»")[-1:]
    bare = after.strip(" ,.")
    if (last == "." or after.startswith(".")) and bare[:1].isupper():
        return len(bare) < SHORT and _ENDS_SAYING.search(bare) is not None
    return (
        not last.isalnum()
        or after.startswith((",", "."))
        or _SAYING.match(bare) is not None
        or bool(_DASH.match(after))
    )


def _of(clause: str) -> Speaker:
    """Who speaks by a clause: the subject before the verb; else behind it; else what a dash or a colon sets apart."""
    said = list(_SAYING.finditer(clause))
    if not said:
        dash = _DASH.match(clause)
        if dash or clause.rstrip().endswith(":"):
            return Speaker(_named(clause[dash.end() if dash else 0 :]), clause)
        return NOBODY
    verb = said[-1] if clause.rstrip(" :,").endswith(said[-1][0]) or clause.rstrip().endswith(":") else said[0]
    subject = clause[max((each.end() for each in said if each.end() < verb.start()), default=0) : verb.start()]
    if _PRONOUN.match(subject):
        return Speaker("", clause)
    return Speaker(_named(subject) or _named(clause[verb.end() :]), clause)


def _named(words: str) -> str:
    """The last name of the first part, between commas, that names somebody before it says where or of what."""
    for piece in words.split(","):
        part = _POSSESSOR.split(_LEADING.sub("", piece, count=1))[-1]
        tail = _TAIL.search(part)
        found = [_without_nobody(each[0]) for each in _NAME.finditer(part[: tail.start()] if tail else part)]
        if named := [name for name in found if name]:
            return named[-1]
    return ""


def _without_nobody(name: str) -> str:
    return " ".join(word for word in name.split() if word.casefold().strip(".") not in _NOBODY).rstrip(".")
