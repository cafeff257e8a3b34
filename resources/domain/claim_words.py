"""Lists of words, as the claims gate knows them, and words in one form."""

import unicodedata
from typing import Final

_SAME: Final = {"person": "people", "staff": "employee", "worker": "employee", "staffer": "employee"}


def listed(words: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(words.split())


def numbered(words: str, start: int = 0, step: int = 1) -> dict[str, int]:
    """The words of a text, each with its number: from ``start`` on, ``step`` apart."""
    return {word: start + step * at for at, word in enumerate(words.split())}


def folded(word: str) -> str:
    """Without case and accents."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def singular(word: str) -> str:
    """A word in small letters without a plural's s; of words that count the same, one."""
    word = word[:-1] if word.endswith("s") and not word.endswith("ss") else word
    return _SAME.get(word, word)
