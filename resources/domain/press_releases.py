"""Press releases: what one is asked for with, and what one is made of. A release is a structure and not a text.

Each sentence names the facts that it rests on, by their keys, so that a claim can be followed to its source and no word
of a source can become markup.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

HEADLINES: Final = 7
"""How many are asked for."""
RELEASES: Final = 2
"""How many of them become releases."""
END: Final = "###"
"""What ends a release, by custom of the press."""


class Part(BaseModel):
    """A frozen part of a brief or a release; no key that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Fact(Part):
    """Something that a release may state.

    Attributes:
        key: the id of an extraction, or ``task:`` and what of the task says it.
        span: where ``text`` stands in the document at ``uri``, half-open, in code points; None: it is no document.
    """

    key: str
    text: str
    title: str
    uri: str
    span: tuple[int, int] | None = None


class Quote(Part):
    """What a person said, word for word; ``role`` as it follows the name."""

    words: str
    speaker: str
    role: str = ""
    key: str
    """The fact that it stands in."""


class Contact(Part):
    """Whom the press can ask."""

    name: str = ""
    email: str = ""
    phone: str = ""


class Company(Part):
    """The client as a release shows it: all from waybill.toml."""

    name: str
    about: str = ""
    """The boilerplate: what is said of it at the end of each release."""
    city: str = ""
    state: str = ""
    """As AP abbreviates it; empty outside the United States and after cities that stand alone."""
    website: str = ""
    contact: Contact = Contact()
    banned_words: tuple[str, ...] = ()


class Brief(Part):
    """All that a writer gets.

    Attributes:
        topic: what the release is about, in the words of the task.
        notes: what else the task says.
        facts: what the client's sources and the task itself state of it, the most fitting first.
        feedback: the reviewer's words on the version before; None when there are none.
        refused: sentences that a reviewer had taken out in any version: they must not come back.
    """

    client: str
    company: Company
    topic: str
    notes: str = ""
    city: str = ""
    state: str = ""
    dated: date
    contact: Contact
    quotes: tuple[Quote, ...] = ()
    facts: tuple[Fact, ...] = ()
    feedback: str | None = None
    refused: tuple[str, ...] = ()

    def fact(self, key: str) -> Fact | None:
        """The fact called ``key``; None when the brief has none."""
        return next((fact for fact in self.facts if fact.key == key), None)


class Sentence(Part):
    """One sentence and the keys of the facts that it rests on; none: it states nothing that needs a source."""

    text: str = Field(min_length=1)
    cites: tuple[str, ...] = ()


class Paragraph(Part):
    """Sentences that stand together; a ``quote`` is what one person says, with who says it."""

    role: Literal["lede", "body", "quote"]
    sentences: tuple[Sentence, ...] = Field(min_length=1)

    @property
    def text(self) -> str:
        """As a reader sees it."""
        return " ".join(sentence.text for sentence in self.sentences)


class Release(Part):
    """A press release. The first paragraph is the lede; the dateline stands before its words, on one line with them.

    ``made_by`` says who or what wrote it, for people, and stands in the release when no person or model did.
    """

    headline: Sentence
    city: str
    state: str = ""
    dated: date
    paragraphs: tuple[Paragraph, ...] = Field(min_length=1)
    about: tuple[Sentence, ...] = ()
    company: str
    contact: Contact
    made_by: str

    @property
    def sentences(self) -> Iterator[Sentence]:
        """Every sentence from the headline to the last paragraph, without the boilerplate."""
        yield self.headline
        for paragraph in self.paragraphs:
            yield from paragraph.sentences


class Note(Part):
    """What is wrong with a release, for the writer and the reviewer.

    Attributes:
        rule: a short name, such as ``headline length``.
        where: the words that it is about; empty: the whole release.
        wish: what to do about it.
        blocks: whether the release must not go out with it.
    """

    rule: str
    where: str
    wish: str
    blocks: bool = False
