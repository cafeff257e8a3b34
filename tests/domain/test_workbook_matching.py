"""A workbook goes to its one task, or a person is asked, or nobody: never to the task of another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.domain.workbook_matching import (
    MAX_CANDIDATES,
    CandidateTask,
    Matched,
    Unmatched,
    Unsure,
    WorkbookClue,
    match_workbook,
)

BAGS = CandidateTask("t1", "Acme Ltd", "Leather bags")
SHOES = CandidateTask("t2", "Acme Ltd", "Leather shoes")
OTHERS = CandidateTask("t3", "Zenith", "Leather bags")
TASKS = (BAGS, SHOES, OTHERS)


@pytest.mark.parametrize(
    "clue",
    [
        WorkbookClue("Acme", "leather bags", "report.xlsx"),
        WorkbookClue("acme ltd.", "LEATHER-BAGS", "zenith.xlsx"),
        WorkbookClue("Acme", "bags leather", "x"),
        WorkbookClue("Acme", "leahter bags", "x"),
        WorkbookClue(None, "leather bags", "2026-01_Acme_cora.xlsx"),
        WorkbookClue(None, "", "cora-acme-leather-bags-final.xlsx"),
        WorkbookClue("Ácme", "léather bags", "x"),
    ],
)
def test_slips_and_spellings_reach_their_task(clue: WorkbookClue) -> None:
    match = match_workbook(clue, TASKS)
    assert isinstance(match, Matched)
    assert match.likeness.task is BAGS


@pytest.mark.parametrize(
    ("clue", "asked"),
    [
        (WorkbookClue(None, "leather bags", "report.xlsx"), {"t1", "t3"}),
        (WorkbookClue("Acme", "leather", "x"), {"t1", "t2"}),
        (WorkbookClue("Acme", "canvas bags", "x"), {"t1", "t2"}),
        (WorkbookClue(None, "leather bags", "acme and zenith.xlsx"), {"t1", "t3"}),
    ],
)
def test_who_it_may_be_for_is_asked_about(clue: WorkbookClue, asked: set[str]) -> None:
    match = match_workbook(clue, TASKS)
    assert isinstance(match, Unsure)
    assert asked <= {each.task.task for each in match.candidates}
    scores = [each.score for each in match.candidates]
    assert scores == sorted(scores, reverse=True)


def test_a_plural_beside_its_singular_is_a_question() -> None:
    beside = CandidateTask("t9", "Acme", "leather bag")
    match = match_workbook(WorkbookClue("Acme", "leather bags", "x"), (*TASKS, beside))
    assert isinstance(match, Unsure)
    assert [each.task for each in match.candidates[:2]] == [BAGS, beside]
    assert match.candidates[0].score > match.candidates[1].score > 90


def test_the_right_keyword_does_not_make_up_for_another_client() -> None:
    match = match_workbook(WorkbookClue("Globex", "leather bags", "x"), TASKS)
    assert not isinstance(match, Matched)


@pytest.mark.parametrize("tasks", [(), TASKS])
def test_what_is_like_no_task_asks_nobody(tasks: tuple[CandidateTask, ...]) -> None:
    assert match_workbook(WorkbookClue("Globex", "emergency plumber", "x.xlsx"), tasks) == Unmatched()


def test_part_of_a_word_is_no_client() -> None:
    clue = WorkbookClue(None, "leather bags", "leather bags final.xlsx")
    assert not isinstance(match_workbook(clue, (CandidateTask("t", "Al", "leather bags"),)), Matched)


def test_threshold_and_margin_are_kept_to_the_point() -> None:
    clue, near = WorkbookClue("Acme", "leather bags", "x"), CandidateTask("t9", "Acme", "leather bag")
    unsure = match_workbook(clue, (BAGS, near))
    assert isinstance(unsure, Unsure)
    first, second = unsure.candidates
    gap = first.score - second.score
    assert isinstance(match_workbook(clue, (BAGS, near), margin=gap), Matched)
    assert isinstance(match_workbook(clue, (BAGS, near), margin=gap + 0.01), Unsure)
    assert isinstance(match_workbook(clue, (near,), threshold=second.score), Matched)
    assert isinstance(match_workbook(clue, (near,), threshold=second.score + 0.01), Unsure)


NAMES = st.lists(st.sampled_from(["acme", "zenith", "bags", "bag", "leather", "ltd", "", "é"]), max_size=3).map(
    " ".join
)


@given(st.builds(WorkbookClue, NAMES | st.none(), NAMES, NAMES), st.lists(st.tuples(NAMES, NAMES), max_size=8))
def test_the_order_of_the_tasks_changes_nothing(clue: WorkbookClue, pairs: list[tuple[str, str]]) -> None:
    tasks = [CandidateTask(str(number), *pair) for number, pair in enumerate(pairs)]
    match = match_workbook(clue, tasks)
    assert match == match_workbook(clue, tasks[::-1])
    if isinstance(match, Unsure):
        assert 1 <= len(match.candidates) <= MAX_CANDIDATES
