"""Headlines by rule: the topic with the company's name, and the strongest facts, shortened; then which are the best."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from resources.domain.press_release_dates import MONTH
from resources.domain.press_release_facts import passages_of
from resources.domain.press_release_printable import COMPANYS, holds_banned
from resources.domain.press_release_topics import (
    SUBJECT_WORDS,
    clause_of,
    determined,
    is_about,
    is_near,
    is_question,
    thing_of,
    topic_words,
)
from resources.domain.press_release_words import word_count, words_that_matter
from resources.domain.press_releases import Brief

IDEAL_CHARS: Final = 70
"""What search results and inboxes show whole, more or less; AP form asks for about as much."""
SHORT_CHARS: Final = 25
"""A shorter one leaves out what a reader could have been told. Our choice."""
_MIN_WORDS: Final = 4
_ALIKE: Final = 0.6
"""Two headlines that share this much of their words would give the same release. Our choice."""
# Cut off before one of these, a sentence would say more than its source does.
_BINDS: Final = re.compile(
    r"[\s,;:(]*(?:unless|if|except|but|not|only|although|though|while|until|or|and|without|than|nor|from|to)\b"
)
_CUT: Final = re.compile(r"[;:] |, | \(| \u2013 | \u2014 ")
_VERBLESS: Final = re.compile(r"^(?:in|on|at|by|for|from|after|before|since|among|according)\b", re.IGNORECASE)
_FROM_FACTS: Final = 4
DENIES: Final = re.compile(r"\b(?:not|never|no longer|cannot|nothing|nobody)\b", re.IGNORECASE)
"""What is not so makes no headline and no lede."""

_OF_CLAUSE: Final = (
    "{clause}",
    "{clause}, company announces",
    "{clause}: what to know",
    "{clause}: the facts",
    "News: {clause}",
    "{clause}: the details",
    "{clause}: facts and figures",
)
_OF_THING: Final = (
    "{company} {announces} {thing}",
    "{Thing}: what to know from {company}",
    "{company} gives details of {the_thing}",
    "{Thing}: the facts from {company}",
    "{company} sets out facts about {the_thing}",
    "{Thing}: news from {company}",
    "{company} shares news of {the_thing}",
)
_FILLING: Final = words_that_matter(" ".join((*_OF_CLAUSE, *_OF_THING, "announces explains")))
"""What the words around topic and name are: two headlines that differ in these alone are of one angle."""
_DAY: Final = re.compile(rf"\d{{1,2}} {MONTH}|{MONTH} \d{{1,2}}|\b(?:19|20)\d\d\b")
_FIGURE: Final = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Choice:
    """A headline that was chosen: its place among those given, from 0, and why, in words that can be checked."""

    place: int
    reason: str


def headlines_for(brief: Brief, number: int) -> tuple[str, ...]:
    """At most ``number`` headlines that differ, of at most `IDEAL_CHARS` characters, without an end mark.

    First the plainest, then those that are a fact of the sources, shortened, then other words for the first. A
    headline with a banned word is left out, unless there would be too few without it.
    """
    plain = list(_of_topic(brief))
    made = [*plain[:1], *list(_of_facts(brief))[:_FROM_FACTS], *plain[1:]]
    distinct = list({headline.casefold(): headline for headline in reversed(made) if headline}.values())[::-1]
    distinct.sort(key=lambda headline: bool(holds_banned(headline, brief)))
    return tuple(distinct[:number])


def best_headlines(brief: Brief, headlines: Sequence[str], picks: int) -> tuple[Choice, ...]:
    """The ``picks`` best of ``headlines``, the best first, equals in their order; each later one of another angle.

    A headline counts for its length, the company's name, the words of the topic and a figure.
    """
    ranked = sorted(range(len(headlines)), key=lambda place: -_score(brief, headlines[place]))
    chosen: list[int] = []
    while ranked and len(chosen) < picks:
        other = (each for each in ranked if not any(_alike(brief, headlines[each], headlines[one]) for one in chosen))
        best = next(other, ranked[0])
        ranked.remove(best)
        chosen.append(best)
    return tuple(Choice(place, _reason(brief, headlines[place], first=not at)) for at, place in enumerate(chosen))


def shortened(sentence: str, at_most: int = IDEAL_CHARS) -> str:
    """``sentence`` as a headline: whole, or what stands before a comma and says the same; empty: it cannot be."""
    text = " ".join(sentence.split()).rstrip(".")
    if len(text) <= at_most:
        return text
    for cut in reversed(list(_CUT.finditer(text, 0, at_most + 1))):
        head, tail = text[: cut.start()], text[cut.start() :]
        if _can_end(head) and not _BINDS.match(tail):
            return head
    return ""


def _can_end(head: str) -> bool:
    is_list = re.search(r", ", head) is not None
    return word_count(head) >= _MIN_WORDS and not is_list and not _VERBLESS.match(head)


def _of_topic(brief: Brief) -> Iterator[str]:
    clause = clause_of(brief)
    for template in (*(_OF_CLAUSE if clause else ()), *_OF_THING):
        yield _filled(template, clause, brief)


def _filled(template: str, clause: str, brief: Brief) -> str:
    """The template with as much of the topic, then of the company's name, as the room allows: whole words."""
    company, thing = _plain(brief.company.name) or "Company", _plain(thing_of(brief)) or "news"
    clause, article = _plain(clause), determined(brief).removesuffix(thing_of(brief))
    announces = "explains" if is_question(brief) else "announces"
    while True:
        parts = {"clause": clause, "company": company, "announces": announces, "thing": thing}
        made = template.format(**parts, Thing=thing[:1].upper() + thing[1:], the_thing=f"{article}{thing}")
        if len(made) <= IDEAL_CHARS:
            return made[:1].upper() + made[1:]
        over = len(made) - IDEAL_CHARS
        if "{clause}" in template:
            clause = _cut(clause, over)
        elif len(thing) > len(company):
            thing = _cut(thing, over)
        else:
            company = _cut(company, over)


