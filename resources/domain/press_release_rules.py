"""What is wrong with a press release, by code: its form, its style, its words, its sources. Each note says what to do.

Only what must never be printed blocks: a banned word, a claim without a source, a headline or a text far too long.
"""

import re
from collections.abc import Iterator
from typing import Final

from resources.domain.press_release_form import dateline_faults, headline_faults, lede_faults, whole_faults
from resources.domain.press_release_printable import holds_banned
from resources.domain.press_release_rule import Rule
from resources.domain.press_release_sourcing import unsourced
from resources.domain.press_release_style import style_words
from resources.domain.press_release_words import QUOTATION, SAYING, first_or_second_person
from resources.domain.press_releases import Brief, Note, Paragraph, Release
from resources.domain.statements import MIN_QUOTED_CHARS

_SAID: Final = re.compile(rf"\b(?:{'|'.join(sorted(SAYING))})\b")
_NAME: Final = re.compile(r"\b[A-ZÀ-ÖØ-Þ][\w'\u2019.-]+")


def faults(release: Release, brief: Brief) -> tuple[Note, ...]:
    """Everything that the rules find, in the order of the release; empty: it can go to the reviewer as it is."""
    return (
        *headline_faults(release),
        *dateline_faults(release),
        *lede_faults(release, brief),
        *_quote_faults(release),
        *_sentence_faults(release),
        *banned_words(release, brief),
        *unsourced(release, brief),
        *whole_faults(release),
    )


def banned_words(release: Release, brief: Brief) -> Iterator[Note]:
    """Each sentence, quotations and boilerplate too, that holds one of the client's banned words; blocks.

    A word is banned as it is written: whole, whatever its case, without its inflections.
    """
    for sentence in (*release.sentences, *release.about):
        if word := holds_banned(sentence.text, brief):
            yield Note(rule=Rule.BANNED_WORD, where=sentence.text, wish=f"do without “{word}”", blocks=True)


def _sentence_faults(release: Release) -> Iterator[Note]:
    """Third person outside quotations, and AP style."""
    for sentence in release.sentences:
        if word := first_or_second_person(sentence.text):
            wish = f"write in the third person: “{word}” may stand in a quotation only"
            yield Note(rule=Rule.THIRD_PERSON, where=sentence.text, wish=wish)
        for rule, wish in style_words(sentence.text):
            yield Note(rule=rule, where=sentence.text, wish=wish)


def _quote_faults(release: Release) -> Iterator[Note]:
    for paragraph in release.paragraphs:
        if paragraph.role == "quote" and not is_credited(paragraph):
            wish = "say who said it: “…,” said and the name"
            yield Note(rule=Rule.QUOTE_CREDIT, where=paragraph.text, wish=wish)
        for sentence in paragraph.sentences if paragraph.role != "quote" else ():
            if any(len(found) - 2 >= MIN_QUOTED_CHARS for found in QUOTATION.findall(sentence.text)):
                wish = "give the quotation a paragraph of its own"
                yield Note(rule=Rule.QUOTE_PARAGRAPH, where=sentence.text, wish=wish)


def is_credited(paragraph: Paragraph) -> bool:
    """Whether a quotation stands beside a word of saying and a name, outside its marks."""
    beside = QUOTATION.sub("", paragraph.text)
    return beside != paragraph.text and _SAID.search(beside) is not None and _NAME.search(beside) is not None
