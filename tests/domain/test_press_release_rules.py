"""Each rule finds what breaks it, says where and what to do, and leaves a sound release alone."""

from typing import Any

import pytest

from resources.domain.press_release_composing import compose
from resources.domain.press_release_form import reading_grade
from resources.domain.press_release_rule import Rule
from resources.domain.press_release_rules import faults
from resources.domain.press_releases import Brief, Contact, Note, Paragraph, Release, Sentence
from tests.writer.briefs import acme_brief

BRIEF = acme_brief("Stormbreak jacket launch", "City: Leeds")
RELEASE = compose(BRIEF, "Acme Outdoor announces Stormbreak jacket launch")
KEY = BRIEF.facts[-1].key


def found(release: Release, brief: Brief = BRIEF) -> dict[str, Note]:
    notes = faults(release, brief)
    assert all(note.rule and note.wish for note in notes)
    return {note.rule: note for note in notes}


def with_headline(text: str) -> Release:
    return RELEASE.model_copy(update={"headline": Sentence(text=text, cites=RELEASE.headline.cites)})


def with_last(text: str, role: Any = "body", cites: tuple[str, ...] = (KEY,)) -> Release:
    last = Paragraph(role=role, sentences=(Sentence(text=text, cites=cites),))
    return RELEASE.model_copy(update={"paragraphs": (*RELEASE.paragraphs, last)})


def with_lede(text: str) -> Release:
    lede = Paragraph(role="lede", sentences=(Sentence(text=text, cites=(KEY,)),))
    return RELEASE.model_copy(update={"paragraphs": (lede, *RELEASE.paragraphs[1:])})


def test_a_composed_release_breaks_no_rule_but_those_of_its_sources_dates() -> None:
    assert set(found(RELEASE)) <= {Rule.DATES, Rule.LENGTH}
    assert not any(note.blocks for note in faults(RELEASE, BRIEF))


@pytest.mark.parametrize(
    ("headline", "rule", "blocks"),
    [
        ("Acme Outdoor announces the launch of the Stormbreak jacket and of much else", Rule.HEADLINE_LENGTH, False),
        ("Acme Outdoor announces the Stormbreak " * 3, Rule.HEADLINE_LENGTH, True),
        ("Acme Outdoor announces a jacket.", Rule.HEADLINE_END, False),
        ("ACME OUTDOOR ANNOUNCES A JACKET", Rule.HEADLINE_CAPITALS, False),
        ("Acme Outdoor announces a jacket!", Rule.HEADLINE_EXCLAMATION, False),
        ("Acme Outdoor announces an epic jacket", Rule.BANNED_WORD, True),
    ],
)
def test_a_headline_that_breaks_a_rule_is_noted(headline: str, rule: Rule, blocks: bool) -> None:
    note = found(with_headline(headline.strip()))[rule]
    assert (note.where, note.blocks) == (headline.strip(), blocks)


@pytest.mark.parametrize(
    ("city", "state", "wish"),
    [
        ("", "", "give the city"),
        ("Boston", "Mass.", "leave out “Mass.”"),
        ("Portland", "OR", "write “Ore.” for “OR”"),
        ("Portland", "Oregon", "write “Ore.” for “Oregon”"),
    ],
)
def test_a_dateline_that_is_not_as_ap_has_it_is_noted(city: str, state: str, wish: str) -> None:
    assert wish in found(RELEASE.model_copy(update={"city": city, "state": state}))[Rule.DATELINE].wish


@pytest.mark.parametrize(("city", "state"), [("Leeds", ""), ("Leeds", "England"), ("Portland", "Ore."), ("Boston", "")])
def test_a_dateline_as_ap_has_it_is_left_alone(city: str, state: str) -> None:
    assert Rule.DATELINE not in found(RELEASE.model_copy(update={"city": city, "state": state}))


@pytest.mark.parametrize(
    ("lede", "missing"),
    [
        ("The maker on Tuesday announced its Stormbreak jacket launch.", "who (name Acme Outdoor)"),
        ("Acme Outdoor on Tuesday announced some news.", "what (say “Stormbreak jacket launch”)"),
        ("Acme Outdoor announced its Stormbreak jacket launch.", "when (a weekday or a date)"),
    ],
)
def test_a_lede_that_leaves_a_question_open_is_noted(lede: str, missing: str) -> None:
    note = found(with_lede(lede))[Rule.LEDE_ANSWERS]
    assert missing in note.wish
    assert note.wish.count("(") == 1


