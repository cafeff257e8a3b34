"""A note is met where a rule can meet it, a reviewer's words change what they name, and all else stays as it was."""

import pytest

from resources.domain.press_release_composing import compose
from resources.domain.press_release_feedback import answered, named
from resources.domain.press_release_judging import judged
from resources.domain.press_release_revising import met
from resources.domain.press_release_rule import Rule
from resources.domain.press_release_rules import faults
from resources.domain.press_releases import Brief, Company, Contact, Note, Paragraph, Quote, Release, Sentence
from resources.writer.offline import OfflineWriter
from tests.writer.briefs import COMPANY, acme_brief, texts

BRIEF = acme_brief()
RELEASE = compose(BRIEF, "Acme Outdoor's seventh store opens at 18 Kirkgate")
BICYCLES = "The store is a nine-minute walk from Leeds station; bicycles can be parked in the yard."
HANNAH = "Hannah Adeyemi, who has run the company's Manchester store since 2021, leads a team of eleven."
ADEYEMI = "“Kirkgate is the oldest street in Leeds, and we wanted a shop that mends things on it,” says Hannah Adeyemi."
MORE = "“Bring the zip that has been broken since last winter.”"
LINDQVIST = (
    "“A shop that mends things belongs on the oldest street in town,” said Maya Lindqvist, founder and chief executive."
)
PROOFING = "9 a.m.: doors open; the first 100 visitors get a free re-proofing for one jacket."


def changes(before: Release, after: Release) -> tuple[set[str], set[str]]:
    """Which sentences went and which came."""
    return set(texts(before)) - set(texts(after)), set(texts(after)) - set(texts(before))


@pytest.mark.parametrize(
    ("words", "gone", "come"),
    [
        ("Please remove the sentence about bicycles.", {BICYCLES}, set()),
        ("“a nine-minute walk” has to go: drop it", {BICYCLES}, set()),
        ('Leave out "nine-minute walk".', {BICYCLES}, set()),
        ("Do not mention Manchester.", {HANNAH}, set()),
        ("Drop the quote by Hannah Adeyemi.", {ADEYEMI, MORE}, set()),
        ("The first quote is not approved, remove it.", {LINDQVIST}, set()),
        ("Cut paragraph 4", {HANNAH, BICYCLES}, set()),
        ("Take out the last paragraph", {ADEYEMI, MORE}, set()),
        ("Mention the free re-proofing for visitors.", set(), {PROOFING}),
        ("Drop the bicycles and add the free re-proofing.", {BICYCLES}, {PROOFING}),
        ("It is too long.", {HANNAH, BICYCLES}, set()),
    ],
)
def test_the_reviewers_words_change_what_they_name_and_nothing_else_CP_3(
    words: str, gone: set[str], come: set[str]
) -> None:
    assert changes(RELEASE, answered(BRIEF, RELEASE, words)) == (gone, come)


@pytest.mark.parametrize("words", ["Change the headline.", "Not good enough.", "The title is boring", "Hm."])
def test_a_word_on_the_headline_or_on_nothing_gives_another_headline_CP_3(words: str) -> None:
    gone, come = changes(RELEASE, answered(BRIEF, RELEASE, words))
    assert gone == {RELEASE.headline.text}
    assert come == {"Acme Outdoor announces opening of the Leeds store"}


def test_a_sentence_that_is_wrong_gives_way_to_the_next_best_fact_CP_3() -> None:
    brief = acme_brief("Stormbreak jacket launch", "", facts=200)
    release = compose(brief, "Acme Outdoor announces Stormbreak jacket launch")
    wrong = next(each for each in texts(release) if "31 seams" in each)
    gone, come = changes(release, answered(brief, release, "The sentence on the 31 seams that are taped is wrong."))
    assert gone == {wrong}
    assert len(come) <= 2


def test_a_lede_that_is_taken_out_says_what_was_announced_in_other_words() -> None:
    plain = compose(BRIEF, "Acme Outdoor announces opening of the Leeds store")
    after = answered(BRIEF, plain, "Remove the first paragraph.")
    assert after.paragraphs[0].text == "Acme Outdoor on Tuesday gave details of the opening of the Leeds store."
    assert not any(each.text.startswith("It ") for each in after.paragraphs)


