"""What a reviewer had taken out of a release stays out: the sentences, and the facts that only they rested on."""

from collections.abc import Sequence

from resources.domain.press_releases import Brief, Fact, Release
from resources.domain.shingles import words_of


def without_refused(brief: Brief, before: Sequence[Release], after: Sequence[Release]) -> Brief:
    """The brief once sentences of ``before`` are gone from ``after``: they are refused, and their facts go with them.

    What the task itself says stays a fact, and so does what another sentence rests on.
    """
    left = [sentence for release in after for sentence in release.sentences]
    texts, cited = {each.text for each in left}, {key for each in left for key in each.cites}
    gone = [each for release in before for each in release.sentences if each.text not in texts]
    keys = {key for each in gone for key in each.cites} - cited
    facts = tuple(fact for fact in brief.facts if fact.key not in keys or fact.span is None)
    refused = tuple(dict.fromkeys((*brief.refused, *(each.text for each in gone))))
    return brief.model_copy(update={"facts": facts, "refused": refused})


def is_refused(brief: Brief, fact: Fact) -> bool:
    """Whether the fact says what a reviewer had taken out."""
    words = words_of(fact.text)
    return any(_stands_in(words_of(each), words) for each in brief.refused)


def _stands_in(part: Sequence[str], words: Sequence[str]) -> bool:
    size = len(part)
    return size > 0 and any(words[at : at + size] == part for at in range(len(words) - size + 1))
