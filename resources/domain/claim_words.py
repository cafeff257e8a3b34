"""Lists of words, as the claims gate knows them, and words in one form."""

import unicodedata


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
