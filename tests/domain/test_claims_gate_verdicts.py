"""Single claims beside a source: which verdict each has."""

import time

import pytest

from resources.domain.claims import CitedSource, ClaimKind, Verdict
from resources.domain.claims_gate import MAX_SENTENCE_CHARS, judge_sentence

FIRM = (
    "Vantor of Graz raised €12.5 million on Wednesday 4 March 2026. It employs 87 people, 41 of them engineers, and "
    "makes 1,150 arms a week. Two in five are exported. It hopes for sales of $1.62 billion to $1.66 billion, and "
    "61 cents a share. The hall is kept at 38°C. Section 12 applies."
)
TALK = (
    "“The arm is boring, and that is the point,” said Lena Hofbauer. “A warehouse wants a machine that it can forget "
    "about.” According to James Okoro, “nobody else has made picking this cheap.” Hofbauer\u2019s co-founder, Milan "
    "Petrović, was blunter: “Our first prototypes caught fire.” Asked about it, Okoro laughed. “It is what it "
    "is,” he said."
)
MAX_S = 0.5
SURE, ALTERED, UNSURE = Verdict.SOURCED, Verdict.ALTERED, Verdict.UNSURE


def worst(source: str, sentence: str) -> set[Verdict]:
    found = judge_sentence(sentence, [CitedSource("s", source)])
    return {each.verdict for each in found} - {SURE} or {SURE}


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        ("It raised 12.5 million euros.", SURE),
        ("It raised €12,500,000.", SURE),
        ("It raised $12.5 million.", ALTERED),
        ("It employs eighty-seven people.", SURE),
        ("It has a staff of 87.", SURE),
        ("Of its 87 employees, 41 are engineers.", SURE),
        ("It employs 41 people.", ALTERED),
        ("It employs about 90 people.", UNSURE),
        ("It makes 1150 arms a week.", SURE),
        ("It makes 1,150 arms a day.", ALTERED),
        ("2 in 5 are exported.", SURE),
        ("Three in five are exported.", ALTERED),
        ("It hopes for $1.62-1.66 billion.", SURE),
        ("It earns $0.61 a share.", SURE),
        ("The hall is kept at 38 degrees Celsius.", SURE),
        ("The hall is kept at 38°F.", ALTERED),
        ("It employs 12 people.", ALTERED),
    ],
)
def test_a_number_is_compared_by_value_unit_and_what_it_counts(sentence: str, verdict: Verdict) -> None:
    assert worst(FIRM, sentence) == {verdict}


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        ("It closed on March 4, 2026.", SURE),
        ("It closed on 2026-03-04.", SURE),
        ("It closed on the 4th of March.", SURE),
        ("It closed in March 2026.", SURE),
        ("It closed on Thursday, March 4, 2026.", ALTERED),
        ("It closed on March 5, 2026.", ALTERED),
        ("It closed in April 2026.", ALTERED),
        ("It closed on March 4, 2025.", ALTERED),
        ("It closed on 04.03.2026.", UNSURE),
    ],
)
def test_a_date_is_compared_in_whatever_form(sentence: str, verdict: Verdict) -> None:
    assert worst(FIRM, sentence) == {verdict}


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        ("“Nobody else has made picking this cheap,” said James Okoro.", SURE),
        ("“Nobody else has made picking this cheap,” Hofbauer said.", Verdict.MISATTRIBUTED),
        ("“A warehouse wants a machine that it can forget about,” Hofbauer said.", SURE),
        ("“A warehouse wants a machine that it can forget about,” said Okoro.", Verdict.MISATTRIBUTED),
        ("“Our first prototypes caught fire,” Milan Petrovic recalled.", SURE),
        ("“Our first prototypes caught fire,” said James Okoro.", Verdict.MISATTRIBUTED),
        ("“It is what it is,” said Okoro.", SURE),
        ("“It is what it is,” said Milan Petrović.", Verdict.MISATTRIBUTED),
        ("“The arm is boring, and that is the point. A warehouse wants a machine,” said Lena Hofbauer.", SURE),
        ("“The arm is boring,” said Hofbauer, “and that is the point.”", SURE),
        ("“And that is the point,” said Hofbauer, “the arm is boring.”", Verdict.STITCHED),
        ("“[N]obody else has made picking this cheap,” said James Okoro.", SURE),
        ("“The arm is boring … that is the point,” said Lena Hofbauer.", UNSURE),
        ("“Blunter: our first prototypes caught fire,” said Milan Petrović.", Verdict.STITCHED),
        ("Okoro spoke of the “arm”.", SURE),
    ],
)
def test_a_quotation_is_compared_by_its_words_its_place_and_its_speaker(sentence: str, verdict: Verdict) -> None:
    assert worst(TALK, sentence) == {verdict}


