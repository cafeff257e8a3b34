"""Sound answers of a writer made wrong, each in one way that a language model is known for."""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeVar

from resources.domain.press_releases import Brief, Paragraph, Release, Sentence
from resources.writer.writer import Headlines, Judgement

Answer = TypeVar("Answer")
INVENTED: Final = "“Nobody in the world mends better than we do,” said {name}."


class Fault(StrEnum):
    """What is wrong with an answer."""

    WRONG_NUMBER = "wrong number of headlines"
    DUPLICATE_HEADLINES = "duplicate headlines"
    PICK_OUT_OF_RANGE = "pick out of range"
    UNKNOWN_FACT = "unknown fact"
    EMPTY_PARAGRAPH = "empty paragraph"
    INVENTED_QUOTE = "invented quote"
    NUMBER_OFF_BY_ONE = "number off by one"
    BANNED_WORD = "banned word"


def spoiled(answer: Answer, fault: Fault, brief: Brief) -> Answer:
    """``answer`` with ``fault``; of the same kind, though not always as its model wants it."""
    made: Answer = _SPOILERS[fault](answer, brief)
    return made


def _too_few(answer: Headlines, _brief: Brief) -> Headlines:
    return Headlines(headlines=answer.headlines[:-1])


def _duplicate(answer: Headlines, _brief: Brief) -> Headlines:
    return Headlines(headlines=(*answer.headlines[:-1], answer.headlines[0].upper()))


def _out_of_range(answer: Judgement, _brief: Brief) -> Judgement:
    first, *others = answer.picks
    return Judgement(picks=(first.model_copy(update={"place": 99}), *others))


def _unknown_fact(answer: Release, _brief: Brief) -> Release:
    return _with_first(answer, lambda sentence: sentence.model_copy(update={"cites": ("no-such-fact",)}))


def _empty_paragraph(answer: Release, _brief: Brief) -> Release:
    empty = Paragraph.model_construct(role="body", sentences=())
    return answer.model_copy(update={"paragraphs": (*answer.paragraphs, empty)})


def _invented_quote(answer: Release, brief: Brief) -> Release:
    name = brief.quotes[0].speaker if brief.quotes else "Jane Doe"
    said = Sentence(text=INVENTED.format(name=name), cites=(brief.facts[0].key,))
    return answer.model_copy(update={"paragraphs": (*answer.paragraphs, Paragraph(role="quote", sentences=(said,)))})


def _off_by_one(answer: Release, _brief: Brief) -> Release:
    """The last digit of the first number in the paragraphs, one up; 9 becomes 8."""
    for paragraph in answer.paragraphs:
        for sentence in paragraph.sentences:
            if found := re.search(r"\d(?!\d)", sentence.text):
                other = "8" if found[0] == "9" else str(int(found[0]) + 1)
                text = f"{sentence.text[: found.start()]}{other}{sentence.text[found.end() :]}"
                return _with_text(answer, sentence.text, text)
    raise AssertionError("the release has no number")


def _banned_word(answer: Release, brief: Brief) -> Release:
    word = brief.company.banned_words[0]
    text = answer.paragraphs[0].sentences[0].text
    return _with_text(answer, text, f"{text.rstrip('.')}, which is {word}.")


def _with_text(release: Release, old: str, new: str) -> Release:
    def changed(sentence: Sentence) -> Sentence:
        return sentence.model_copy(update={"text": new}) if sentence.text == old else sentence

    paragraphs = [
        each.model_copy(update={"sentences": tuple(map(changed, each.sentences))}) for each in release.paragraphs
    ]
    return release.model_copy(update={"paragraphs": tuple(paragraphs)})


def _with_first(release: Release, change: Callable[[Sentence], Sentence]) -> Release:
    lede, *others = release.paragraphs
    first, *rest = lede.sentences
    changed = lede.model_copy(update={"sentences": (change(first), *rest)})
    return release.model_copy(update={"paragraphs": (changed, *others)})


_SPOILERS: Final[Mapping[Fault, Callable[[Any, Brief], Any]]] = MappingProxyType(
    {
        Fault.WRONG_NUMBER: _too_few,
        Fault.DUPLICATE_HEADLINES: _duplicate,
        Fault.PICK_OUT_OF_RANGE: _out_of_range,
        Fault.UNKNOWN_FACT: _unknown_fact,
        Fault.EMPTY_PARAGRAPH: _empty_paragraph,
        Fault.INVENTED_QUOTE: _invented_quote,
        Fault.NUMBER_OFF_BY_ONE: _off_by_one,
        Fault.BANNED_WORD: _banned_word,
    }
)
