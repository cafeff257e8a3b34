"""Changes to a release that leave it whole: the lede stays first, a quotation keeps its speaker, no "it" is left."""

from collections.abc import Sequence

from resources.domain.press_release_ledes import LEDE_FORMS, lede_sentence
from resources.domain.press_release_printable import leans
from resources.domain.press_releases import Brief, Paragraph, Release, Sentence


def with_paragraphs(release: Release, paragraphs: Sequence[Paragraph]) -> Release:
    """The release with other paragraphs, of which there is at least one."""
    return release.model_copy(update={"paragraphs": tuple(paragraphs)})


def with_headline(release: Release, headline: Sentence) -> Release:
    """The release under another headline."""
    return release.model_copy(update={"headline": headline})


def holds(release: Release, text: str) -> bool:
    """Whether a sentence of the paragraphs is ``text``."""
    return any(sentence.text == text for paragraph in release.paragraphs for sentence in paragraph.sentences)


def reworded(release: Release, old: str, new: str) -> Release:
    """The release with the words ``new`` for the sentence ``old``, headline too; its facts stay."""

    def changed(sentence: Sentence) -> Sentence:
        return sentence.model_copy(update={"text": new}) if new and sentence.text == old else sentence

    paragraphs = [
        paragraph.model_copy(update={"sentences": tuple(changed(sentence) for sentence in paragraph.sentences)})
        for paragraph in release.paragraphs
    ]
    return with_headline(with_paragraphs(release, paragraphs), changed(release.headline))


def replaced(brief: Brief, release: Release, old: str, new: Sequence[Sentence] = ()) -> Release:
    """The release with ``new`` in place of the sentence ``old`` of its paragraphs, or without it.

    A quotation goes with all that its speaker says; what leans on ``old`` goes too. A lede that would be empty says
    what was announced in other words.
    """
    paragraphs: list[Paragraph] = []
    is_behind = False
    for place, paragraph in enumerate(release.paragraphs):
        kept: list[Sentence] = []
        for sentence in paragraph.sentences:
            if sentence.text == old:
                kept += new
                is_behind = True
            elif not (is_behind and leans(sentence.text)):
                kept.append(sentence)
                is_behind = False
        if paragraph.role == "quote" and any(sentence.text == old for sentence in paragraph.sentences):
            kept = list(new)
        if not kept and place == 0:
            kept = [_other_lede(brief, old)]
        if kept:
            paragraphs.append(paragraph.model_copy(update={"sentences": tuple(kept)}))
    return with_paragraphs(release, paragraphs)


def with_body(release: Release, sentences: Sequence[Sentence], *, first: bool) -> Release:
    """The release with a paragraph more, right behind the lede or at the end."""
    if not sentences:
        return release
    added = Paragraph(role="body", sentences=tuple(sentences))
    at = 1 if first else len(release.paragraphs)
    return with_paragraphs(release, [*release.paragraphs[:at], added, *release.paragraphs[at:]])


def _other_lede(brief: Brief, old: str) -> Sentence:
    forms = [lede_sentence(brief, form) for form in range(LEDE_FORMS)]
    return next((each for each in forms if each.text != old), forms[0])
