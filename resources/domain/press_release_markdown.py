"""How a press release reads: as CommonMark with its sources, for reviewers and previews, and as plain text."""

from collections.abc import Mapping, Sequence

from resources.domain.datelines import dateline
from resources.domain.notes import address, inline
from resources.domain.press_releases import END, Contact, Fact, Release, Sentence

SENTENCE_CHARS = 20_000
"""More than any sentence has: nothing of a release is cut."""
SOURCE_CHARS = 400


def press_release_markdown(release: Release, facts: Mapping[str, Fact] | None) -> str:
    """The release in AP order. With ``facts`` each sourced sentence has the numbers of its sources, listed below it."""
    numbers = _numbers(release, facts or {})
    lede, *others = [_paragraph(each.sentences, numbers) for each in release.paragraphs]
    blocks = [
        f"# {_sentence(release.headline, numbers)}",
        f"**{_words(dateline(release))}** — {lede}",
        *(
            f"> {text}" if each.role == "quote" else text
            for text, each in zip(others, release.paragraphs[1:], strict=True)
        ),
        *_about(release),
        *_contact(release.contact),
        _words(END),
        *([f"*{made_by}*"] if (made_by := _words(release.made_by)) else []),
        *_sources(numbers, facts or {}),
    ]
    return "\n\n".join(blocks) + "\n"


def press_release_text(release: Release) -> str:
    """The release as plain text, a paragraph a line: what two versions are compared by."""
    lede, *others = [each.text for each in release.paragraphs]
    about = " ".join(sentence.text for sentence in release.about)
    lines = [release.headline.text, f"{dateline(release)} — {lede}", *others, about, contact_line(release.contact), END]
    return "\n".join(" ".join(line.split()) for line in lines if line.strip()) + "\n"


def contact_line(contact: Contact) -> str:
    """Name, mail address and telephone on one line; empty when there is none."""
    return ", ".join(part for part in (contact.name, contact.email, contact.phone) if part)


def _numbers(release: Release, facts: Mapping[str, Fact]) -> dict[str, int]:
    """Each fact that is cited, numbered from 1 in the order of the release."""
    keys = (key for sentence in release.sentences for key in sentence.cites if key in facts)
    return {key: number for number, key in enumerate(dict.fromkeys(keys), start=1)}


def _paragraph(sentences: Sequence[Sentence], numbers: Mapping[str, int]) -> str:
    return " ".join(_sentence(each, numbers) for each in sentences)


def _sentence(sentence: Sentence, numbers: Mapping[str, int]) -> str:
    marks = "".join(f"\\[{numbers[key]}\\]" for key in sentence.cites if key in numbers)
    return _words(sentence.text) + (f" {marks}" if marks else "")


def _about(release: Release) -> list[str]:
    if not release.about:
        return []
    return [f"**About {_words(release.company)}**", " ".join(_words(each.text) for each in release.about)]


def _contact(contact: Contact) -> list[str]:
    line = contact_line(contact)
    return [f"**Contact:** {_words(line)}"] if line else []


def _sources(numbers: Mapping[str, int], facts: Mapping[str, Fact]) -> list[str]:
    if not numbers:
        return []
    listed = [f"{number}. {_source(facts[key])}" for key, number in numbers.items()]
    return ["---", "**Sources**", "\n".join(listed)]


def _source(fact: Fact) -> str:
    title = inline(fact.title) or "Untitled"
    return f"{title}, {address(fact.uri)}: “{inline(fact.text, SOURCE_CHARS)}”"


def _words(text: str) -> str:
    return inline(text, SENTENCE_CHARS)
