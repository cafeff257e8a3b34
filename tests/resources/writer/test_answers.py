"""An answer that cannot be used is refused with what was expected and what was found."""

import pytest

from resources.domain.press_releases import Paragraph, Sentence
from resources.writer.answers import good_headlines, good_judgement, good_release
from resources.writer.offline import OfflineWriter
from resources.writer.writer import Headlines, Judgement, Pick, WriterAnswerError
from tests.writer.briefs import acme_brief

BRIEF = acme_brief()
RELEASE = OfflineWriter().draft(BRIEF, "Acme Outdoor announces opening of the Leeds store")


def picks(*places: int, reason: str = "It is short.") -> Judgement:
    return Judgement(picks=tuple(Pick(place=place, reason=reason) for place in places))


def test_sound_answers_come_back_as_they_are() -> None:
    assert good_headlines(Headlines(headlines=("One", "Two")), 2) == ("One", "Two")
    assert good_judgement(picks(6, 0), 7, 2) == picks(6, 0)
    assert good_release(RELEASE, BRIEF) is RELEASE


@pytest.mark.parametrize(
    ("headlines", "found"),
    [
        (("One",), "found 1"),
        (("One", "Two", "Three"), "found 3"),
        (("One", "  oNE "), "no two alike"),
        (("One", " "), "some words on one line"),
        (("One", "Two\nthree"), "some words on one line"),
    ],
)
def test_headlines_of_another_number_alike_or_empty_are_refused(headlines: tuple[str, ...], found: str) -> None:
    with pytest.raises(WriterAnswerError, match=found):
        good_headlines(Headlines(headlines=headlines), 2)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (picks(0), "places \\[0\\]"),
        (picks(0, 0), "places \\[0, 0\\]"),
        (picks(0, 7), "places from 0 to 6; found \\[7\\]"),
        (picks(-1, 2), "found \\[-1\\]"),
        (picks(0, 1, reason=" "), "a reason for each headline"),
    ],
)
def test_picks_that_are_too_few_alike_out_of_range_or_unfounded_are_refused(answer: Judgement, found: str) -> None:
    with pytest.raises(WriterAnswerError, match=found):
        good_judgement(answer, 7, 2)


def with_paragraph(paragraph: Paragraph) -> tuple[Paragraph, ...]:
    return (*RELEASE.paragraphs, paragraph)


@pytest.mark.parametrize(
    ("paragraphs", "found"),
    [
        ((), "a lede as the first paragraph"),
        (RELEASE.paragraphs[1:], "a lede as the first paragraph"),
        (RELEASE.paragraphs * 2, "a lede as the first paragraph"),
        (with_paragraph(Paragraph.model_construct(role="body", sentences=())), "a paragraph without one"),
        (with_paragraph(Paragraph(role="body", sentences=(Sentence(text=" "),))), "words in each sentence"),
        (with_paragraph(Paragraph(role="body", sentences=(Sentence(text="A.", cites=("x",)),))), "'x' for 'A.'"),
    ],
)
def test_a_release_that_is_not_whole_or_cites_what_is_not_there_is_refused_CB_5(
    paragraphs: tuple[Paragraph, ...], found: str
) -> None:
    with pytest.raises(WriterAnswerError, match=found):
        good_release(RELEASE.model_copy(update={"paragraphs": paragraphs}), BRIEF)


def test_a_refusal_says_that_asking_again_can_help() -> None:
    with pytest.raises(WriterAnswerError, match=r"A retry can help\.$"):
        good_judgement(picks(), 7, 2)
