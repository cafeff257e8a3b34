"""Quotations: where they stand in a text, and who is said to say them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from resources.domain.claim_names import Name
from resources.domain.claim_speakers import Speaker, speaker_beside
from resources.domain.spans import Span

MIN_WORDS: Final = 3
"""Fewer words between marks, which nobody is said to say, are a title or a term, and no quotation."""
_MARKED: Final = re.compile(
    r"“([^“”]+)”|„([^„“”]+)[“”]|«([^«»]+)»"
    r"|(?<![\w\"])\"(?!\s)([^\"]+)\"(?!\w)"
    r"|\u2018((?:[^\u2018\u2019“”\"]|(?<=\w)\u2019(?=\w))+)\u2019(?!\w)"
    r"|(?<![\w'])'(?=[^\W\d])((?:[^'“”\"]|(?<=\w)'(?=\w))+)'(?!\w)"
)
_UNCLOSED: Final = re.compile(r"“([^“”]+)$|„([^„“”]+)$|^([^“”„]+)”|(?<![\w\"])\"(?=\w)([^\"]+)$")
_CAPITAL: Final = re.compile(r"\[(\w)\](?=\w)")
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019\-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words between marks; ``span`` is with the marks."""

    text: str
    span: Span
    speaker: Speaker

    @property
    def words(self) -> tuple[str, ...]:
        """Without case and punctuation; ``[W]e`` is ``we``."""
        return words_of(_CAPITAL.sub(r"\1", self.text))


def words_of(text: str) -> tuple[str, ...]:
    """The words in order, without case, with one kind of apostrophe."""
    return tuple(found[0].casefold().replace("\u2019", "'") for found in _WORD.finditer(text))


def word_spans(text: str) -> tuple[Span, ...]:
    """Where each of `words_of` stands, in code points."""
    return tuple(Span(*found.span()) for found in _WORD.finditer(text))


def quotations(text: str) -> Iterator[Quotation]:
    """Each quotation, in order: of at least `MIN_WORDS` words, or of fewer that somebody is said to say.

    Its marks are of any kind; one that lacks its other mark reaches to the end of the text, or from the start.
    """
    for inner, span in _marked(text):
        if count := len(words_of(inner)):
            speaker = speaker_beside(text, span)
            if count >= MIN_WORDS or (speaker.name and not inner[-1:].isalnum()):
                yield Quotation(inner, span, speaker)


def terms(text: str) -> Iterator[Name]:
    """What stands between marks and is no quotation: a title, a product, a word that is set apart."""
    for inner, span in _marked(text):
        if 0 < len(words := words_of(inner)) < MIN_WORDS:
            yield Name(words, span)


def _marked(text: str) -> list[tuple[str, Span]]:
    found = [(_inner(match), Span(*match.span())) for match in _MARKED.finditer(text)]
    bare = "".join(_blanked(text, [span for _, span in found]))
    found += [(_inner(match), Span(*match.span())) for match in _UNCLOSED.finditer(bare)]
    return sorted(found, key=lambda each: each[1])


def _inner(match: re.Match[str]) -> str:
    return next(part for part in match.groups() if part is not None)


def _blanked(text: str, spans: list[Span]) -> Iterator[str]:
    """``text`` with spaces where ``spans`` are, so that what is closed hides no mark that is not."""
    at = 0
    for span in spans:
        yield text[at : span.start]
        yield " " * len(span)
        at = span.end
    yield text[at:]
