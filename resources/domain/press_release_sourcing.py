"""Which sentences of a release state something, and whether each names a fact of the brief for it.

Whether the fact says the same is for the claims gate; here is only whether there is one. That the client exists, where
it is and when the release goes out needs no source: these are the brief's own.
"""

import re
from collections.abc import Iterator

from resources.domain.press_release_dates import spellings
from resources.domain.press_release_rule import Rule
from resources.domain.press_releases import Brief, Note, Release, Sentence
from resources.domain.statements import labels_of


def unsourced(release: Release, brief: Brief) -> Iterator[Note]:
    """A note for each sentence that states something and cites nothing, and for each key that the brief lacks."""
    known = {fact.key for fact in brief.facts}
    own = _own_words(release, brief)
    for sentence in release.sentences:
        for key in sentence.cites:
            if key not in known:
                wish = f"cite facts of the brief; “{key}” is none of them"
                yield Note(rule=Rule.UNKNOWN_SOURCE, where=sentence.text, wish=wish, blocks=True)
        if not sentence.cites and (states := stated(sentence, own)):
            wish = f"name the fact that it rests on, or leave it out: it states a {' and a '.join(states)}"
            yield Note(rule=Rule.SOURCE, where=sentence.text, wish=wish, blocks=True)


def stated(sentence: Sentence, own: re.Pattern[str]) -> tuple[str, ...]:
    """What ``sentence`` states that needs a source: number, date, name, quote; ``own`` words count for none."""
    return tuple(str(label) for label in labels_of(own.sub("it", sentence.text)))


def _own_words(release: Release, brief: Brief) -> re.Pattern[str]:
    own = {brief.company.name, release.company, brief.city, brief.company.city, brief.state, *spellings(brief.dated)}
    longest_first = sorted((word.strip() for word in own if word.strip()), key=len, reverse=True)
    # A possessive goes with its name: what would be left of it could read as a name of its own.
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?:['\u2019]s)?(?!\w)")