def test_a_lede_that_loses_its_company_says_its_name_again() -> None:
    after = answered(BRIEF, RELEASE, "Remove “18 Kirkgate, Leeds”.")
    assert after.paragraphs[0].text == "Acme Outdoor on Tuesday announced the opening of the Leeds store."


def test_the_draft_after_a_rejection_meets_the_comment_CP_3() -> None:
    writer = OfflineWriter()
    before = writer.draft(BRIEF, RELEASE.headline.text)
    after = writer.draft(BRIEF.model_copy(update={"feedback": "Remove the bicycles."}), RELEASE.headline.text)
    assert changes(before, after) == ({BICYCLES}, set())


def test_a_note_with_the_reviewers_words_is_met_where_it_points_CP_3() -> None:
    note = Note(rule="reviewer", where=HANNAH, wish="Remove this.")
    assert changes(RELEASE, OfflineWriter().revise(BRIEF, RELEASE, [note])) == ({HANNAH}, set())


def test_what_a_comment_names_can_be_seen_before() -> None:
    assert named(RELEASE, "the second sentence") == [RELEASE.paragraphs[0].sentences[1].text]
    assert named(RELEASE, "the lede is weak") == [each.text for each in RELEASE.paragraphs[0].sentences]
    assert named(RELEASE, "quote 2") == [ADEYEMI, MORE]
    assert named(RELEASE, "the twentieth thing in Oslo") == []


def with_last(text: str, role: str = "body", cites: tuple[str, ...] = ()) -> Release:
    last = Paragraph.model_validate({"role": role, "sentences": [{"text": text, "cites": cites}]})
    return RELEASE.model_copy(update={"paragraphs": (*RELEASE.paragraphs, last)})


def with_headline(text: str) -> Release:
    return RELEASE.model_copy(update={"headline": Sentence(text=text, cites=RELEASE.headline.cites)})


NOTED = {
    Rule.HEADLINE_LENGTH: with_headline(
        "Acme Outdoor's seventh store opens at 18 Kirkgate in Leeds, and all are welcome"
    ),
    Rule.HEADLINE_END: with_headline("Acme Outdoor opens a store."),
    Rule.HEADLINE_CAPITALS: with_headline("ACME OUTDOOR OPENS A STORE IN LEEDS"),
    Rule.HEADLINE_EXCLAMATION: with_headline("Acme Outdoor opens a store!"),
    Rule.DATELINE: RELEASE.model_copy(update={"city": "Portland", "state": "OR"}),
    Rule.LEDE_ANSWERS: RELEASE.model_copy(update={"paragraphs": RELEASE.paragraphs[1:]}),
    Rule.LEDE_LENGTH: RELEASE.model_copy(
        update={
            "paragraphs": (
                Paragraph(role="lede", sentences=tuple(s for p in RELEASE.paragraphs for s in p.sentences)),
                *RELEASE.paragraphs[1:],
            )
        }
    ),
    Rule.THIRD_PERSON: with_last("We think that it is good."),
    Rule.QUOTE_CREDIT: with_last("“Nobody says who said this thing.”", "quote"),
    Rule.QUOTE_PARAGRAPH: with_last("“Here is a thing that was said,” said Maya Lindqvist.", cites=("task:quote-1",)),
    Rule.NUMBERS: with_last("It has 3 floors."),
    Rule.PERCENT: with_last("It is 5 percent larger."),
    Rule.DATES: with_last("It opened on 5 September 2024 in rain.", cites=("task:date",)),
    Rule.TIMES: with_last("It opened at 9am in rain."),
    Rule.TITLES: with_last("It is led by Ms. Adeyemi.", cites=("task:body",)),
    Rule.BANNED_WORD: with_last("It is an epic thing."),
    Rule.SOURCE: with_last("It sold 400 tents in Oslo."),
    Rule.UNKNOWN_SOURCE: with_last("It sold 400 tents in Oslo.", cites=("nothing",)),
    Rule.ABOUT: RELEASE.model_copy(update={"about": ()}),
    Rule.CONTACT: RELEASE.model_copy(update={"contact": Contact()}),
}


