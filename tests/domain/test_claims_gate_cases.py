"""The claims gate on a hundred and twenty sentences made by hand; what it gets right is printed."""

from collections.abc import Sequence

import pytest

from resources.domain.claims import CitedSource, Finding, Verdict
from resources.domain.claims_gate import MAX_SENTENCE_CHARS, judge_sentence
from tests.domain import claim_cases, claim_more_cases

SETS = (claim_cases, claim_more_cases)
SORTS = {
    "invented": [case for each in SETS for case in each.INVENTED],
    "altered": [case for each in SETS for case in each.ALTERED],
    "misattributed": [case for each in SETS for case in each.MISATTRIBUTED],
    "number off by one": [case for each in SETS for case in each.OFF_BY_ONE],
    "stitched": [case for each in SETS for case in each.STITCHED],
}
RIGHT = [case for each in SETS for case in each.RIGHT]


def judged(case: tuple[str, str]) -> tuple[Finding, ...]:
    source, sentence = case
    return judge_sentence(sentence, [CitedSource("s", source)], known_names=["Acme Outdoor"])


def blocked(case: tuple[str, str]) -> bool:
    return any(each.blocks for each in judged(case))


@pytest.mark.parametrize("sort", SORTS)
def test_bad_sentences_are_blocked(sort: str, capsys: pytest.CaptureFixture[str]) -> None:
    missed = [case[1] for case in SORTS[sort] if not blocked(case)]
    with capsys.disabled():
        print(f"\nclaims gate, {sort}: {len(SORTS[sort]) - len(missed)} of {len(SORTS[sort])} blocked {missed or ''}")
    assert len(SORTS[sort]) == 10 * len(SETS)
    assert not missed


def test_right_sentences_pass(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [(case[1], [each for each in judged(case) if each.blocks]) for case in RIGHT if blocked(case)]
    unsure = [each.claim for case in RIGHT for each in judged(case) if each.verdict is Verdict.UNSURE]
    with capsys.disabled():
        print(f"\nclaims gate, right: {len(wrong)} of {len(RIGHT)} blocked, unsure of {unsure}")
    assert not wrong


@pytest.mark.parametrize(
    ("cases", "verdict"),
    [
        (claim_cases.STITCHED, Verdict.STITCHED),
        (SORTS["misattributed"], Verdict.MISATTRIBUTED),
        (SORTS["number off by one"], Verdict.ALTERED),
    ],
)
def test_what_is_wrong_is_called_by_its_name_with_what_the_source_says(
    cases: Sequence[tuple[str, str]], verdict: Verdict
) -> None:
    for case in cases:
        (bad, *_) = [each for each in judged(case) if each.blocks]
        assert bad.verdict is verdict, case[1]
        assert bad.said, case[1]
        assert bad.source == "s"


def test_what_cites_nothing_is_uncited_and_a_name_is_left_to_a_person() -> None:
    found = judge_sentence("In 2025 the team of Ann Cole sold 40 packs.", [])
    assert {each.claim: each.verdict for each in found} == {
        "2025": Verdict.UNCITED, "40": Verdict.UNCITED, "Ann Cole": Verdict.UNSURE,
    }  # fmt: skip


def test_what_is_known_needs_no_source() -> None:
    words = "Acme Outdoor opened on Feb. 3, 2026, said Ann Cole of Studio 54."
    found = judge_sentence(words, [], known_names=["acme outdoor", "Feb. 3, 2026", "Ann Cole", "Studio 54"])
    assert found == ()


def test_a_changed_quotation_with_marks_of_it_is_left_to_a_person() -> None:
    source = [CitedSource("s", "“We never wanted a cheaper pack, we wanted one that lasts,” said Maya Lindqvist.")]
    for sentence in (
        "“We never wanted a cheaper pack … one that lasts,” said Maya Lindqvist.",
        "“We never wanted a cheaper pack, [but] one that lasts,” said Maya Lindqvist.",
    ):
        (quote, *_) = judge_sentence(sentence, source)
        assert quote.verdict is Verdict.UNSURE


def test_rounding_that_says_so_is_left_to_a_person_and_other_rounding_is_not() -> None:
    source = [CitedSource("s", "The workshop repaired 6,340 items.")]
    assert judge_sentence("It repaired about 6,300 items.", source)[0].verdict is Verdict.UNSURE
    assert judge_sentence("It repaired 6,300 items.", source)[0].verdict is Verdict.ALTERED
    assert judge_sentence("It repaired about 9,000 items.", source)[0].verdict is Verdict.ALTERED


def test_a_sentence_beyond_all_measure_is_not_read_and_not_passed() -> None:
    (found,) = judge_sentence("1 " * MAX_SENTENCE_CHARS, [CitedSource("s", "2 " * 5_000)])
    assert found.verdict is Verdict.UNSURE
