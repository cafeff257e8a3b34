"""The words of a link: four kinds, how many of each, and which words each kind takes."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from itertools import cycle
from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

MAX_ANCHOR_CHARS: Final = 100
_SHARES_OF_ONE: Final = Fraction(1, 1_000_000)
"""How far shares may be from 1 together: three thirds that were written with six digits."""
_BARE: Final = ("this page", "more details here", "the full page")


class AnchorKind(StrEnum):
    """What a link's words are: the keyword itself, a wording near it, the client's name, or no keyword at all."""

    EXACT = "exact"
    PARTIAL = "partial"
    BRAND = "brand"
    PLAIN = "plain"


class AnchorShares(BaseModel):
    """How the anchors of a batch are spread, in shares of 1.

    The defaults are a choice and no measurement: few exact ones, because search engines count links with optimised
    anchor text in articles as link spam (Google, Spam policies, "Link spam").
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    exact: float = Field(0.1, ge=0, le=1)
    partial: float = Field(0.3, ge=0, le=1)
    brand: float = Field(0.4, ge=0, le=1)
    plain: float = Field(0.2, ge=0, le=1)

    @model_validator(mode="after")
    def _are_a_whole(self) -> "AnchorShares":
        if abs(sum(self.exactly().values(), Fraction(-1))) > _SHARES_OF_ONE:
            about = {"found": float(sum(self.exactly().values(), Fraction(0)))}
            raise PydanticCustomError("shares", "expected shares that add up to 1; found {found}", about)
        return self

    def exactly(self) -> dict[AnchorKind, Fraction]:
        """The shares as they were written: 0.1 is one tenth, and not the float nearest to it."""
        return {kind: Fraction(str(getattr(self, kind.value))) for kind in AnchorKind}


def counts(shares: AnchorShares, links: int) -> dict[AnchorKind, int]:
    """How many of ``links`` are of each kind: each its share rounded up or down, and together exactly ``links``.

    Largest remainder (Hare quota); equal remainders go by the order of the kinds.
    """
    exact = shares.exactly()
    whole = sum(exact.values(), Fraction(0))
    quotas = {kind: share * links / whole for kind, share in exact.items()}
    floors = {kind: int(quota) for kind, quota in quotas.items()}
    by_remainder = sorted(AnchorKind, key=lambda kind: floors[kind] - quotas[kind])
    for kind in by_remainder[: links - sum(floors.values())]:
        floors[kind] += 1
    return floors


def mixed(wanted: Mapping[AnchorKind, int]) -> Iterator[AnchorKind]:
    """The kinds as often as wanted, each spread evenly over the whole rather than in a row."""
    links = sum(wanted.values())
    used = dict.fromkeys(AnchorKind, 0)
    for place in range(1, links + 1):
        left = [kind for kind in AnchorKind if used[kind] < wanted.get(kind, 0)]
        # Behind by how much, times ``links``: whole numbers, so that equal means equal.
        kind = max(left, key=lambda each: wanted[each] * place - used[each] * links)
        used[kind] += 1
        yield kind


def wordings(keyword: str, near: Sequence[str], brands: Sequence[str]) -> dict[AnchorKind, Iterator[str]]:
    """Endless anchors of each kind in turn; a bare ``""`` among the plain ones stands for the target's address.

    ``near``: variations and synonyms; those that are the keyword itself, or too long, are left out.
    """
    apart = [each for each in near if each.casefold() != keyword.casefold() and len(each) <= MAX_ANCHOR_CHARS]
    composed = [f"a guide to {keyword}", f"more about {keyword}", f"choosing {keyword}"]
    return {
        AnchorKind.EXACT: cycle([keyword]),
        AnchorKind.PARTIAL: cycle(apart or composed),
        AnchorKind.BRAND: cycle(brands),
        AnchorKind.PLAIN: cycle(["", *_BARE]),
    }


def address_of(target: str) -> str:
    """The address as people write it: host and path, without scheme and query, cut to `MAX_ANCHOR_CHARS`."""
    parts = urlsplit(target)
    return f"{parts.netloc.removeprefix('www.')}{parts.path.rstrip('/')}"[:MAX_ANCHOR_CHARS]