def test_a_quotation_over_lines_has_its_speaker() -> None:
    source = (
        "“We repair what we sell, and we always have,” said\nMaya Lindqvist.\n\n"
        "“It was the best year we had.”\n— Tom Okafor"
    )
    assert worst(source, "“We repair what we sell,” said Maya Lindqvist.") == {SURE}
    assert worst(source, "“We repair what we sell,” said Tom Okafor.") == {Verdict.MISATTRIBUTED}
    assert worst(source, "“It was the best year we had,” said Tom Okafor.") == {SURE}
    assert worst(source, "“It was the best year we had,” said Maya Lindqvist.") == {Verdict.MISATTRIBUTED}


def test_a_surname_that_two_have_is_the_one_named_before_or_left_to_a_person() -> None:
    source = (
        "Owner Gareth Pym opened it. “I signed the lease on a napkin,” says Pym. "
        "Bethan Pym, 24, runs the dairy. “He taught me the curd,” she says."
    )
    assert worst(source, "“I signed the lease on a napkin,” said Gareth Pym.") == {SURE}
    assert worst(source, "“I signed the lease on a napkin,” said Bethan Pym.") == {UNSURE}
    assert worst(source, "“He taught me the curd,” said Gareth Pym.") == {UNSURE}


def test_the_turns_of_a_talk_may_have_their_times_and_questions_have_no_speaker() -> None:
    source = (
        "[00:12] Host: What changed?\n[01:05] Ifeoma Obi: People returned my calls.\n"
        "**Q:** And then?\n**A:** We built a second rig."
    )
    assert worst(source, "“People returned my calls,” said Ifeoma Obi.") == {SURE}
    assert worst(source, "“What changed?” asked Ifeoma Obi.") == {Verdict.MISATTRIBUTED}
    assert worst(source, "“We built a second rig,” said Ifeoma Obi.") == {UNSURE}


def test_what_follows_a_whole_sentence_does_not_say_who_spoke_in_it() -> None:
    source = (
        'Engineer Tomasz Zielinski said the window was "eleven days in a whole winter". Minister Alan Reid called '
        'for more: "We use almost none of it."'
    )
    assert worst(source, "The window was “eleven days in a whole winter,” said Tomasz Zielinski.") == {SURE}
    assert worst(source, "The window was “eleven days in a whole winter,” said Alan Reid.") == {Verdict.MISATTRIBUTED}


def test_a_date_whose_source_has_its_weekday_wrong_is_not_passed_on() -> None:
    source = "It opens on Thursday 4 March 2026."
    assert worst(source, "It opens on Thursday, March 4, 2026.") == {ALTERED}


def test_a_name_that_is_nearly_there_is_left_to_a_person_with_the_one_that_is() -> None:
    (found,) = judge_sentence("The work was led by Hannah Wiess.", [CitedSource("s", "Hannah Weiss led the work.")])
    assert (found.kind, found.verdict, found.said) == (ClaimKind.NAME, UNSURE, "Hannah Weiss")
    assert worst("Hannah Weiss led the work.", "The work was led by CEO Hannah Weiss.") == {SURE}


@pytest.mark.parametrize(
    "piece",
    [
        "1 ",
        "1 to 2 ",
        "1.1.",
        "“a b c” said X ",
        "'a b c' ",
        "\u2018a b\u2019c ",
        '"',
        "said, ",
        "3 May ",
        "Jan 3-",
        "A.",
        "X: ",
        "“",
    ],
)
def test_no_sentence_is_slow(piece: str) -> None:
    """By the processor's time, which other processes on the machine do not lengthen."""
    sentence = (piece * MAX_SENTENCE_CHARS)[:MAX_SENTENCE_CHARS]
    source = (FIRM + TALK) * 6
    assert any(took(sentence, source) < MAX_S for _ in range(3))


def took(sentence: str, source: str) -> float:
    """Seconds."""
    begun = time.process_time()
    judge_sentence(sentence, [CitedSource("s", source)])
    return time.process_time() - begun
