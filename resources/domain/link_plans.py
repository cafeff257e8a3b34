"""A link plan: for each link of a batch its anchor, its target, and the words and entities that its article is about.

Pure and deterministic: the same report and the same order give the same plan.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import cycle
from typing import Final
from urllib.parse import urlsplit

from resources.domain.anchors import (
    MAX_ANCHOR_CHARS,
    AnchorKind,
    AnchorShares,
    address_of,
    counts,
    mixed,
    wordings,
)
from resources.domain.cora_reports import CoraReport, RelatedWord
from resources.domain.errors import PermanentError

MAX_LINKS: Final = 500
MAX_WORDS: Final = 12
"""Related words of one link: about what a few hundred words of prose can hold."""
MAX_ENTITIES: Final = 4
DEFAULT_SHARES: Final = AnchorShares()
MAX_TARGET_CHARS: Final = 2_000
_UNWANTED: Final = re.compile(r"[\s<>\"`\\^{|}\x00-\x1f\x7f]")
_HOST: Final = re.compile(r"(?:[\w-]+\.)*[\w-]+")


class LinkPlanImpossibleError(PermanentError):
    """What the report and the order say makes no plan."""


@dataclass(frozen=True, slots=True)
class LinkOrder:
    """What is asked for beside the report.

    Attributes:
        links: how many, from 1 to `MAX_LINKS`.
        brands: how the client is called, the first the most; at least one.
        targets: http(s) addresses of pages to link to; when empty, those of the report.
        shares: of the kinds of anchors.
    """

    links: int
    brands: tuple[str, ...]
    targets: tuple[str, ...] = ()
    shares: AnchorShares = DEFAULT_SHARES


@dataclass(frozen=True, slots=True)
class PlannedLink:
    """One link and what its article is about. ``number`` counts from 1."""

    number: int
    kind: AnchorKind
    anchor: str
    target: str
    related_words: tuple[str, ...]
    entities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """The links of one batch, in order."""

    keyword: str
    links: tuple[PlannedLink, ...]


def plan_links(report: CoraReport, order: LinkOrder) -> LinkPlan:
    """The plan: kinds by their shares exactly, spread over the batch; targets, anchors and words dealt in turn.

    Words that are needed more often come first and go to as many links as they are needed times.

    Raises:
        LinkPlanImpossibleError: no target, one that is no http(s) address, no brand, a keyword that is too long for
            an anchor, or a number of links that is none.
    """
    targets = order.targets or report.targets
    _refuse_impossible(report, order, targets)
    anchors = wordings(report.keyword, (*report.variations, *report.synonyms), _brands(order))
    words = _dealt(report.related_words, order.links)
    entities = _dealt_in_turn(report.entities, order.links)
    dealt_targets = cycle(targets)
    links = []
    for place, kind in enumerate(mixed(counts(order.shares, order.links))):
        target = next(dealt_targets)
        anchor = next(anchors[kind]) or address_of(target)
        links.append(PlannedLink(place + 1, kind, anchor, target, tuple(words[place]), entities[place]))
    return LinkPlan(report.keyword, tuple(links))


def is_target(address: str) -> bool:
    """Whether ``address`` is an http or https address with a host and nothing that could end a link early."""
    if len(address) > MAX_TARGET_CHARS or _UNWANTED.search(address):
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and _HOST.fullmatch(parts.hostname or "") is not None
    except ValueError:  # such as a bracket without its other
        return False


def _refuse_impossible(report: CoraReport, order: LinkOrder, targets: Sequence[str]) -> None:
    wrong = next((target for target in targets if not is_target(target)), None)
    if not 1 <= order.links <= MAX_LINKS:
        raise _impossible(report, f"1 to {MAX_LINKS} links", str(order.links), "Change the number of links.")
    if not targets:
        remedy = "Name the pages to link to in the task, or in a sheet 'Targets' with a column 'URL'."
        raise _impossible(report, "at least one page to link to", "none", remedy)
    if wrong is not None:
        raise _impossible(report, "targets that are http(s) addresses", repr(wrong[:200]), "Correct the address.")
    if not _brands(order):
        raise _impossible(report, "at least one name of the client", "none", "Give the client a name.")
    if len(report.keyword) > MAX_ANCHOR_CHARS:
        found = f"{len(report.keyword)} characters"
        remedy = "Check what stands in B1 of 'Basic Tunings'."
        raise _impossible(report, f"a keyword of at most {MAX_ANCHOR_CHARS} characters", found, remedy)


def _impossible(report: CoraReport, expected: str, found: str, remedy: str) -> LinkPlanImpossibleError:
    where = f"link plan for {report.keyword[:MAX_ANCHOR_CHARS]!r}"
    return LinkPlanImpossibleError(where, expected=expected, found=found, remedy=remedy)


def _brands(order: LinkOrder) -> list[str]:
    return [words for brand in order.brands if (words := " ".join(brand.split())[:MAX_ANCHOR_CHARS].rstrip())]


def _dealt(words: Iterable[RelatedWord], links: int) -> list[list[str]]:
    """At most `MAX_WORDS` for each link, each word to ``needed`` links one after another; memory: what is dealt."""
    room = links * MAX_WORDS
    first = nsmallest(room, enumerate(words), key=lambda pair: (-pair[1].needed, pair[0]))
    hands: list[list[str]] = [[] for _ in range(links)]
    place = 0
    for _, word in first:
        for _ in range(min(word.needed, links, room)):
            hands[place % links].append(word.word)
            place += 1
            room -= 1
    return hands


def _dealt_in_turn(entities: Sequence[str], links: int) -> list[tuple[str, ...]]:
    """At most `MAX_ENTITIES` for each link: the next ones, and from the beginning again when they end."""
    each = min(MAX_ENTITIES, len(entities))
    return [tuple(entities[(place * each + n) % len(entities)] for n in range(each)) for place in range(links)]
