"""A press release as a Word document in AP form; the reviewer's copy has each sentence's source as a comment."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from docx.document import Document
from docx.text.paragraph import Paragraph as WordParagraph

from resources.artefacts import word
from resources.domain.datelines import dateline
from resources.domain.notes import one_line
from resources.domain.press_release_markdown import contact_line
from resources.domain.press_releases import END, Fact, Note, Paragraph, Release, Sentence

SOURCE_CHARS: Final = 400
TITLE_CHARS: Final = 200
URI_CHARS: Final = 500
Copy = Literal["client", "reviewer"]


def press_release_word(
    release: Release, facts: Mapping[str, Fact], *, copy: Copy, made_at: datetime, notes: Sequence[Note] = ()
) -> bytes:
    """The file: the same bytes for the same input. The client's copy has no comments.

    ``notes``: what is left for the reviewer, as comments where it is about, else on the headline.
    """
    made = word.new_document(release.headline.text, made_at)
    page = _Page(made, *((facts, notes) if copy == "reviewer" else ({}, ())), made_at)
    page.headline(release)
    for place, paragraph in enumerate(release.paragraphs):
        page.paragraph(paragraph, dateline(release) if place == 0 else "")
    if release.about:
        word.add(made, f"About {release.company}", "Label")
        word.add(made, " ".join(sentence.text for sentence in release.about), "Body")
    if line := contact_line(release.contact):
        word.add(made, "Contact", "Label")
        word.add(made, line, "Body")
    word.add(made, END, "Body", centred=True)
    if release.made_by:
        word.add(made, release.made_by, "Small")
    return word.bytes_of(made)


class _Page:
    """Sentences in runs, each with a comment for what it rests on, as far as the facts are given."""

    def __init__(self, made: Document, facts: Mapping[str, Fact], notes: Sequence[Note], made_at: datetime) -> None:
        self._made, self._facts, self._made_at = made, facts, made_at
        self._notes = list(notes)

    def headline(self, release: Release) -> None:
        """The headline, with the notes that no sentence takes."""
        places = {sentence.text for sentence in release.sentences}
        others = [_note(each) for each in self._notes if each.where not in places]
        self.sentence(word.add(self._made, "", "Headline"), release.headline, others)

    def paragraph(self, paragraph: Paragraph, dateline_: str) -> None:
        written = word.add(self._made, "", "Quote" if paragraph.role == "quote" else "Body")
        if dateline_:
            word.add_run(written, dateline_, bold=True)
            word.add_run(written, " — ")
        for place, sentence in enumerate(paragraph.sentences):
            if place:
                word.add_run(written, " ")
            self.sentence(written, sentence)

    def sentence(self, written: WordParagraph, sentence: Sentence, told: Sequence[str] = ()) -> None:
        run = word.add_run(written, sentence.text)
        sources = [_source(self._facts[key]) for key in sentence.cites if key in self._facts]
        notes = [_note(each) for each in self._notes if each.where == sentence.text]
        if lines := [*sources, *notes, *told]:
            word.comment(self._made, [run], lines, self._made_at)


def _note(note: Note) -> str:
    return f"To be looked at ({note.rule}): {one_line(note.wish, SOURCE_CHARS)}"


def _source(fact: Fact) -> str:
    title, uri = one_line(fact.title, TITLE_CHARS) or "Untitled", one_line(fact.uri, URI_CHARS)
    return f"{title} ({uri}): “{one_line(fact.text, SOURCE_CHARS)}” [{fact.key}]"
