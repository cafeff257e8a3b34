"""How a release is shown and told to machines: AP's dateline, Markdown with sources, plain text, JSON-LD."""

import json
from datetime import date
from typing import Any

import pytest
from markdown_it import MarkdownIt

from resources.domain.datelines import dateline
from resources.domain.news_articles import NewsArticleInvalidError, as_json, news_article, validated
from resources.domain.press_release_markdown import press_release_markdown, press_release_text
from resources.domain.press_releases import Paragraph, Sentence
from tests.domain.releases_making import FACTS, SALE, release


@pytest.mark.parametrize(
    ("city", "state", "expected"),
    [
        ("Portland", "OR", "PORTLAND, Ore., Feb. 3, 2026"),
        ("Portland", "Oregon", "PORTLAND, Ore., Feb. 3, 2026"),
        ("Chicago", "Illinois", "CHICAGO, Feb. 3, 2026"),
        ("Sheffield, England", "", "SHEFFIELD, England, Feb. 3, 2026"),
        ("Leeds", "West Yorkshire", "LEEDS, West Yorkshire, Feb. 3, 2026"),
        ("", "Ore.", "Feb. 3, 2026"),
    ],
)
def test_a_dateline_is_as_ap_writes_it(city: str, state: str, expected: str) -> None:
    assert dateline(release(city=city, state=state)) == expected


def test_markdown_has_the_parts_in_order_and_each_source_once() -> None:
    text = press_release_markdown(release(), FACTS)
    parts = [
        "# Acme Outdoor Launches", "SHEFFIELD, England, Feb. 3, 2026", "launched the Stormbreak", "for £245. \\[1\\]",
        "> “We wanted", "said Maya Lindqvist, founder. \\[2\\]", "About Acme Outdoor", "makes packs", "Ben Whitlock",
        "###", "without a language model", "Sources", "1. Stormbreak launch", "12 March 2026 for £245", "2. The task",
    ]  # fmt: skip
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert text.count("Stormbreak launch") == 1
    assert "Sources" not in press_release_markdown(release(), None)


def test_words_of_a_source_never_become_markup() -> None:
    hostile = "# [x](http://y) <script>alert(1)</script> ![i](j) *b* `c`\n\n- item"
    made = release(paragraphs=(Paragraph(role="lede", sentences=(Sentence(text=hostile, cites=("k",)),)),))
    facts = {"k": SALE.model_copy(update={"key": "k", "title": hostile, "text": hostile, "uri": "<b>*x*`"})}
    parsed = MarkdownIt().parse(press_release_markdown(made, facts))
    tokens = [each for token in parsed for each in (token, *(token.children or []))]
    markup = {"link_open", "html_inline", "html_block", "image", "bullet_list_open"}
    assert not markup & {each.type for each in tokens}
    assert [each.content for each in tokens if each.type == "code_inline"] == ["<b>*x*`"]


def test_an_address_that_reads_otherwise_than_it_is_is_no_link() -> None:
    facts = {SALE.key: SALE.model_copy(update={"uri": "https://acme.example/\u202etxt.exe"})}
    text = press_release_markdown(release(), facts)
    assert "\u202e" not in text
    assert "`https://acme.example/txt.exe`" in text


def test_who_made_it_is_left_out_when_a_person_did() -> None:
    assert press_release_markdown(release(made_by=""), None).endswith("\\###\n")


def test_cp4_plain_text_has_a_paragraph_a_line_so_that_versions_can_be_compared() -> None:
    lines = press_release_text(release()).splitlines()
    assert len(lines) == 7
    assert lines[1].startswith("SHEFFIELD, England, Feb. 3, 2026 — Acme Outdoor launched")
    assert lines[-1] == "###"


