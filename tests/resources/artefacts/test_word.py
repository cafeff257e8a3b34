"""Word files: what stands in them, in whose copy, and that the same content is the same file."""

import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from typing import Any, Final

import pytest
from docx import Document

from resources.artefacts.link_article_word import link_article_word
from resources.artefacts.press_release_word import Copy, press_release_word
from resources.domain.link_articles import MADE_BY, ArticleSentence, LinkArticle, Run
from resources.domain.press_releases import Note, Paragraph, Sentence
from tests.domain.releases_making import FACTS, MADE_AT, SAID, SALE, release

AGAIN = "from tests.resources.artefacts.test_word import hashes; print(*hashes())"


COPIES: Final[tuple[Copy, ...]] = ("client", "reviewer")


def opened(content: bytes) -> Any:
    return Document(io.BytesIO(content))


def part(content: bytes, name: str) -> bytes:
    return zipfile.ZipFile(io.BytesIO(content)).read(name)


def hashes() -> list[str]:
    of_release = [press_release_word(release(), FACTS, copy=each, made_at=MADE_AT) for each in COPIES]
    made = [*of_release, link_article_word(article(), made_at=MADE_AT)]
    return [hashlib.sha256(each).hexdigest() for each in made]


def article(target: str = "https://acme.example/stormbreak?a=1&b=2") -> LinkArticle:
    runs = (Run("The "), Run("Stormbreak jacket", target), Run(" weighs 410 g."))
    sentences = (ArticleSentence(runs, None), ArticleSentence((Run("It is sewn in Porto."),), None))
    return LinkArticle(1, "Waterproof jackets", (sentences,), MADE_BY)


def test_a_release_stands_in_ap_order_with_its_dateline_in_bold_and_the_end_in_the_middle() -> None:
    made = opened(press_release_word(release(), FACTS, copy="client", made_at=MADE_AT))
    assert [(each.style.name, each.text) for each in made.paragraphs] == [
        ("Waybill Headline", "Acme Outdoor Launches a Jacket That Can Be Repaired"),
        ("Waybill Body", "SHEFFIELD, England, Feb. 3, 2026 — Acme Outdoor launched the Stormbreak on Tuesday."),
        ("Waybill Body", "It goes on sale on March 12, 2026, for £245. It is sewn in Porto."),
        ("Waybill Quote", "“We wanted a jacket that can be repaired,” said Maya Lindqvist, founder."),
        ("Waybill Label", "About Acme Outdoor"),
        ("Waybill Body", "Acme Outdoor makes packs, jackets and tents."),
        ("Waybill Label", "Contact"),
        ("Waybill Body", "Ben Whitlock, press@acme-outdoor.example, +44 114 496 0182"),
        ("Waybill Body", "###"),
        ("Waybill Small", "Composed by Waybill by rule, without a language model."),
    ]
    assert made.paragraphs[1].runs[0].bold
    assert made.paragraphs[8].alignment == 1
    assert made.core_properties.title == "Acme Outdoor Launches a Jacket That Can Be Repaired"


def test_each_sourced_sentence_carries_its_source_in_the_reviewers_copy_and_none_in_the_clients() -> None:
    content = press_release_word(release(), FACTS, copy="reviewer", made_at=MADE_AT)
    told = [each.text for each in opened(content).comments]
    assert len(told) == 3
    assert told[0] == told[1]
    assert "Stormbreak launch (file:///press/launch.md): “It goes on sale on 12 March 2026 for £245.”" in told[1]
    assert SALE.key in told[1]
    assert "“We wanted a jacket that can be repaired.” — Maya Lindqvist" in told[2]
    for_client = press_release_word(release(), FACTS, copy="client", made_at=MADE_AT)
    assert list(opened(for_client).comments) == []
    assert "word/comments.xml" not in zipfile.ZipFile(io.BytesIO(for_client)).namelist()
    assert b"Stormbreak launch" not in for_client


def test_cb10_the_same_release_is_the_same_file_in_another_process_zone_and_hash_seed() -> None:
    environment = {**os.environ, "TZ": "Pacific/Auckland", "PYTHONHASHSEED": "77"}
    there = subprocess.run(
        [sys.executable, "-c", AGAIN], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert there.stdout.split() == hashes()


def test_an_article_has_its_link_as_a_link_and_no_other() -> None:
    made = opened(link_article_word(article(), made_at=MADE_AT))
    links = [link for each in made.paragraphs for link in each.hyperlinks]
    assert [(link.text, link.url) for link in links] == [
        ("Stormbreak jacket", "https://acme.example/stormbreak?a=1&b=2")
    ]
    assert made.paragraphs[1].text == "The Stormbreak jacket weighs 410 g. It is sewn in Porto."


@pytest.mark.parametrize(
    "target",
    ["javascript:alert(1)", "file:///etc/passwd", "ftp://x", "http://", "https://x\ny", "http://a b", "https://x\x00"],
)
def test_a_target_that_is_no_page_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match="a link to"):
        link_article_word(article(target), made_at=MADE_AT)


