"""Changes to a release that leave it whole: the lede stays first, a quotation keeps its speaker, no "it" is left."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from resources.domain.press_release_ledes import LEDE_FORMS, lede_sentence, nameless
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


def replaced(brief: Brief, release: Release, old: AbstractSet[str], new: Sequence[Sentence] = ()) -> Release:
    """The release with ``new`` in place of the first of the sentences ``old``, and without the others.

    A quotation goes with all that its speaker says; what leans on a sentence that goes, goes too. A lede without what
    was announced says it in other words.
    """
    paragraphs: list[Paragraph] = []
    is_behind, left = False, list(new)
    for place, paragraph in enumerate(release.paragraphs):
        kept: list[Sentence] = []
        for sentence in paragraph.sentences:
            if sentence.text in old:
                kept, left, is_behind = [*kept, *left], [], True
            elif not (is_behind and leans(sentence.text)):
                kept, is_behind = [*kept, sentence], False
        if paragraph.role == "quote" and any(sentence.text in old for sentence in paragraph.sentences):
            kept = [sentence for sentence in kept if sentence in new]
        if place == 0:
            kept = _whole_lede(brief, kept, old)
        if kept:
            paragraphs.append(paragraph.model_copy(update={"sentences": tuple(kept)}))
    return with_paragraphs(release, paragraphs)


def with_body(release: Release, sentences: Sequence[Sentence], *, first: bool) -> Release:
    """The release with a paragraph more, right behind the lede or at the end."""
    return with_added(release, [Paragraph(role="body", sentences=tuple(sentences))] if sentences else [], first=first)


def with_added(release: Release, added: Sequence[Paragraph], *, first: bool) -> Release:
    """The release with ``added`` right behind the lede and what leans on it, or at the end."""
    paragraphs = release.paragraphs
    at = len(paragraphs)
    if first:
        at = next((place for place in range(1, at) if not leans(paragraphs[place].text)), at)
    return with_paragraphs(release, [*paragraphs[:at], *added, *paragraphs[at:]])


def without_last(release: Release) -> Release:
    """The release without its last paragraph of the body, or without its last quotation when it has no body."""
    for role in ("body", "quote"):
        places = [place for place, paragraph in enumerate(release.paragraphs) if paragraph.role == role]
        if places:
            return with_paragraphs(
                release, [each for place, each in enumerate(release.paragraphs) if place != places[-1]]
            )
    return release


def _whole_lede(brief: Brief, kept: list[Sentence], old: AbstractSet[str]) -> list[Sentence]:
    """A lede that says who announced what: in other words when that is in ``old``, by name when the name is."""
    forms = [lede_sentence(brief, form) for form in range(LEDE_FORMS)]
    bare = nameless(brief, forms[0])
    if not kept or old & {bare.text, *(form.text for form in forms)}:
        return [next((form for form in forms if form.text not in old), forms[0]), *kept]
    return [forms[0] if kept[0] == bare else kept[0], *kept[1:]]