def test_a_release_is_a_news_article_by_code() -> None:
    made = news_article(release(), website="https://acme.example", url="https://acme.example/n/1", image="")
    assert made["@context"] == "https://schema.org"
    assert made["@type"] == "NewsArticle"
    assert made["dateline"] == "SHEFFIELD, England, Feb. 3, 2026"
    assert made["datePublished"] == made["dateModified"] == "2026-02-03"
    assert made["author"] == {"@type": "Organization", "name": "Acme Outdoor", "url": "https://acme.example"}
    assert "“We wanted a jacket that can be repaired,”" in made["articleBody"]
    assert made["contentLocation"]["name"] == "SHEFFIELD, England"
    assert "image" not in made
    assert validated(made) == made


def test_a_long_headline_is_cut_at_a_word_to_what_pages_show() -> None:
    made = news_article(release(headline=Sentence(text="Waterproof " * 20)))
    assert len(made["headline"]) <= 110
    assert made["headline"].endswith("Waterproof…")
    assert news_article(release(headline=Sentence(text="x" * 300)))["headline"] == "x" * 109 + "…"


def test_words_that_are_not_seen_are_not_in_an_article() -> None:
    lede = Paragraph(role="lede", sentences=tuple(Sentence(text=f"A\x00\u202e\n{n}.") for n in range(2_000)))
    made = news_article(release(paragraphs=(lede,), city="Por\u2028to"))
    assert made["description"].startswith("A 0. A 1. ")
    assert made["description"].endswith("A 1999.")
    assert made["dateline"] == "POR TO, Feb. 3, 2026"


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"url": "javascript:alert(1)"}, "url"),
        ({"image": "file:///etc/passwd"}, "image"),
        ({"modified": date(2026, 2, 2)}, "dateModified"),
    ],
)
def test_what_is_no_article_is_refused_by_the_name_of_its_property(more: dict[str, Any], named: str) -> None:
    with pytest.raises(NewsArticleInvalidError) as refused:
        news_article(release(), **more)
    assert named in str(refused.value)


def test_an_unknown_property_is_refused() -> None:
    with pytest.raises(NewsArticleInvalidError, match="stars"):
        validated(news_article(release()) | {"stars": 5})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("datePublished", 0),
        ("datePublished", "2026-02-03T00:00:00"),
        ("datePublished", "20260203"),
        ("datePublished", "2026-02-30"),
        ("date_published", "2026-02-03"),
        ("headline", b"Acme"),
        ("headline", " "),
        ("headline", "x" * 111),
        ("author", "Acme"),
        ("author", ["Acme"]),
        ("url", "http://"),
        ("url", "http://?x"),
        ("url", "http://:80"),
        ("url", "http://a\u202eb"),
        ("url", "https://a.example/\u202eb"),
        ("url", "https://a.example/</script>"),
        ("url", "https://a.example/" + "a" * 2_000),
    ],
)
def test_dt10_a_property_of_another_kind_is_refused_and_told(name: str, value: object) -> None:
    with pytest.raises(NewsArticleInvalidError) as refused:
        validated(news_article(release()) | {name: value})
    assert refused.value.where == f"NewsArticle, {name}"
    assert repr(value)[:20] in refused.value.found
    assert len(str(refused.value)) < 500


def test_a_property_within_another_is_told_with_its_place() -> None:
    author = {"@type": "Person", "name": "Acme"}
    with pytest.raises(NewsArticleInvalidError, match=r"NewsArticle, author\.@type: .*'Person'"):
        validated(news_article(release()) | {"author": author})


def test_a_property_that_is_missing_is_told_by_its_name() -> None:
    with pytest.raises(NewsArticleInvalidError, match=r"NewsArticle, headline: .* found nothing"):
        validated({name: value for name, value in news_article(release()).items() if name != "headline"})


def test_json_is_safe_within_a_page_and_still_says_the_same() -> None:
    words = "</script><script>alert('&')</script>"
    made = news_article(release(headline=Sentence(text=words)))
    written = as_json(made)
    assert b"</script" not in written
    assert b"&" not in written
    assert json.loads(written)["headline"] == words
