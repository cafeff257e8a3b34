"""What is wrong with an article by its plan: each anchor is linked exactly once, to its target, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from resources.domain.link_articles import ADDRESS, MARKUP, LinkArticle, Run, is_anchor
from resources.domain.link_plans import PlannedLink


class LinkFault(StrEnum):
    """The kinds of fault; an article without any may be delivered."""

    ANCHOR_MISSING = "anchor missing"
    ANCHOR_REPEATED = "anchor repeated"
    WRONG_TARGET = "wrong target"
    OTHER_LINK = "other link"
    ADDRESS_IN_WORDS = "address in the words"
    MARKUP_IN_WORDS = "markup in the words"


@dataclass(frozen=True, slots=True)
class FoundFault:
    """A fault of the article ``number``; ``found`` is what stands there, cut to 200 characters, for people."""

    number: int
    fault: LinkFault
    found: str


def link_faults(article: LinkArticle, links: Sequence[PlannedLink]) -> tuple[FoundFault, ...]:
    """Everything that is wrong; empty when ``article`` is as ``links`` planned it.

    An anchor is in place when a run's whole words are its words, whatever their case. Its words may stand elsewhere
    too, unlinked: sources speak of their subject. Links with the same anchor have to be there once each.
    """
    runs = [run for paragraph in article.paragraphs for sentence in paragraph for run in sentence.runs]
    linked = [run for run in runs if run.target is not None]
    left, faults = _matched(linked, links)
    for run in left:
        faults.append(_other(run, links))
    for words in (article.title, *(run.text for run in runs if run.target is None)):
        if found := ADDRESS.search(words):
            faults.append((LinkFault.ADDRESS_IN_WORDS, words[found.start() :]))
        if found := MARKUP.search(words):
            faults.append((LinkFault.MARKUP_IN_WORDS, words[found.start() :]))
    return tuple(FoundFault(article.number, fault, found[:200]) for fault, found in faults)


def _matched(linked: Sequence[Run], links: Sequence[PlannedLink]) -> tuple[list[Run], list[tuple[LinkFault, str]]]:
    """The links that are not planned, and what is wrong with those that are."""
    left = list(linked)
    faults: list[tuple[LinkFault, str]] = []
    unmet: list[PlannedLink] = []
    for link in links:  # those with anchor and target first, so that none takes the place of another
        exact = next((run for run in left if _is_anchor(run, link) and run.target == link.target), None)
        if exact is None:
            unmet.append(link)
        else:
            left.remove(exact)
    for link in unmet:
        misled = next((run for run in left if _is_anchor(run, link)), None)
        if misled is None:
            faults.append((LinkFault.ANCHOR_MISSING, link.anchor))
        else:
            left.remove(misled)
            faults.append((LinkFault.WRONG_TARGET, f"{misled.text}: {misled.target}, not {link.target}"))
    return left, faults


def _other(run: Run, links: Sequence[PlannedLink]) -> tuple[LinkFault, str]:
    repeated = any(_is_anchor(run, link) for link in links)
    return (LinkFault.ANCHOR_REPEATED if repeated else LinkFault.OTHER_LINK, f"{run.text}: {run.target}")


def _is_anchor(run: Run, link: PlannedLink) -> bool:
    return is_anchor(run.text, link.anchor)
