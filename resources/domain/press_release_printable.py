"""Whether a sentence of a source can stand in print alone, and which small changes leave what it says as it is.

The rules are for English and err towards leaving out: what is left out can be brought in by a person or a model, while
a sentence that says something else without its neighbours would be wrong in print.
"""

import re
from typing import Final

from resources.domain.link_articles import ADDRESS, MARKUP
from resources.domain.press_release_words import QUOTATION, SAYING, first_or_second_person, word_count
from resources.domain.press_releases import Brief
from resources.domain.statements import labels_of

MIN_WORDS: Final = 5
"""Less is a label more often than a sentence. Our choice."""
MAX_WORDS: Final = 45
"""Twice what a reader takes in with ease; longer ones are lists that lost their line ends. Our choice."""
# What begins with one of these rests on the sentence before it.
_LEANS: Final = re.compile(
    r"(?:it|its|they|their|this|that|these|those|he|she|his|her|however|but|and|or|so|then|also|instead|here|there|such"
    r"|what|nobody|everybody|both|another|others?|therefore|thus|moreover|meanwhile|for example|yes|no"
    r"|the (?:target|figure|number|rest|total|share|same|latter|former|other|result|reason|difference|largest|biggest)"
    r"|(?:of|among|in|after|before) (?:these|this|those|them)|\w+ of (?:them|these|those)"
    r"|(?:if|when|while|although|because) (?:it|they|this|that)|[^,]*, (?:it|they|he|she)|\w+ed (?:by|on|in|for|at))\b",
    re.IGNORECASE,
)
# "wore it": what was worn stands in the sentence before. After a colon, or in "no PFAS in it", it stands in this one.
_LEANS_WITHIN: Final = re.compile(
    r"^[^:;]*(?<!\bin)(?<!\bon)(?<!\bfor)(?<!\bwith)(?<!\bof)(?<!\band)(?<!\bthat)(?<!\bwhen)(?<!\bas)(?<!\bto)"
    r"(?<!\bamong)(?<!\bif)(?<!\buntil) (?:it|them)\b"
)
_ASIDE: Final = re.compile(r", (?:which|who|whose|where)\b[^,;]*")
_FOLLOWS: Final = re.compile(r"(?:It|Its|They|Their|He|She|His|Her)\b")
_ORDERS: Final = re.compile(
    r"(?:^|[;,] )(?:please|allow|write|make|mention|use|add|keep|include|avoid|do|don['\u2019]t|focus|send|see|note"
    r"|remember|tell|quote|never|always|say|come|wash|try|ask|call|read|give|bring|put|let|check|thank|picture|attach"
    r"|cover|target|approve|go|get)\b",
    re.IGNORECASE,
)
_VERB: Final = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|would|can|could|may|might|must|does|did|becomes?|became|begins?|began|brings?"
    r"|brought|builds?|built|buys|bought|comes?|came|costs?|cuts?|fell|finds?|found|gave|gives|goes|went|grew|grows|held"
    r"|holds|keeps?|kept|knows?|knew|leads?|led|left|leaves|lets|lies|lost|made|makes?|means?|meant|met|meets|offers?"
    r"|opens|owns|paid|pays|publishes|put|reaches|rose|rises|ran|moves?|adjusts|carries|receives?|hold|keep|runs"
    r"|said|says|sat|saw|sees|sells?|sold|sends?|sent|sets|shows|shown|sits|spent|spends|stands?|stood|starts|supports|takes?|took|teaches|taught|tells|told|thinks|thought"
    r"|travels?|uses|weighs|wins?|won|works|wore|wrote|writes|arises?|contains|covers|employs|includes|measures"
    r"|produces|provides|remains|replaces|requires|serves|ships|combines|comprises|aims|plans"
    r"|(?<![-\w])\w{2,}[a-z]ed)\b"
)
# What is said of a day from which nobody knows how far the release is, and of what stands elsewhere on the page.
_RELATIVE: Final = re.compile(
    r"\b(?:today|yesterday|tomorrow|tonight|(?:this|last|next) (?:week|month|year|spring|summer|autumn|winter|season)"
    r"|ago|now|recently|currently|above|below|click|table|figure|chapter|see)\b",
    re.IGNORECASE,
)
# How a name is written is said to those who write.
_ON_WORDING: Final = re.compile(r", not [A-Z]|\b(?:is|are) (?:called|spelled|written|printed)\b")
_CREDIT: Final = re.compile(
    rf"[“\"](?P<words>[^“”\"]{{12,}})[”\"] (?:{'|'.join(sorted(SAYING))}) (?P<name>[A-Z][^,.;]+)(?:, [^.;]+)?\."
)
_MORE_SAID: Final = re.compile(r"[“\"][^“”\"]{12,}[.?!][”\"]")
_LABELLED: Final = re.compile(r"(?:\S+ ){0,3}\S+:\s")
COMPANYS: Final = "The company's"
"""What stands for "our" in a release."""
_OUR: Final = re.compile(
    r"\b(?P<our>[Oo]ur)(?= (?:[\w-]+ ){0,2}(?:stores?|shops?|workshops?|range|warehouses?|products?|customers?|factory"
    r"|offices?|staff|employees|buildings|mills?|plants?|sites?"
    r"|fabrics?|emissions|guarantee|repairs?|prices?|suppliers?|tests?)\b)"
)
_ENDS: Final = (".", ".”", '."', "…")


