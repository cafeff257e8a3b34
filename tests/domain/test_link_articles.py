"""An article holds its plan's link exactly once, rests on statements of its own, and its checker sees what is wrong."""

from collections import Counter
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from resources.domain.anchors import AnchorKind
from resources.domain.cora_reports import CoraReport, RelatedWord
from resources.domain.ids import ExtractionId
from resources.domain.link_articles import (
    ArticleSentence,
    LinkArticle,
    Run,
    SourceStatement,
    StatementsTooFewError,
    compose_articles,
    place_of,
)
from resources.domain.link_faults import LinkFault, link_faults
from resources.domain.link_plans import LinkOrder, LinkPlan, PlannedLink, plan_links
from resources.domain.shingles import duplicates

TARGET = "https://acme.example/bags"
LINK = PlannedLink(1, AnchorKind.EXACT, "leather bags", TARGET, ("tannery",), ())
TEXTS = (
    "Acme opened its first workshop in Florence in 1954.",
    "The company sells Leather  Bags in 12 countries",
    "Its tannery employs 40 people, most of them for more than ten years.",
    "In 2019 the founder, Maria Rossi, handed the business to her daughter.",
    "Every strap is cut by hand from one piece of hide.",
    "A repair costs 18 euros and takes about two weeks.",
    "Acme was the first to dye with chestnut bark only.",
    "The catalogue of 2024 lists 63 models in five colours.",
    "Half of what is sold goes to customers in Japan.",
)


def statements(texts: tuple[str, ...] = TEXTS) -> list[SourceStatement]:
    return [SourceStatement(text, ExtractionId(UUID(int=number))) for number, text in enumerate(texts)]


def planned(links: int = 3) -> LinkPlan:
    words = (RelatedWord("tannery", None, 1), RelatedWord("strap", None, 2))
    report = CoraReport("leather bags", related_words=words, entities=("Japan", "Florence"), targets=(TARGET,))
    return plan_links(report, LinkOrder(links, ("Acme",)))


def links_of(article: LinkArticle) -> list[Run]:
    sentences = [sentence for paragraph in article.paragraphs for sentence in paragraph]
    return [run for sentence in sentences for run in sentence.runs if run.target is not None]


def article_of(*runs: Run, title: str = "Bags") -> LinkArticle:
    return LinkArticle(1, title, ((ArticleSentence(runs, None),),), "a test")


def test_the_anchor_is_linked_where_the_source_says_it() -> None:
    (article,) = compose_articles(LinkPlan("leather bags", (LINK,)), statements())
    assert links_of(article) == [Run("Leather Bags", TARGET)]
    assert "The company sells Leather Bags in 12 countries." in article.body
    assert article.title == "Leather bags: tannery"
    assert [len(paragraph) for paragraph in article.paragraphs] == [3, 3, 3]


def test_an_anchor_that_no_source_says_gets_a_sentence_that_states_nothing() -> None:
    (article,) = compose_articles(LinkPlan("k", (replace(LINK, anchor="this page"),)), statements())
    (pointer,) = [each for paragraph in article.paragraphs for each in paragraph if each.extraction_id is None]
    assert pointer.text == "Read more: this page."
    assert links_of(article) == [Run("this page", TARGET)]


def test_each_statement_stands_in_one_article_word_for_word_with_its_extraction() -> None:
    articles = compose_articles(planned(), statements())
    assert articles == compose_articles(planned(), statements())
    used = [each for article in articles for paragraph in article.paragraphs for each in paragraph]
    stated = {each.extraction_id: each.text for each in used if each.extraction_id is not None}
    assert stated == {each.extraction_id: " ".join(each.text.split()).rstrip(".") + "." for each in statements()}
    assert Counter(each.extraction_id for each in used if each.extraction_id).most_common(1)[0][1] == 1
    assert duplicates({str(article.number): article.body for article in articles}) == ()


def test_an_article_is_about_its_words() -> None:
    plan = planned()
    for link, article in zip(plan.links, compose_articles(plan, statements()), strict=True):
        if "tannery" in link.related_words:
            assert "tannery employs 40" in article.body


def test_what_says_the_anchor_goes_to_its_article() -> None:
    anchors = ("catalogue", "repair", "chestnut bark")
    links = tuple(replace(LINK, number=n + 1, anchor=anchor) for n, anchor in enumerate(anchors))
    for article, anchor in zip(compose_articles(LinkPlan("k", links), statements()), anchors, strict=True):
        (linked,) = [each for paragraph in article.paragraphs for each in paragraph if len(each.runs) > 1]
        assert linked.extraction_id is not None
        assert anchor in linked.text


