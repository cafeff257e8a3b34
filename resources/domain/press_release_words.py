"""Words of English that the rules for press releases compare and judge by. Lists, each with what it is for."""

import re
from typing import Final

from resources.domain.shingles import words_of


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_STOP: Final = _words(
    "a an and are as at be been but by can could did do does for from had has have he her his how i if in into is it "
    "its may more most not of on or our out over per she should so some such than that the their them then there "
    "these they this those to under up us was we were what when where which while who whom why will with without "
    "would you your about after all also am any because before being both during each few further here just no nor "
    "now off once only other own same too until very one new"
)
_FIRST_PERSON: Final = re.compile(
    r"\b(?:I|[Ww]e|[Oo]ur|[Oo]urs|[Uu]s|[Mm]y|[Mm]e|[Yy]ou|[Yy]ours?|[Oo]urselves|[Yy]ourself|(?:[Ww]e|I|[Yy]ou)['\u2019]\w+)\b"
)
QUOTATION: Final = re.compile('[“"][^“”"]*[”"]')
"""What stands between double quotation marks, of either kind, with them."""
SAYING: Final = _words("said says added wrote writes explained")
_ENDINGS: Final = ("ings", "ing", "ies", "es", "ed", "s", "y", "e")
_MIN_STEM_CHARS: Final = 4

COMMON_NOUNS: Final = _words(
    "a an the new opening openings launch launches start release update plan plans report results survey study "
    "campaign event events tour partnership acquisition appointment award awards expansion investment programme "
    "program project store shop office factory warehouse product products service services repair repairs price "
    "prices sale sales range collection jacket jackets pack packs tent tents customer customers annual spring summer "
    "autumn winter first second third fourth fifth sixth seventh eighth ninth tenth how why what free sustainability "
    "record move merger offer introduction announcement end return change growth news figures research recall upgrade "
    "version guarantee extension"
)
"""What a topic may begin with that keeps no capital within a sentence."""


def words_that_matter(text: str) -> frozenset[str]:
    """The words of ``text`` without those that every text has, each cut to a stem: ``repairs`` and ``repaired`` meet.

    The stems are for comparing only: a few endings are cut, which joins some words that are none of a kind.
    """
    return frozenset(
        stem_of(word) for word in words_of(text) if word not in _STOP and (len(word) > 1 or word.isdigit())
    )


def stem_of(word: str) -> str:
    """``word`` without its possessive and one ending, where enough is left."""
    word = word.removesuffix("\u2019s").removesuffix("'s")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM_CHARS:
            return word.removesuffix(ending)
    return word


def first_or_second_person(text: str) -> str:
    """The first word outside quotations by which a writer speaks of himself or to the reader; empty: there is none."""
    found = _FIRST_PERSON.search(QUOTATION.sub("“”", text))
    return found[0] if found else ""


def word_count(text: str) -> int:
    """How many words, counted as people do: by the space between them."""
    return len(text.split())
