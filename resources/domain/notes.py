"""The Markdown note that answers a task's question with what the client's sources say, by rule.

What comes from outside is words and nothing else: no title, passage or comment becomes a heading, a link, a list or
HTML of the note. Its length is bounded, whatever it is given.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from resources.domain.ids import ExtractionId
from resources.domain.spans import Span

MAX_FINDINGS: Final = 50
MAX_CHARS: Final = 300_000
TITLE_CHARS: Final = 200
WORDS_CHARS: Final = 4_000
QUOTE_CHARS: Final = 1_200
URI_CHARS: Final = 500

_LINE_END: Final = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Controls, and what turns the direction of text around, by which a note could read otherwise than it is."""
_MARKUP: Final = re.compile(r"[\\`*\[\]<~]|&(?=#?\w+;)|(?<!\S)#|(?<![^\W_])_|_(?![^\W_])")
_BLOCK: Final = re.compile(r"^(?:(?=[>+\-=|:])|\d{1,9}(?=[.)]))")
_WEB: Final = re.compile(r"https?://[A-Za-z0-9][\w.\-~:/?#@!$&'()*+,;=%]*")


@dataclass(frozen=True, slots=True)
class Question:
    """What a task asks, for whom."""

    title: str
    body: str
    client: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A passage that answers: ``text`` is ``span`` of the document at ``uri``. ``number`` counts from 1."""

    number: int
    text: str
    title: str
    uri: str
    span: Span
    extraction_id: ExtractionId


def compose(question: Question, findings: Sequence[Finding], *, version: int, feedback: str | None) -> str:
    """The note as CommonMark: the same for the same words, and of at most `MAX_CHARS` characters.

    ``feedback``: the reviewer's words on the version before; None when there are none. Findings after the fiftieth are
    left out; a text that is too long ends in "…".
    """
    shown = findings[:MAX_FINDINGS]
    blocks = [
        f"# {inline(question.title) or 'A question without words'}",
        f"*{_byline(question.client, version, shown)}*",
        *_quoted(question.body, WORDS_CHARS),
        *_asked_for(version, feedback),
        "## What the sources say",
        *(_answer(shown) if shown else [_nothing(question.client)]),
        "---",
        "*Composed by Waybill by rule, without a language model: each passage is quoted from its source.*",
    ]
    return "\n\n".join(blocks) + "\n"


def inline(text: str, at_most: int = TITLE_CHARS) -> str:
    """``text`` as words within a line of Markdown, cut to ``at_most`` characters before they are escaped."""
    return _escaped(one_line(text, at_most))


def one_line(text: str, at_most: int) -> str:
    """``text`` on one line, without what is not seen; of more than ``at_most`` characters the beginning and "…"."""
    roughly = _cut(text, 10 * at_most)  # so that a huge text is not gone through for its beginning
    return _cut(" ".join(_lines(roughly)).strip(), at_most)


def address(uri: str) -> str:
    """``uri`` in Markdown: a link where it leads into the web, else as it is."""
    if len(uri) <= URI_CHARS and _WEB.fullmatch(uri):
        return f"<{uri}>"
    shown = one_line(uri, URI_CHARS)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return f"{fence} {shown} {fence}" if "`" in shown else f"`{shown or '(no address)'}`"


def _byline(client: str, version: int, findings: Sequence[Finding]) -> str:
    documents = len({finding.uri for finding in findings})
    found = f": {_counted(len(findings), 'passage')} from {_counted(documents, 'document')}" if findings else ""
    return f"Knowledge note for {inline(client)}, version {version}{found}"


def _asked_for(version: int, feedback: str | None) -> list[str]:
    words = _quoted(feedback or "", WORDS_CHARS)
    return words and ["## What was asked for", f"Version {version}, after these words of the reviewer:", *words]


def _answer(findings: Sequence[Finding]) -> list[str]:
    found = [block for finding in findings for block in _found(finding)]
    return [*found, "## Sources", "\n".join(_source(finding) for finding in findings)]


def _found(finding: Finding) -> list[str]:
    return [f"### {finding.number}. {_title(finding)}", *_quoted(finding.text, QUOTE_CHARS)]


def _nothing(client: str) -> str:
    return (
        f"**Nothing was found.** No passage in the sources of {inline(client)} answers this question. Add a source that"
        " does, or put the question in other words and move the task back."
    )


def _source(finding: Finding) -> str:
    """An item of the list: title, where it is, which characters of it, and under which id the ledger has it."""
    place = address(finding.uri)
    span = f"characters {finding.span.start:,} to {finding.span.end:,}"
    indent = " " * len(f"{finding.number}. ")
    return (
        f"{finding.number}. **{_title(finding)}**  \n{indent}{place}  \n"
        f"{indent}{span}, extraction `{finding.extraction_id}`"
    )


def _title(finding: Finding) -> str:
    return inline(finding.title) or "Untitled"


def _quoted(text: str, at_most: int) -> list[str]:
    """One block quote, its paragraphs kept; none for a text without words."""
    grouped = groupby(_lines(_cut(text.strip(), at_most)), key=bool)
    paragraphs = ["\n".join(f"> {_escaped(line)}" for line in lines) for words, lines in grouped if words]
    return ["\n>\n".join(paragraphs)] if paragraphs else []


def _lines(text: str) -> list[str]:
    return [" ".join(_UNSEEN.sub("", line).split()) for line in _LINE_END.split(text)]


def _cut(text: str, at_most: int) -> str:
    """At most ``at_most`` characters, at a word's end where there is one."""
    if len(text) <= at_most:
        return text
    head = text[: at_most - 1]
    return (head.rpartition(" ")[0] or head).rstrip() + "…"


def _escaped(line: str) -> str:
    """One line, so that Markdown takes none of it for markup."""
    return _BLOCK.sub(r"\g<0>\\", _MARKUP.sub(r"\\\g<0>", line))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
