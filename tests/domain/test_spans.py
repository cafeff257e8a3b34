from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.domain.spans import Span, merged, overlap_groups, quote

SPANS = st.builds(lambda start, length: Span(start, start + length), st.integers(0, 60), st.integers(1, 20))


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 3), (4, 2)])
def test_a_span_that_quotes_nothing_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="expected 0 <= start < end"):
        Span(start, end)


def test_spans_count_code_points_not_bytes_or_utf16_units() -> None:
    assert quote("🎉é🚀x", Span(2, 4)) == "🚀x"


def test_a_span_beyond_the_text_is_refused_instead_of_quoting_less() -> None:
    with pytest.raises(ValueError, match="beyond a text of 3"):
        quote("abc", Span(1, 4))


def test_spans_that_touch_stay_apart_and_spans_that_overlap_become_one() -> None:
    assert merged([Span(4, 8), Span(0, 4), Span(7, 9)]) == [Span(0, 4), Span(4, 9)]


def test_a_group_holds_what_overlaps_through_others_and_keeps_the_items() -> None:
    hits = [("sentence", Span(12, 15)), ("other", Span(30, 40)), ("passage", Span(0, 20)), ("bridge", Span(18, 25))]
    groups = [(span, [name for name, _ in items]) for span, items in overlap_groups(hits, lambda hit: hit[1])]
    assert groups == [(Span(0, 25), ["passage", "sentence", "bridge"]), (Span(30, 40), ["other"])]


@given(st.lists(SPANS))
def test_merging_covers_the_same_characters_with_spans_that_share_none(spans: list[Span]) -> None:
    result = merged(spans)
    assert {i for s in result for i in range(s.start, s.end)} == {i for s in spans for i in range(s.start, s.end)}
    assert not any(a.overlaps(b) for a, b in pairwise(result))
    assert merged(result) == result == merged(reversed(spans))
