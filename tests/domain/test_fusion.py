"""Two rankings into one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.domain.fusion import weighted_sum

scores = st.dictionaries(st.text(max_size=3), st.floats(-100, 100), max_size=8)


def test_scores_of_different_kinds_are_spread_before_they_are_added() -> None:
    dense = {"a": 0.9, "b": 0.8, "c": 0.7}
    words = {"c": 30.0, "b": 20.0, "d": 10.0}

    fused = weighted_sum(dense, words, dense_share=0.3)

    assert fused == pytest.approx({"c": 0.7, "b": 0.5, "a": 0.3, "d": 0.0})
    assert list(fused) == ["c", "b", "a", "d"]


def test_one_list_alone_keeps_its_order() -> None:
    assert list(weighted_sum({}, {"x": 2.0, "y": 9.0}, dense_share=0.3)) == ["y", "x"]
    assert list(weighted_sum({"x": 2.0, "y": 9.0}, {}, dense_share=0.3)) == ["y", "x"]


def test_equal_scores_are_all_best() -> None:
    assert weighted_sum({"x": 1.0, "y": 1.0}, {}, dense_share=0.5) == {"x": 0.5, "y": 0.5}


@given(scores, scores, st.floats(0, 1))
def test_every_key_stays_with_a_score_between_0_and_1_best_first(
    dense: dict[str, float], words: dict[str, float], share: float
) -> None:
    fused = weighted_sum(dense, words, dense_share=share)

    assert set(fused) == set(dense) | set(words)
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in fused.values())
    assert list(fused.values()) == sorted(fused.values(), reverse=True)
