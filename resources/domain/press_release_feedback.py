"""A reviewer's words about a release, and the release that meets them (CP-3). By rule: what is named is changed.

Named is a sentence by words of it in quotation marks, by its place ("the second paragraph"), by what it is ("the
headline", "the quote by Maya Lindqvist"), or by having more of the comment's words than any other.
"""

import re
from typing import Final, TypeVar

from resources.domain.press_release_edits import replaced, with_added, with_body, without_last
from resources.domain.press_release_facts import anything_on, is_news, said_in_sources, split
from resources.domain.press_release_headlines import figure_of
from resources.domain.press_release_revising import given_way, other_headline, said_in, unused
from resources.domain.press_release_words import QUOTATION, words_that_matter
from resources.domain.press_releases import Brief, Paragraph, Release

Thing = TypeVar("Thing")

MAX_ADDED: Final = 2
"""How many facts one request brings in."""
_ALIKE: Final = 0.3
"""Which share of a comment's words a sentence has to hold to be the one that is meant. Our choice."""
_SHARED: Final = 2
"""How many of them at least, where the comment has so many."""

_NEW_REQUEST: Final = re.compile(
    r"(?:[,;]|\band\b|\bbut\b|\binstead\b)[\s,]*"
    r"(?=(?:please\s+)?(?:add|mention|include)\b)",
    re.IGNORECASE,
)
_ADD: Final = re.compile(
    r"\b(?:add|mention|include|bring in|say something (?:about|on)|(?:is )?missing:?|lacks|needs?)\b"
    r"(?:\s+(?:that|something about|about|the fact that))?\s*(?P<what>.+)",
    re.IGNORECASE | re.DOTALL,
)
_NOT: Final = re.compile(
    r"\b(?:do not|don['\u2019]t|never|not|no|without|stop)\s+"
    r"(?:to\s+)?(?:add|mention|include|mention of)\w*\b",
    re.IGNORECASE,
)
_OUT: Final = re.compile(
    r"\b(?:remove|delete|drop|cut|take out|leave out|take .{1,60} out|strike|omit|without|lose|get rid of|do not"
    r"|don['\u2019]t)\b",
    re.IGNORECASE,
)
_SHORTER: Final = re.compile(
    r"\b(?:shorter|shorten it|shorten the (?:release|text)|(?:is |much |far )?too long)\b", re.IGNORECASE
)
_LONGER: Final = re.compile(r"\b(?:longer|too short|more (?:detail|details|facts|figures))\b", re.IGNORECASE)
_HEADLINE: Final = re.compile(r"\b(?:headline|title)\b", re.IGNORECASE)
_LEDE: Final = re.compile(r"\b(?:lede|lead|opening (?:paragraph|sentence)|intro(?:duction)?|opener)\b", re.IGNORECASE)
_QUOTE: Final = re.compile(r"\b(?:quote|quotation)(?P<all>s)?\b", re.IGNORECASE)
_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_PLACE: Final = re.compile(
    rf"\b(?P<place>{'|'.join(_ORDINALS)}|last|\d{{1,2}}(?:st|nd|rd|th))\s+(?P<what>paragraph|sentence|quote|quotation)"
    r"|\b(?P<noun>paragraph|sentence|quote|quotation)\s+(?P<number>\d{1,2})\b",
    re.IGNORECASE,
)
_SAID_OF: Final = words_that_matter(
    "please remove delete drop cut take leave strike omit sentence paragraph headline quote release line part bit "
    "replace change wrong dull boring weak false incorrect irrelevant needed need better rewrite reword like love "
    "good bad think text word words says saying said mention add include fact claim untrue old longer true"
)


def answered(brief: Brief, release: Release, words: str, *, where: str = "") -> Release:
    """The release after the reviewer's ``words``, one request or several, about the sentence ``where`` if it is given.

    What is to go is taken out; what is said to be wrong gives way to the next best fact; what is to be added comes in
    behind the lede, from facts that hold it. When the words name nothing, the headline gives way, so that a version
    which was rejected is not offered again.
    """
    before = release
    for request in _requests(words) or [""]:
        release = _one_met(brief, release, request, where)
    return release if release != before else other_headline(brief, release)


