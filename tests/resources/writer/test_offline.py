"""The offline writer answers any brief: in bounds, with known facts, the same each time, and without an error."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.domain.press_release_rules import faults
from resources.domain.press_releases import HEADLINES, RELEASES, Brief, Company, Contact, Fact, Quote
from resources.writer.answers import good_headlines, good_judgement, good_release
from resources.writer.offline import OfflineWriter
from resources.writer.writer import Writer, WriterRefusedError
from tests.writer.briefs import acme_brief

WRITER: Writer = OfflineWriter()
PROSE = (
    "The plant in Leeds employs 140 people.",
    "It makes 12 kinds of paper.",
    "Paper from Leeds was sold in 40 countries, not counting France.",
    "On 5 May 2024 the firm, which is old, opened 3 mills.",
    "Our mill in Leeds runs on 5 percent less water.",
    "“Paper is patient beyond belief,” said Jane Doe, head of paper.",
    "“We make it in 3 sizes.”",
)
SCRAPS = (
    "We sold 500 tents in Oslo.",
    "# Heading\n",
    "Visit https://acme.example or write to a@b.example.",
    "| a | 5 |",
    "However, Acme grew by 40% in 2025.",
    "A. B.",
    "\u202e\u200b",
    "”“",
    "- item 7",
    "epic",
    "\n\n",
)
MARKS = "“”\"'.,;:!? \nAaé5%()-—"
WORDS = st.one_of(
    st.lists(st.sampled_from(PROSE), min_size=1, max_size=4).map(" ".join),
    st.lists(st.sampled_from(PROSE + SCRAPS), min_size=1, max_size=6).map(" ".join),
    st.one_of(st.text(max_size=80), st.text(st.sampled_from(MARKS), max_size=60)).map(str),
)
TOPICS = ("Paper from Leeds", "opens a paper mill in Leeds", "How paper is made", "The mill in Leeds", "“5”.")
KEYS = st.sampled_from(["task:topic", "task:body", "task:quote-1", "one", "two", "three", "four"])
FACTS = st.lists(
    st.builds(
        Fact,
        key=KEYS,
        text=WORDS,
        title=st.sampled_from(["Paper from our mill in Leeds", "How paper is made in Leeds", "Interview"]),
        uri=st.sampled_from(["a", "b"]),
        span=st.sampled_from([None, (0, 9), (10, 40), (41, 90)]),
    ),
    min_size=2,
    max_size=9,
).map(tuple)
BRIEFS = st.builds(
    Brief,
    client=st.just("acme"),
    company=st.builds(
        Company,
        name=st.one_of(st.sampled_from(["Acme", "Acme Outdoor", "A" * 120]), st.text(max_size=90)),
        about=st.sampled_from(["Acme makes paper.", "", "“", "We are 5."]),
        banned_words=st.lists(st.sampled_from(["epic", "Leeds", " ", "a.b", "("]), max_size=2).map(tuple),
    ),
    topic=st.one_of(st.sampled_from(TOPICS), st.sampled_from(TOPICS[:1]), st.text(max_size=60)),
    city=st.sampled_from(["", "Leeds", "Boston"]),
    dated=st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    contact=st.just(Contact(name="Jane", email="jane@acme.example")),
    quotes=st.lists(st.builds(Quote, words=WORDS, speaker=WORDS, role=WORDS, key=KEYS), max_size=2).map(tuple),
    facts=FACTS,
    feedback=st.one_of(st.none(), WORDS, st.sampled_from(["Drop the second paragraph.", "Add 140 people.", "Shorter"])),
)


@settings(deadline=None, max_examples=150)
@given(BRIEFS)
def test_any_brief_gets_whole_answers_and_the_same_again(brief: Brief) -> None:
    try:
        headlines = WRITER.headlines(brief, HEADLINES)
    except WriterRefusedError:
        return
    good_headlines(headlines, HEADLINES)
    assert all(len(headline) <= 70 for headline in headlines.headlines)
    judgement = good_judgement(WRITER.judge(brief, headlines.headlines, RELEASES), HEADLINES, RELEASES)
    known = {fact.key for fact in brief.facts}
    for pick in judgement.picks:
        release = WRITER.draft(brief, headlines.headlines[pick.place])
        quoted = {quote.key for quote in brief.quotes}
        assert {key for sentence in release.sentences for key in sentence.cites} <= known | quoted
        if quoted <= known:
            good_release(release, brief)
        assert len(" ".join(each.text for each in release.paragraphs if each.role == "body").split()) <= 600
        assert release == WRITER.draft(brief, headlines.headlines[pick.place])
        notes = (*faults(release, brief), *WRITER.notes(brief, release).notes)
        assert WRITER.revise(brief, release, notes) == WRITER.revise(brief, release, notes)


@pytest.mark.parametrize("topic", ["Opening of the Leeds store", "Stormbreak jacket launch", "Repair Roadshow 2026"])
def test_the_loop_of_draft_and_revision_ends_with_nothing_that_blocks_CP_4(topic: str) -> None:
    brief = acme_brief(topic, "")
    headlines = WRITER.headlines(brief, HEADLINES).headlines
    for pick in WRITER.judge(brief, headlines, RELEASES).picks:
        release = WRITER.draft(brief, headlines[pick.place])
        revised = WRITER.revise(brief, release, faults(release, brief))
        assert {note.rule for note in faults(revised, brief)} <= {"length"}
        assert (revised != release) == any(note.rule == "dates" for note in faults(release, brief))


def test_more_headlines_than_can_be_made_are_refused_and_not_padded() -> None:
    with pytest.raises(WriterRefusedError, match="expected 40 that differ"):
        WRITER.headlines(acme_brief(), 40)
