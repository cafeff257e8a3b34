"""The form of a release as a whole: headline, dateline, lede, length, reading grade, boilerplate, contact.

AP form as the press expects it, in the AP Stylebook's "headlines", "datelines" and "ledes"; where a number below is
ours, it says so.
"""

import re
from collections.abc import Iterator
from typing import Final

from resources.domain.press_release_dates import MONTH, WEEKDAYS
from resources.domain.press_release_headlines import IDEAL_CHARS
from resources.domain.press_release_places import AP_STATES, ap_state, stands_alone
from resources.domain.press_release_rule import Rule
from resources.domain.press_release_topics import topic_words
from resources.domain.press_release_words import QUOTATION, word_count, words_that_matter
from resources.domain.press_releases import Brief, Note, Release
from resources.domain.sentences import sentences

MAX_HEADLINE_CHARS: Final = 100
"""A longer one is cut off wherever it is shown, so the release is held back. Our choice."""
MAX_LEDE_WORDS: Final = 45
"""Of the whole first paragraph; a longer one is a note. Our choice."""
MIN_WORDS: Final = 250
MAX_WORDS: Final = 600
"""What is asked for, headline, boilerplate and contact not counted; a shorter or longer one is a note."""
TOO_LONG_WORDS: Final = 900
"""Two pages: what is longer is held back. Our choice. A short one never is: a reviewer sees that facts are few."""
MAX_GRADE: Final = 14.0
"""A school grade: beyond it is college. Our choice; it leaves room for the names and figures of a trade."""
_WHEN: Final = re.compile(
    rf"\b(?:{'|'.join(WEEKDAYS)}|today|{MONTH} \d{{1,2}}|\d{{1,2}} {MONTH}|{MONTH} \d{{4}}|\d{{4}}-\d\d-\d\d)"
)
_PLACE: Final = re.compile(r"\b(?:in|at|from|near) (?:the )?[A-Z]\w+")


def headline_faults(release: Release) -> Iterator[Note]:
    """Length (`IDEAL_CHARS`, at most `MAX_HEADLINE_CHARS`), end mark, capitals, exclamation mark."""
    text = release.headline.text
    if len(text) > IDEAL_CHARS:
        blocks = len(text) > MAX_HEADLINE_CHARS
        wish = f"cut the headline to {IDEAL_CHARS} characters; it has {len(text)}"
        yield Note(rule=Rule.HEADLINE_LENGTH, where=text, wish=wish, blocks=blocks)
    if text.endswith(".") and not text.endswith("..."):
        yield Note(rule=Rule.HEADLINE_END, where=text, wish="leave out the period at the end of the headline")
    if text.isupper() and word_count(text) > 1:
        yield Note(rule=Rule.HEADLINE_CAPITALS, where=text, wish="write the headline in small letters, names apart")
    if "!" in text:
        yield Note(rule=Rule.HEADLINE_EXCLAMATION, where=text, wish="leave out the exclamation mark of the headline")


def dateline_faults(release: Release) -> Iterator[Note]:
    """A city; after it the state as AP abbreviates it, and none after a city that stands alone."""
    city, state = release.city.strip(), release.state.strip()
    written = ap_state(state)
    if not city:
        yield Note(
            rule=Rule.DATELINE, where="", wish="give the city that the news is from, in the task or for the client"
        )
    elif state and written and stands_alone(city):
        yield Note(rule=Rule.DATELINE, where=f"{city}, {state}", wish=f"leave out “{state}”: {city} stands alone")
    elif written and state not in AP_STATES.values():
        yield Note(rule=Rule.DATELINE, where=f"{city}, {state}", wish=f"write “{written}” for “{state}”")


def lede_faults(release: Release, brief: Brief) -> Iterator[Note]:
    """Who, what, when and where, within `MAX_LEDE_WORDS` words. The dateline answers where; its date is no "when".

    Who: the company's name. What: a word of the topic. When: a weekday or a date.
    """
    text = release.paragraphs[0].text
    missing = {
        f"who (name {brief.company.name})": brief.company.name.casefold() not in text.casefold(),
        f"what (say “{brief.topic}”)": not topic_words(brief) & words_that_matter(text),
        "when (a weekday or a date)": not _WHEN.search(text),
        "where (a city, or a place by its name)": not (release.city.strip() or _PLACE.search(text)),
    }
    if lacks := [each for each, is_missing in missing.items() if is_missing]:
        yield Note(rule=Rule.LEDE_ANSWERS, where=text, wish=f"let the first paragraph answer {', '.join(lacks)}")
    if (words := word_count(text)) > MAX_LEDE_WORDS:
        wish = f"cut the first paragraph to {MAX_LEDE_WORDS} words; it has {words}"
        yield Note(rule=Rule.LEDE_LENGTH, where=text, wish=wish)


def whole_faults(release: Release) -> Iterator[Note]:
    """Length, reading grade, boilerplate, and somebody whom the press can ask."""
    words = sum(word_count(paragraph.text) for paragraph in release.paragraphs)
    if words < MIN_WORDS:
        wish = (
            f"the release has {words} words of the {MIN_WORDS} that are usual: add sources or facts, or let it be short"
        )
        yield Note(rule=Rule.LENGTH, where="", wish=wish)
    elif words > MAX_WORDS:
        wish = f"cut the release to {MAX_WORDS} words; it has {words}"
        yield Note(rule=Rule.LENGTH, where="", wish=wish, blocks=words > TOO_LONG_WORDS)
    prose = " ".join(each.text for each in release.paragraphs if each.role != "quote")
    if (grade := reading_grade(prose)) > MAX_GRADE:
        wish = f"write shorter sentences and words: the reading grade is {grade:.1f} of at most {MAX_GRADE:.0f}"
        yield Note(rule=Rule.READING_GRADE, where="", wish=wish)
    if not release.about:
        yield Note(rule=Rule.ABOUT, where="", wish="say who the client is: `about` of the client in waybill.toml")
    contact = release.contact
    if not contact.name.strip() or not (contact.email.strip() or contact.phone.strip()):
        wish = (
            "name somebody whom the press can ask, with an address or a number: Contact in the task, or for the client"
        )
        yield Note(rule=Rule.CONTACT, where="", wish=wish)


def reading_grade(text: str) -> float:
    """The Automated Readability Index of ``text`` without its quotations: a school grade; 0 for a text without words.

    4.71 * characters / words + 0.5 * words / sentences - 21.43, characters being letters and digits. Source: Smith and
    Senter, Automated Readability Index, AMRL-TR-66-220, 1967.
    """
    plain = QUOTATION.sub("", text)
    words = [word for word in plain.split() if any(map(str.isalnum, word))]
    count = sum(1 for each in sentences(plain) if any(map(str.isalnum, plain[each.span.start : each.span.end])))
    if not words or not count:
        return 0.0
    characters = sum(map(str.isalnum, plain))
    return max(0.0, 4.71 * characters / len(words) + 0.5 * len(words) / count - 21.43)