_LOOSE: Final = re.compile(
    r"(?:[\s,;:\u2013\u2014-]+(?:a|an|the|of|in|on|at|to|for|from|by|with|and|or|its|their|that|this|is|will)?)+$"
)


def cut_to(text: str, chars: int) -> str:
    """``text`` in at most ``chars`` characters: whole words, and none at the end that needs another."""
    while len(text) > chars:
        text = _cut(text, len(text) - chars)
    return text


def _cut(text: str, over: int) -> str:
    """``text`` shorter by at least ``over`` characters, or by half when there is less, at a space where one is."""
    room = max(len(text) - over, len(text) // 2)
    head = text[:room]
    if not text[room : room + 1].isspace() and " " in head:
        head = head.rsplit(" ", 1)[0]
    return _LOOSE.sub("", f"{head} ") or head or text[:1]


def _plain(text: str) -> str:
    return " ".join(text.replace("!", "").split()).strip(" .,:;")


def _of_facts(brief: Brief) -> Iterator[str]:
    """The facts' sentences as headlines: those that hold most words of the topic first, then those with a figure."""
    about = topic_words(brief)
    ranked = []
    for place, passage in enumerate(passages_of(brief)):
        headline = shortened(by_name(passage.sentences[0].text, brief.company.name))
        if not is_near(brief, passage.text, passage.title) or headline.isupper() or DENIES.search(headline):
            continue
        if shared := len(about & words_that_matter(headline)):
            named, figure = brief.company.name.casefold() in headline.casefold(), bool(figure_of(headline))
            ranked.append((-(shared + named + figure + is_about(brief, headline)), not figure, place, headline))
    for *_, headline in sorted(ranked):
        yield headline


def figure_of(text: str) -> str:
    """The first figure that is no date or year; empty: there is none."""
    found = _FIGURE.search(_DAY.sub("", text))
    return found[0] if found else ""


def by_name(text: str, company: str) -> str:
    """``text`` with the company's name for "The company's" at its beginning, as a headline has no name before it."""
    possessive = f"{company}'" if company.endswith("s") else f"{company}'s"
    return f"{possessive}{text.removeprefix(COMPANYS)}" if text.startswith(f"{COMPANYS} ") else text


def _score(brief: Brief, headline: str) -> float:
    """How good a headline is: two points each for length, name and all words of the topic, one each for the rest.

    A headline that does not name the company gets a point when it begins with the topic; a banned word costs four.
    """
    about = topic_words(brief)
    shared = len(about & words_that_matter(headline)) / max(1, len(about))
    fits = SHORT_CHARS <= len(headline) <= IDEAL_CHARS
    named = brief.company.name.casefold() in headline.casefold()
    extra = bool(figure_of(headline)) + (not named and is_about(brief, headline))
    return 2 * (fits + named + shared) + extra - 4 * bool(holds_banned(headline, brief))


def _alike(brief: Brief, one: str, other: str) -> bool:
    named = words_that_matter(brief.company.name)
    first, second = words_that_matter(one) - named, words_that_matter(other) - named
    plain = topic_words(brief) | _FILLING
    if first <= plain and second <= plain:
        return True
    return len(first & second) >= _ALIKE * max(1, min(len(first), len(second)))


def _reason(brief: Brief, headline: str, *, first: bool) -> str:
    about = topic_words(brief)
    held = len(about & words_that_matter(headline))
    company, figure = brief.company.name, figure_of(headline)
    length = "within" if len(headline) <= IDEAL_CHARS else "over"
    parts = [
        f"{len(headline)} characters, {length} the {IDEAL_CHARS} that are shown whole",
        f"{'names' if company.casefold() in headline.casefold() else 'does not name'} {company}",
        f"holds {held} of the {len(about)} words of the topic",
        f"gives the figure {figure}" if figure else "gives no figure",
    ]
    if is_about(brief, headline):
        parts.append(f"has a word of the topic among its first {SUBJECT_WORDS}")
    if banned := holds_banned(headline, brief):
        parts.append(f"holds the banned word “{banned}”")
    ending = "" if first else "; the best of those with another angle than the ones before it"
    return f"{'; '.join(parts)}{ending}."