def stands_alone(text: str) -> bool:
    """Whether it states something that can be understood without the sentence before it."""
    return (
        is_printable(text)
        and not _LEANS.match(text)
        and not _LEANS_WITHIN.match(text)
        and not _ORDERS.search(text)
        and bool(labels_of(text))
    )


def is_printable(text: str) -> bool:
    """Whether it is a sentence of `MIN_WORDS` to `MAX_WORDS` words, in the third person, that no day makes untrue."""
    return (
        (text[:1].isupper() or text[:1].isdigit())
        and text.endswith(_ENDS)
        and MIN_WORDS <= word_count(text) <= MAX_WORDS
        and _VERB.search(_ASIDE.sub("", text)) is not None
        and is_clean(text)
        and not _RELATIVE.search(text)
        and not _ON_WORDING.search(text)
        and not _LABELLED.match(text)
    )


def is_clean(text: str) -> bool:
    """No quotation, markup, address or question in it, and nobody who speaks of himself."""
    return (
        not any(mark in text for mark in '“”"?!|*_#•@')
        and not ADDRESS.search(text)
        and not MARKUP.search(text)
        and not first_or_second_person(text)
    )


def is_credited_quotation(text: str) -> bool:
    """Whether it is a quotation with its speaker behind it, as in ``“…,” said Maya Lindqvist, founder``."""
    return _CREDIT.fullmatch(text) is not None and word_count(text) <= MAX_WORDS


def is_more_said(text: str) -> bool:
    """Whether all of it is one quotation: a speaker who was named before goes on."""
    return _MORE_SAID.fullmatch(text) is not None


def leans(text: str) -> bool:
    """Whether a sentence begins with a word for something in the one before it."""
    return _FOLLOWS.match(text) is not None


def holds_banned(text: str, brief: Brief) -> str:
    """The first of the client's banned words that stands in ``text`` as a whole, whatever its case; else empty."""
    lowered = " ".join(text.casefold().split())
    for word in brief.company.banned_words:
        wanted = " ".join(word.casefold().split())
        if wanted and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", lowered):
            return word
    return ""


def in_third_person(text: str) -> str:
    """``our workshop`` as ``the company's workshop``; no figure, date or name is touched."""
    if _OUR.search(text) is None or QUOTATION.search(text):
        return text
    return _OUR.sub(lambda our: COMPANYS if our["our"] == "Our" else COMPANYS.lower(), text)


def typographic(text: str) -> str:
    """Straight quotation marks in pairs as typographic ones: no word is touched."""
    return re.sub('"([^"]*)"', r"“\1”", text)


def ended(text: str) -> str:
    """``text`` with a full stop, where it has no end."""
    return text if text.endswith(_ENDS) else f"{text.rstrip(',;:')}."