def test_a_lede_without_a_place_or_dateline_is_noted_and_a_long_one_too() -> None:
    nowhere = with_lede("Acme Outdoor on Tuesday announced its Stormbreak jacket launch.").model_copy(
        update={"city": ""}
    )
    assert "where" in found(nowhere)[Rule.LEDE_ANSWERS].wish
    assert found(with_lede(f"Acme Outdoor on Tuesday announced its Stormbreak {'nice ' * 40}jacket."))[Rule.LEDE_LENGTH]


@pytest.mark.parametrize(
    ("text", "role", "rule"),
    [
        ("We think that it is good.", "body", Rule.THIRD_PERSON),
        ("You can buy it, and it's yours.", "body", Rule.THIRD_PERSON),
        ("“We mend what breaks in rain,” and that is all.", "quote", Rule.QUOTE_CREDIT),
        ("“We mend what breaks in rain,” said the founder.", "quote", Rule.QUOTE_CREDIT),
        ("“We mend what breaks in rain,” said Maya Lindqvist.", "body", Rule.QUOTE_PARAGRAPH),
        ("It sold 5 percent more.", "body", Rule.PERCENT),
        ("It has 3 stores.", "body", Rule.NUMBERS),
        ("It opened on September 5.", "body", Rule.DATES),
        ("It opened at 9am in rain.", "body", Rule.TIMES),
        ("It is led by Mr. Okafor.", "body", Rule.TITLES),
    ],
)
def test_a_sentence_that_breaks_a_rule_is_noted_where_it_stands(text: str, role: str, rule: Rule) -> None:
    assert found(with_last(text, role))[rule].where == text


def test_a_credited_quote_in_its_own_paragraph_may_speak_in_the_first_person() -> None:
    assert set(found(with_last("“We mend what breaks in rain,” said Maya Lindqvist.", "quote"))) == set(found(RELEASE))


def test_a_banned_word_blocks_as_a_whole_word_whatever_its_case() -> None:
    assert found(with_last("It is an Epic tale."))[Rule.BANNED_WORD].blocks
    assert Rule.BANNED_WORD not in found(with_last("It is an epicure of rain."))
    about = RELEASE.model_copy(update={"about": (Sentence(text="It is game-changing."),)})
    assert found(about)[Rule.BANNED_WORD].where == "It is game-changing."


def test_a_claim_without_a_fact_of_the_brief_blocks_CB_5() -> None:
    text = "It sold 400 jackets in Oslo."
    assert found(with_last(text, cites=()))[Rule.SOURCE] == Note(
        rule="source",
        where=text,
        wish="name the fact that it rests on, or leave it out: it states a number and a name",
        blocks=True,
    )
    assert found(with_last(text, cites=("nothing",)))[Rule.UNKNOWN_SOURCE].blocks


@pytest.mark.parametrize(
    "text",
    [
        "It has always been so.",
        "That is how Acme Outdoor works.",
        "It is made in Leeds, as Acme Outdoor's jackets are.",
        "It was announced on May 5, 2026.",
        "It was announced on Tuesday.",
    ],
)
def test_company_city_and_the_day_of_release_need_no_source(text: str) -> None:
    assert Rule.SOURCE not in found(with_last(text, cites=()))


def test_a_short_release_is_noted_and_only_a_far_too_long_one_blocks() -> None:
    short = RELEASE.model_copy(update={"paragraphs": RELEASE.paragraphs[:1]})
    assert not found(short)[Rule.LENGTH].blocks
    words = "It is a calm thing of rain. "
    assert not found(with_last(words * 80))[Rule.LENGTH].blocks
    assert found(with_last(words * 150))[Rule.LENGTH].blocks


def test_boilerplate_and_contact_have_to_be_there() -> None:
    bare = RELEASE.model_copy(update={"about": (), "contact": Contact(name="Ben Whitlock")})
    assert {Rule.ABOUT, Rule.CONTACT} <= set(found(bare))


def test_the_reading_grade_is_that_of_its_source_and_leaves_quotations_out() -> None:
    # 20 characters, 5 words, 1 sentence: 4.71 * 4 + 0.5 * 5 - 21.43 < 0; the next has 44, 6 and 1.
    assert reading_grade("A cat sat on the mat.") == 0.0
    hard = "Extraordinary manufacturers characteristically overcomplicate things."
    assert reading_grade(hard) == pytest.approx(4.71 * 64 / 5 + 0.5 * 5 - 21.43)
    assert reading_grade(f"“{hard}” A cat sat.") < 2
    assert reading_grade("") == 0.0
    assert found(with_last(f"{hard} " * 20))[Rule.READING_GRADE]
