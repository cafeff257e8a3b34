"""Whether two names are of one person, as far as names can tell."""

from typing import Final

_AT: Final = "@"


def is_same_person(one: str, other: str) -> bool:
    """Whether ``one`` and ``other`` name one person: without case and outer space, and an address by its first part.

    ClickUp tells of a person by name or by mail address, the system by login. In doubt they are the same.
    """
    first, second = _folded(one), _folded(other)
    if (_AT in first) != (_AT in second):
        return first.partition(_AT)[0] == second.partition(_AT)[0]
    return first == second


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
