"""Which sentences a reviewer's words are about. Pure; for English-like prose."""

import re
from typing import Final

from resources.domain.shingles import words_of

_QUOTED: Final = re.compile(r'[“"«]([^“”"«»\n]{3,600})[”"»]')
MIN_QUOTED_WORDS: Final = 3
"""Fewer words between quotation marks are a name or a term, and no sentence."""
NAMED_SHARE: Final = 0.7
"""A sentence is named when so much of its words stand in the reviewer's: our choice."""
MIN_NAMED_WORDS: Final = 5


def is_named(sentence: str, feedback: str) -> bool:
    """Whether ``feedback`` quotes words of ``sentence``, or repeats most of it."""
    words = words_of(sentence)
    quoted = [words_of(found[1]) for found in _QUOTED.finditer(feedback)]
    if any(len(part) >= MIN_QUOTED_WORDS and _stands_in(part, words) for part in quoted):
        return True
    said = set(words_of(feedback))
    return len(words) >= MIN_NAMED_WORDS and sum(word in said for word in words) >= NAMED_SHARE * len(words)


def _stands_in(part: list[str], words: list[str]) -> bool:
    return any(words[start : start + len(part)] == part for start in range(len(words) - len(part) + 1))
