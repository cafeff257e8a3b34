"""A plan's kinds are counted exactly, its words come from the report, and the same order gives the same plan."""

import math
from collections import Counter
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from resources.domain.anchors import AnchorKind, AnchorShares, counts, mixed
from resources.domain.cora_reports import CoraReport, RelatedWord
from resources.domain.link_plans import (
    MAX_LINKS,
    MAX_WORDS,
    LinkOrder,
    LinkPlanImpossibleError,
    is_target,
    plan_links,
)

REPORT = CoraReport(
    keyword="leather bags",
    variations=("leather bags", "leather bag"),
    synonyms=("hide bags",),
    related_words=(RelatedWord("strap", 2.0, 1), RelatedWord("tannery", 3.5, 3), RelatedWord("hide", None, 1)),
    entities=("Florence", "Acme"),
    targets=("https://acme.example/", "https://www.acme.example/bags?x=1"),
)
ORDER = LinkOrder(10, ("Acme", "Acme Tannery"))


@st.composite
def some_shares(draw: st.DrawFn) -> AnchorShares:
    parts = [draw(st.integers(0, 1000)) for _ in range(4)]
    whole = sum(parts)
    if not whole:
        parts, whole = [1, 1, 1, 1], 4
    return AnchorShares(**{kind.value: part / whole for kind, part in zip(AnchorKind, parts, strict=True)})


@given(some_shares(), st.integers(1, MAX_LINKS))
def test_counts_add_up_and_each_is_its_share_rounded_up_or_down(shares: AnchorShares, links: int) -> None:
    found = counts(shares, links)
    assert sum(found.values()) == links
    exact = shares.exactly()
    for kind, number in found.items():
        quota = exact[kind] * links / sum(exact.values(), Fraction(0))
        assert math.floor(quota) <= number <= math.ceil(quota)


@given(some_shares(), st.integers(1, MAX_LINKS))
def test_mixed_gives_each_kind_as_often_as_wanted(shares: AnchorShares, links: int) -> None:
    wanted = counts(shares, links)
    assert Counter(mixed(wanted)) == Counter(wanted)


def test_the_largest_remainders_get_what_is_left() -> None:
    shares = AnchorShares(exact=0.25, partial=0.25, brand=0.35, plain=0.15)
    assert list(counts(shares, 10).values()) == [3, 3, 3, 1], "remainders .5 .5 .5 .5: the first two get the two left"
    assert list(counts(shares, 7).values()) == [2, 2, 2, 1], "1.75 1.75 2.45 1.05"
    assert list(counts(AnchorShares(), 10).values()) == [1, 3, 4, 2]
    assert list(counts(AnchorShares(exact=0.29, partial=0.71, brand=0, plain=0), 100).values()) == [29, 71, 0, 0]


def test_kinds_are_spread_and_not_in_a_row() -> None:
    kinds = list(mixed({AnchorKind.EXACT: 2, AnchorKind.PARTIAL: 0, AnchorKind.BRAND: 4, AnchorKind.PLAIN: 4}))
    assert all(a != b for a, b in pairwise(kinds))


@pytest.mark.parametrize("shares", [{"exact": 0.2}, {"plain": 0.1999}, {"exact": 1.1}, {"brand": -0.1}, {"other": 0}])
def test_shares_that_are_no_whole_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        AnchorShares(**shares)
    assert AnchorShares(exact=0.333333, partial=0.333333, brand=0.333333, plain=0)


def test_a_plan_reads_like_this() -> None:
    plan = plan_links(REPORT, ORDER)
    assert plan == plan_links(REPORT, ORDER)
    assert [link.number for link in plan.links] == list(range(1, 11))
    anchors: dict[AnchorKind, list[str]] = {kind: [] for kind in AnchorKind}
    for link in plan.links:
        anchors[link.kind].append(link.anchor)
    assert anchors == {
        AnchorKind.EXACT: ["leather bags"],
        AnchorKind.PARTIAL: ["leather bag", "hide bags", "leather bag"],
        AnchorKind.BRAND: ["Acme", "Acme Tannery", "Acme", "Acme Tannery"],
        AnchorKind.PLAIN: ["acme.example", "this page"],
    }
    assert [link.target for link in plan.links] == list(REPORT.targets) * 5


def test_words_go_to_as_many_links_as_they_are_needed_times() -> None:
    plan = plan_links(REPORT, ORDER)
    assert [link.related_words for link in plan.links[:6]] == [("tannery",)] * 3 + [("strap",), ("hide",), ()]
    assert plan.links[0].entities == ("Florence", "Acme")


def test_a_link_gets_no_more_words_than_it_can_hold() -> None:
    words = tuple(RelatedWord(f"word {number}", None, 1_000) for number in range(1_000))
    plan = plan_links(CoraReport("k", related_words=words, targets=REPORT.targets), LinkOrder(3, ("Acme",)))
    assert [len(link.related_words) for link in plan.links] == [MAX_WORDS] * 3
    assert all(len(set(link.related_words)) == MAX_WORDS for link in plan.links)


def test_targets_of_the_order_go_before_those_of_the_report() -> None:
    plan = plan_links(REPORT, LinkOrder(3, ("Acme",), ("https://a.example/x",)))
    assert {link.target for link in plan.links} == {"https://a.example/x"}


@pytest.mark.parametrize(
    ("report", "order", "said"),
    [
        (REPORT, LinkOrder(0, ("Acme",)), "1 to 500 links; found 0"),
        (REPORT, LinkOrder(MAX_LINKS + 1, ("Acme",)), "found 501"),
        (REPORT, LinkOrder(1, (" ",)), "name of the client"),
        (REPORT, LinkOrder(1, ("Acme",), ("javascript:alert(1)",)), r"http\(s\) addresses; found 'javascript"),
        (CoraReport("leather bags"), ORDER, "at least one page to link to"),
        (CoraReport("k" * 101, targets=REPORT.targets), ORDER, "found 101 characters"),
    ],
)
def test_what_makes_no_plan_says_why(report: CoraReport, order: LinkOrder, said: str) -> None:
    with pytest.raises(LinkPlanImpossibleError, match=said) as caught:
        plan_links(report, order)
    assert not caught.value.retry_helps


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("https://acme.example", True),
        ("http://bücher.example:8080/a?b=c#d", True),
        ("HTTPS://acme.example", True),
        ("//acme.example", False),
        ("https://", False),
        ("https://a b.example", False),
        ('https://a.example/"onclick', False),
        ("https://[::1", False),
        ("https://a.example/\n", False),
        ("ftp://a.example", False),
        ("https://a.example/" + "a" * 2_000, False),
    ],
)
def test_only_web_addresses_are_targets(address: str, is_one: bool) -> None:
    assert is_target(address) is is_one
