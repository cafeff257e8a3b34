"""Against values worked out by hand: 1/log2(2) = 1, 1/log2(3) = 0.63093, 1/log2(4) = 0.5, 1/log2(5) = 0.43068."""

import pytest

from benchmarks.ndcg import mean_ndcg, ndcg


def test_the_best_ranking_has_1_and_one_without_a_relevant_document_0() -> None:
    assert ndcg(["a", "b"], {"a": 1, "b": 1}) == 1
    assert ndcg(["c", "d"], {"a": 1}) == 0
    assert ndcg([], {"a": 1}) == 0


def test_a_relevant_document_counts_less_the_lower_it_stands() -> None:
    assert ndcg(["x", "a"], {"a": 1}) == pytest.approx(0.63093, abs=1e-5)
    assert ndcg(["x", "y", "a"], {"a": 1}) == pytest.approx(0.5)


def test_two_of_three_found_at_ranks_1_and_4() -> None:
    found = (1 + 0.43068) / (1 + 0.63093 + 0.5)
    assert ndcg(["a", "x", "y", "b"], {"a": 1, "b": 1, "c": 1}) == pytest.approx(found, abs=1e-5)


def test_grades_are_gains() -> None:
    # 1 first and 3 second gives 1 + 3 * 0.63093 = 2.89279; the other way round 3 + 0.63093 = 3.63093.
    assert ndcg(["one", "three"], {"one": 1, "three": 3}) == pytest.approx(2.89279 / 3.63093, abs=1e-5)


def test_only_the_first_k_count_in_the_ranking_and_in_the_best_one() -> None:
    assert ndcg(["x"] * 10 + ["a"], {"a": 1}, k=2) == pytest.approx(0.63093, abs=1e-5)
    assert ndcg([f"x{n}" for n in range(10)] + ["a"], {"a": 1}) == 0
    assert ndcg([f"a{n}" for n in range(10)], {f"a{n}": 1 for n in range(30)}) == 1


def test_a_document_that_comes_twice_counts_once() -> None:
    assert ndcg(["a", "a", "b"], {"a": 1, "b": 1}) == 1


def test_the_mean_counts_a_query_without_an_answer_as_0() -> None:
    assert mean_ndcg({"1": ["a"], "9": ["z"]}, {"1": {"a": 1}, "2": {"b": 1}}) == 0.5


def test_a_query_without_a_relevant_document_is_refused() -> None:
    with pytest.raises(ValueError, match="leave it out"):
        ndcg(["a"], {})
