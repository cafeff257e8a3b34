"""What the offline judge would have changed in a release: what repeats itself."""

from collections.abc import Iterator
from typing import Final

from resources.domain.press_release_rule import Rule
from resources.domain.press_release_words import words_that_matter
from resources.domain.press_releases import Note, Release

_REPEATED: Final = 0.8
"""A sentence of which this share of words stands in one before repeats it. Our choice."""
_MIN_NEW_WORDS: Final = 3
"""How many words that matter the lede has beyond the headline. Our choice."""
_MIN_COMPARED_WORDS: Final = 4


def judged(release: Release) -> Iterator[Note]:
    """A note for a lede that only repeats the headline, and for each sentence that says what one before it says."""
    lede = release.paragraphs[0].text
    if len(words_that_matter(lede) - words_that_matter(release.headline.text)) < _MIN_NEW_WORDS:
        yield Note(rule=Rule.LEDE_REPEATS, where=lede, wish="tell more in the first paragraph than the headline does")
    before: list[frozenset[str]] = []
    for paragraph in release.paragraphs:
        for sentence in paragraph.sentences:
            words = words_that_matter(sentence.text)
            if len(words) >= _MIN_COMPARED_WORDS and any(_repeats(words, other) for other in before):
                yield Note(rule=Rule.REPETITION, where=sentence.text, wish="leave it out: it was said before")
            before.append(words)


def _repeats(words: frozenset[str], other: frozenset[str]) -> bool:
    return len(words & other) >= _REPEATED * len(words)
