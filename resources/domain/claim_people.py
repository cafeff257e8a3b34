"""Whole names in a text, for those of whom it later says the surname alone."""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import replace

from resources.domain.claim_names import names
from resources.domain.claim_speakers import Speaker, words_of_name
from resources.domain.claim_words import folded


class WholeNames:
    """The names of more than one word in a text, by their last."""

    def __init__(self, text: str) -> None:
        """Of ``text``."""
        self._by_last: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        for at, name in _whole(text):
            self._by_last[folded(name.rsplit(" ", 1)[-1])].append((at, name))

    def of(self, speaker: Speaker, at: int) -> Speaker:
        """``speaker`` by the whole name last before the code point ``at``, where only a surname is told."""
        words = words_of_name(speaker.name)
        known = self._by_last.get(words[0]) if len(words) == 1 else None
        if not known:
            return speaker
        return replace(speaker, name=known[max(0, bisect_left(known, (at, "")) - 1)][1])


def whole_names(text: str) -> list[str]:
    """The names of more than one word."""
    return [name for _, name in _whole(text)]


def _whole(text: str) -> list[tuple[int, str]]:
    return [(each.span.start, " ".join(each.words)) for each in names(text) if len(each.words) > 1]
