"""Lists of words, as the claims gate knows them."""


def listed(words: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(words.split())


def numbered(words: str, start: int = 0, step: int = 1) -> dict[str, int]:
    """The words of a text, each with its number: from ``start`` on, ``step`` apart."""
    return {word: start + step * at for at, word in enumerate(words.split())}
