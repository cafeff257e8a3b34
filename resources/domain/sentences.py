"""Where sentences begin and end, in English-like prose. Pure rules, in time linear in the length of the text.

A line is a unit of its own when it is a list item, a heading or a table row; other lines are one wrapped paragraph.
Every pattern here consumes what it looks at, and every look backwards is bounded, so that no input is slow.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from resources.domain.spans import Span

# A line shorter than this was not broken because it was full: what follows it, if capitalised, begins anew.
WRAPPED_LINE_CHARS = 45
# Longer than any abbreviation: how far to look back for the word before a full stop.
LONGEST_ABBREVIATION_CHARS = 40

_ITEM = re.compile(r"[ \t]*(?:[-*+•‣◦▪\u2013—·][ \t]+|\(?\d{1,3}[.)][ \t]+|\(?[a-z]\)[ \t]+)")
_ROW_OR_HEADING = re.compile(r"[ \t]*(?:\||>|#{1,6}[ \t])")
_TERMINATOR = re.compile(r"(?:[.!?…]+|[。\uFF01\uFF1F]+)[\"'”\u2019»)\]]*")
_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[A-Za-z]+")
_INITIALISM = re.compile(r"(?:[A-Za-z]\.)*[A-Za-z]")
_WIDE = "。\uff01\uff1f"
_OPENING = "\"'“\u2018«([*_"


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_BEFORE_NAME = _words(
    "dr mr mrs ms messrs prof sen rep gen gov capt cpt lt col sgt maj cmdr adm rev hon pres fr st mt ft"
)
_BEFORE_NUMBER = _words("no nos fig figs p pp vol vols ch chap sec sect eq eqs art par approx ca c nr tel ext")
_BEFORE_DAY = _words("jan feb mar apr jun jul aug sep sept oct nov dec")
_NEVER_LAST = _words("vs e.g i.e cf viz eg ie incl")
_MAYBE_LAST = _words(
    "inc ltd co corp llc plc jr sr etc al dept est ave blvd rd bros assn univ dist intl ph.d esq ed eds"
)
_ABBREVIATIONS = _BEFORE_NAME | _BEFORE_NUMBER | _BEFORE_DAY | _NEVER_LAST | _MAYBE_LAST
_STARTERS = _words(
    "the it he she they we i you this that these those in on at for from with by as if when while after before since "
    "but and or so however its his her their our my your a an there what who how why where although though today "
    "yesterday tomorrow last next then all some many most both each no not one two three according during under until "
    "here now also instead meanwhile moreover furthermore finally first second such several another other"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence; ``is_item`` when it stands in a list, where it may lack a full stop."""

    span: Span
    is_item: bool


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences of ``text`` in order, without the space around them and without a list item's marker.

    They never overlap, and every letter and digit outside a list marker is in one.
    """
    for start, end, is_item in _blocks(text):
        begin = start
        for mark in _TERMINATOR.finditer(text, start, end):
            if _ends_sentence(text, mark, begin, end):
                yield Sentence(Span(begin, mark.end()), is_item)
                begin = _skip_space(text, mark.end(), end)
        if begin < end:
            yield Sentence(Span(begin, end), is_item)


def _blocks(text: str) -> Iterator[tuple[int, int, bool]]:
    """Start, end and whether it is a list item, of each run of lines that may share a sentence; none is blank."""
    start, end, is_item, previous = -1, 0, False, ""
    position = 0
    for line in text.split("\n"):
        stripped = line.strip()
        if start >= 0 and (not stripped or _begins_anew(previous, line, stripped)):
            yield start, end, is_item
            start = -1
        if stripped:
            if start < 0:
                marker = _ITEM.match(line)
                is_item = marker is not None and marker.end() < len(line.rstrip())
                start = position + (marker.end() if marker and is_item else len(line) - len(line.lstrip()))
            end = position + len(line.rstrip())
        previous = stripped
        position += len(line) + 1
    if start >= 0:
        yield start, end, is_item


def _begins_anew(previous: str, line: str, stripped: str) -> bool:
    if _ITEM.match(line) or _ROW_OR_HEADING.match(line) or _ROW_OR_HEADING.match(previous):
        return True
    return len(previous) < WRAPPED_LINE_CHARS and not stripped[0].islower()


def _skip_space(text: str, position: int, end: int) -> int:
    space = _SPACE.match(text, position, end)
    return space.end() if space else position


def _ends_sentence(text: str, mark: re.Match[str], begin: int, end: int) -> bool:
    after = mark.end()
    if after == end or mark[0][0] in _WIDE:
        return True
    if not text[after].isspace():
        return False
    following = text[_skip_space(text, after, end)]
    if mark[0] != ".":
        return not following.islower()
    if mark.start() == begin or text[mark.start() - 1].isspace():
        return True  # tokenised text sets its full stops apart
    return not following.islower() and not _abbreviates(text, mark.start(), begin, end)


def _abbreviates(text: str, stop: int, begin: int, end: int) -> bool:
    """Whether the full stop at ``stop`` belongs to the word before it and the sentence goes on."""
    before = text[max(begin, stop - LONGEST_ABBREVIATION_CHARS) : stop].rsplit(maxsplit=1)[-1].lstrip(_OPENING)
    word = before.lower()
    initials = _INITIALISM.fullmatch(before) is not None and (len(before) > 1 or before.isupper())
    if not initials and word not in _ABBREVIATIONS:
        return False
    position = _skip_space(text, stop + 1, end)
    following = _WORD.match(text, position, end)
    if word in _NEVER_LAST:
        return True
    if word in _BEFORE_NAME:
        return following is not None
    if word in _BEFORE_NUMBER or word in _BEFORE_DAY:
        return text[position].isdigit()
    return following is None or following[0].lower() not in _STARTERS or text.startswith(".", following.end())