def test_words_that_xml_does_not_allow_are_left_out_and_long_texts_stay_whole() -> None:
    hostile = "a\x00b\x0bcd\ufffee\u2028\u202eevil ]]> </w:t></script> &amp; " + "x" * 10_000
    sentences = (Sentence(text=hostile, cites=(SALE.key,)), *(Sentence(text=f"Sentence {n}.") for n in range(2_000)))
    made = release(paragraphs=(Paragraph(role="lede", sentences=sentences),))
    text = opened(press_release_word(made, FACTS, copy="reviewer", made_at=MADE_AT)).paragraphs[1].text
    assert "ab cde evil ]]> </w:t></script> &amp; " + "x" * 10_000 + " Sentence 0." in text
    assert text.endswith("Sentence 1999.")


def test_a_source_makes_one_paragraph_of_a_comment_whatever_its_words() -> None:
    forged = "Launch\nAnnual report (https://acme.example): “Profits doubled.”\u2028\x85\r"
    fact = SALE.model_copy(update={"title": forged, "uri": "file:///a\n\u202eb\x00", "text": "z" * 5_000})
    lede = Paragraph(role="lede", sentences=(Sentence(text="It is on sale.", cites=(SALE.key, SAID.key)),))
    facts = {SALE.key: fact, SAID.key: SAID}
    content = press_release_word(release(paragraphs=(lede,)), facts, copy="reviewer", made_at=MADE_AT)
    told = [paragraph.text for paragraph in list(opened(content).comments)[-1].paragraphs]
    assert len(told) == 2
    assert told[0].startswith("Launch Annual report (https://acme.example): “Profits doubled.” (file:///a b): “zzz")
    assert told[0].endswith(f"z…” [{SALE.key}]")
    assert len(told[0]) < 700


def test_comments_are_dated_by_the_caller_and_in_styles_that_the_document_has() -> None:
    content = press_release_word(release(), FACTS, copy="reviewer", made_at=MADE_AT)
    made = opened(content)
    assert {each.timestamp for each in made.comments} == {MADE_AT}
    assert {each.author for each in made.comments} == {"Waybill"}
    known = {style.style_id for style in made.styles}
    assert set(re.findall(rb'w:[pr]Style w:val="(\w+)"', part(content, "word/comments.xml"))) <= {
        each.encode() for each in known
    }


def test_a_page_is_us_letter_with_an_outline_and_nothing_of_another_document() -> None:
    content = press_release_word(release(), FACTS, copy="client", made_at=MADE_AT)
    made = opened(content)
    page = made.sections[0]
    assert (page.page_width.inches, page.page_height.inches, page.left_margin.inches) == (8.5, 11, 1)
    levels = {each.name: each.element.xpath("string(w:pPr/w:outlineLvl/@w:val)") for each in made.styles}
    assert (levels["Waybill Headline"], levels["Waybill Label"], levels["Waybill Body"]) == ("0", "1", "")
    assert (made.core_properties.author, made.core_properties.created) == ("Waybill", MADE_AT)
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert not [name for name in names if "thumbnail" in name or "app.xml" in name or "Effects" in name]


def test_who_made_it_is_no_empty_line_when_a_person_did() -> None:
    made = opened(press_release_word(release(made_by=""), FACTS, copy="client", made_at=MADE_AT))
    assert made.paragraphs[-1].text == "###"


def test_what_is_left_for_the_reviewer_is_a_comment_where_it_is_about_and_never_the_clients() -> None:
    notes = (
        Note(rule="claim", where="It is sewn in Porto.", wish="compare it with the source"),
        Note(rule="length", where="", wish="it has 40 of the usual 250 words"),
    )
    content = press_release_word(release(), FACTS, copy="reviewer", made_at=MADE_AT, notes=notes)
    told = [each.text for each in opened(content).comments]
    assert len(told) == 4
    assert told[0].endswith("To be looked at (length): it has 40 of the usual 250 words")
    assert told[2] == "To be looked at (claim): compare it with the source"
    for_client = press_release_word(release(), FACTS, copy="client", made_at=MADE_AT, notes=notes)
    assert list(opened(for_client).comments) == []