@pytest.mark.parametrize("rule", NOTED)
def test_each_rule_that_can_be_met_is_met(rule: Rule) -> None:
    release = NOTED[rule]
    notes = [note for note in faults(release, BRIEF) if note.rule == rule]
    assert notes
    for note in notes:
        release = met(BRIEF, release, note)
    left = [note for note in faults(release, BRIEF) if note.rule == rule and note in notes]
    assert left == []


def test_notes_on_one_sentence_are_all_met() -> None:
    release = with_last("On 5 September 2024 it grew by 5 percent in 3 weeks.", cites=("task:body",))
    after = OfflineWriter().revise(BRIEF, release, faults(release, BRIEF))
    assert "On Sept. 5, 2024, it grew by 5% in three weeks." in texts(after)


def test_a_banned_word_goes_though_a_style_note_stands_on_the_same_sentence() -> None:
    brief = BRIEF.model_copy(update={"company": COMPANY.model_copy(update={"banned_words": ("Kirkgate",)})})
    after = OfflineWriter().revise(brief, RELEASE, faults(RELEASE, brief))
    assert "Kirkgate" not in " ".join(texts(after))
    assert not any(note.blocks for note in faults(after, brief))


def test_a_quote_of_the_task_without_its_speaker_gets_the_speaker_back() -> None:
    bare = "“A shop that mends things belongs on the oldest street in town.”"
    release = with_last(bare, "quote", cites=("task:quote-1",))
    after = met(BRIEF, release, Note(rule=Rule.QUOTE_CREDIT, where=bare, wish=""))
    assert after.paragraphs[-1].text == LINDQVIST


def test_a_long_release_is_cut_and_a_short_one_gets_facts_where_there_are_some() -> None:
    brief = acme_brief("Stormbreak jacket launch", "")
    full = compose(brief, "Acme Outdoor announces Stormbreak jacket launch")
    short = full.model_copy(update={"paragraphs": full.paragraphs[:2]})
    note = Note(rule=Rule.LENGTH, where="", wish="")
    assert len(met(brief, short, note).paragraphs) == 3
    long = full.model_copy(update={"paragraphs": full.paragraphs * 4})
    assert sum(len(each.text.split()) for each in met(brief, long, note).paragraphs) <= 600


def test_a_rule_that_nobody_knows_is_met_at_the_sentence_that_it_names() -> None:
    after = met(BRIEF, RELEASE, Note(rule="invented quote", where=ADEYEMI, wish="It was not said."))
    assert changes(RELEASE, after) == ({ADEYEMI, MORE}, set())
    assert met(BRIEF, RELEASE, Note(rule="anything", where="No such sentence.", wish="")) == RELEASE


def test_the_judge_notes_what_repeats_itself() -> None:
    assert list(judged(RELEASE)) == []
    repeated = with_last(BICYCLES, cites=("task:body",))
    assert [(note.rule, note.where) for note in judged(repeated)] == [("repetition", BICYCLES)]
    lede = Paragraph(role="lede", sentences=(Sentence(text=RELEASE.headline.text + "."),))
    same = RELEASE.model_copy(update={"paragraphs": (lede, *RELEASE.paragraphs[1:])})
    assert [note.rule for note in judged(same)] == [Rule.LEDE_REPEATS]


def test_a_release_of_one_sentence_survives_any_note() -> None:
    bare = Brief(
        client="x", company=Company(name="Acme"), topic="A thing", dated=BRIEF.dated, contact=Contact(), quotes=()
    )
    release = compose(bare, "Acme announces a thing")
    for rule in Rule:
        for where in ("", release.headline.text, release.paragraphs[0].text):
            assert met(bare, release, Note(rule=rule, where=where, wish="")).paragraphs
    said = Quote(words="It is done.", speaker="Maya", key="task:quote-1")
    assert met(bare.model_copy(update={"quotes": (said,)}), release, Note(rule=Rule.QUOTE_CREDIT, where="", wish=""))