def test_what_holds_addresses_or_markup_or_repeats_is_left_out() -> None:
    bad = ("See https://a.example now.", "Go to www.a.example now.", "A [link](x) here.", "An <b>old</b> shop.")
    again = tuple(text.upper() for text in TEXTS)
    near = tuple(f"{text[:-1]} as people say there." for text in TEXTS)
    articles = compose_articles(planned(), statements((*TEXTS, *bad, *again, *near)))
    assert articles == compose_articles(planned(), statements())


def test_too_few_statements_say_how_many_are_needed() -> None:
    with pytest.raises(StatementsTooFewError, match="expected 12 statements that differ, for 4 articles; found 9 of 9"):
        compose_articles(planned(4), statements())


# Letters that a pattern and casefold take for the same, each by rules of its own.
ALIKE = ("ß", "ss", "\u0131", "I", "\u017f", "s", "K", "\u212a")
WORDS = st.sampled_from(["acme", "Leather", "BAGS", "bags", "tannery", "k", "1954", "-", *ALIKE])
SENTENCES = st.lists(st.lists(WORDS, min_size=1, max_size=9).map(" ".join), min_size=40, max_size=60, unique=True)
ANCHORS = st.lists(WORDS, min_size=1, max_size=2).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(SENTENCES, st.lists(ANCHORS, min_size=1, max_size=4))
def test_every_composed_article_is_as_planned(texts: list[str], anchors: list[str]) -> None:
    links = tuple(replace(LINK, number=number + 1, anchor=anchor) for number, anchor in enumerate(anchors))
    try:
        articles = compose_articles(LinkPlan("bags", links), statements(tuple(texts)))
    except StatementsTooFewError:
        reject()
    assert len(articles) == len(links)
    for link, article in zip(links, articles, strict=True):
        assert link_faults(article, [link]) == ()
        assert len(links_of(article)) == 1


@pytest.mark.parametrize(
    ("runs", "fault"),
    [
        ([Run("no link of leather bags")], LinkFault.ANCHOR_MISSING),
        ([Run("leather bags", TARGET), Run(" and "), Run("Leather Bags", TARGET)], LinkFault.ANCHOR_REPEATED),
        ([Run("leather bags", TARGET), Run("leather bags", "https://b.example")], LinkFault.ANCHOR_REPEATED),
        ([Run("leather bags", "https://acme.example/")], LinkFault.WRONG_TARGET),
        ([Run("leather bags", TARGET), Run("more", "https://b.example")], LinkFault.OTHER_LINK),
        ([Run("leather bags", TARGET), Run("more", "")], LinkFault.OTHER_LINK),
        ([Run("leather bags", TARGET), Run(" at https://b.example")], LinkFault.ADDRESS_IN_WORDS),
        ([Run("leather bags", TARGET), Run(" at WWW.b.example")], LinkFault.ADDRESS_IN_WORDS),
        ([Run("leather bags", TARGET), Run(" [a](b)")], LinkFault.MARKUP_IN_WORDS),
        ([Run("leather bags", TARGET), Run(' <A href="x">')], LinkFault.MARKUP_IN_WORDS),
    ],
)
def test_the_checker_names_each_fault(runs: list[Run], fault: LinkFault) -> None:
    assert [each.fault for each in link_faults(article_of(*runs), [LINK])] == [fault]


def test_a_longer_anchor_is_not_the_anchor() -> None:
    faults = link_faults(article_of(Run("leather bags here", TARGET)), [LINK])
    assert {each.fault for each in faults} == {LinkFault.ANCHOR_MISSING, LinkFault.OTHER_LINK}


def test_a_title_is_looked_at_too_and_a_sound_article_has_no_fault() -> None:
    sound = article_of(Run("Buy "), Run("leather bags", TARGET), Run(". Leather bags last."))
    assert link_faults(sound, [LINK]) == ()
    (fault,) = link_faults(replace(sound, title="Bags at http://x"), [LINK])
    assert (fault.fault, fault.found) == (LinkFault.ADDRESS_IN_WORDS, "http://x")


def test_several_links_are_each_looked_for() -> None:
    other = replace(LINK, number=2, target="https://acme.example/other")
    both = [Run("leather bags", other.target), Run("leather bags", TARGET)]
    assert link_faults(article_of(*both), [LINK, other]) == ()
    twice = [Run("leather bags", TARGET), Run("leather bags", TARGET)]
    (fault,) = link_faults(article_of(*twice), [LINK, other])
    assert fault.fault is LinkFault.WRONG_TARGET


@pytest.mark.parametrize(
    ("anchor", "text", "found"),
    [
        ("bag", "a handbag, a bag", "bag"),
        ("bag", "bags", None),
        ("C++", "in C++, so", "C++"),
        ("a.b", "axb", None),
        ("leather bags", "Leather\n bags", "Leather\n bags"),
    ],
)
def test_an_anchor_is_found_as_whole_words(anchor: str, text: str, found: str | None) -> None:
    place = place_of(anchor, text)
    assert (place and place[0]) == found
    assert place is None or place.start() == text.rindex(place[0])