def named(release: Release, request: str) -> list[str]:
    """The sentences of the release that ``request`` is about, in order; none when it names none."""
    marked = [_bare(each) for each in QUOTATION.findall(request) if _bare(each)]
    if found := [each.text for each in release.sentences if any(part in _bare(each.text) for part in marked)]:
        return found
    if _HEADLINE.search(request):
        return [release.headline.text]
    return _by_place(release, request) or _quotes_of(release, request) or _by_words(release, request)


def _one_met(brief: Brief, release: Release, request: str, where: str) -> Release:
    refuses = _NOT.search(request)
    if not refuses and (added := _ADD.search(request)) and not _OUT.search(request[: added.start()]):
        return _with_facts(brief, release, added["what"])
    targets = [where] if where else named(release, request)
    if not targets and _SHORTER.search(request):
        return without_last(release)
    if not targets and _LONGER.search(request):
        more = [sentence for passage in unused(brief, release)[:MAX_ADDED] for sentence in passage.sentences]
        return with_body(release, more, first=False)
    if refuses or _OUT.search(request):
        gone = {text for text in targets if text != release.headline.text}
        return replaced(brief, release, gone) if gone or not targets else other_headline(brief, release)
    for text in targets:
        release = given_way(brief, release, text)
    return release


def _requests(words: str) -> list[str]:
    return [part for each in split(words) for part in map(str.strip, _NEW_REQUEST.split(each)) if part]


def _by_place(release: Release, request: str) -> list[str]:
    found = _PLACE.search(request)
    if found is None:
        return [each.text for each in release.paragraphs[0].sentences] if _LEDE.search(request) else []
    what = (found["what"] or found["noun"]).casefold()
    paragraphs = [each for each in release.paragraphs if not what.startswith("quot") or each.role == "quote"]
    if what == "sentence":
        sentences = [each.text for paragraph in paragraphs for each in paragraph.sentences]
        return _at(sentences, found)
    return [each.text for paragraph in _at(paragraphs, found) for each in paragraph.sentences]


def _at(things: list[Thing], found: re.Match[str]) -> list[Thing]:
    place = (found["place"] or found["number"]).casefold()
    if place == "last":
        return things[-1:]
    number = _ORDINALS.index(place) + 1 if place in _ORDINALS else int(re.sub(r"\D", "", place))
    return things[number - 1 : number] if number else []


def _quotes_of(release: Release, request: str) -> list[str]:
    asked = _QUOTE.search(request)
    if asked is None:
        return []
    quotes = [each for each in release.paragraphs if each.role == "quote"]
    names = set(re.findall(r"[A-ZÀ-ÖØ-Þ][\w-]+", request))
    by_name = [each for each in quotes if any(name in QUOTATION.sub("", each.text) for name in names)]
    chosen = by_name or (quotes if asked["all"] else quotes[:1])
    return [sentence.text for paragraph in chosen for sentence in paragraph.sentences[:1]]


def _by_words(release: Release, request: str) -> list[str]:
    asked = words_that_matter(request) - _SAID_OF
    best, most = "", 0
    for sentence in release.sentences:
        if (shared := len(asked & words_that_matter(sentence.text))) > most:
            best, most = sentence.text, shared
    return [best] if most >= max(_ALIKE * len(asked), min(_SHARED, len(asked)), 1) else []


def _with_facts(brief: Brief, release: Release, what: str) -> Release:
    """What holds most of the words of ``what``, half of them at least, and is not there yet; a figure counts as one."""
    asked = words_that_matter(what) - _SAID_OF
    there = said_in(release)
    spoken = [each for each in said_in_sources(brief) if is_news(each.sentences[0].text, there)]
    if _QUOTE.search(what):
        fitting = [each for each in spoken if asked & words_that_matter(each.text)]
        quotes = [Paragraph(role="quote", sentences=each.sentences) for each in fitting[:1]]
        return with_added(release, quotes, first=True)
    scored = [
        (-shared, not figure_of(each.text), place, each.sentences)
        for place, each in enumerate(anything_on(brief))
        if is_news(each.sentences[0].text, there)
        and (shared := len(asked & words_that_matter(each.text))) >= max(1, len(asked) / 2)
    ]
    best = [sentences for *_, sentences in sorted(scored, key=lambda each: each[:3])[:MAX_ADDED]]
    return with_body(release, [sentence for sentences in best for sentence in sentences], first=True)


def _bare(text: str) -> str:
    return " ".join(re.sub(r"[“”\"\u2018\u2019'.,;:!?]", " ", text).casefold().split())
