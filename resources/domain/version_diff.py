"""Two versions of a deliverable side by side: texts line by line, anything else by its hash. Pure."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff
from typing import Final, Literal

Change = Literal["added", "removed", "changed", "same"]
LONGEST_CHARS: Final = 200_000
"""A longer text is compared by its hash: to lay it side by side would take minutes."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file of a version: its SHA-256, and its text where it is one of a size to be read."""

    content_hash: str
    media_type: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class FileChange:
    """What became of the file ``name``.

    Attributes:
        before, after: its SHA-256 in the one version and in the other; None where that has no such file.
        diff: lines of a unified diff, each without its end; None where it is not compared as text.
    """

    name: str
    change: Change
    before: str | None
    after: str | None
    diff: tuple[str, ...] | None = None
    words_added: int = 0
    words_removed: int = 0


def is_text(media_type: str) -> bool:
    """Whether files of this type are laid side by side line by line."""
    plain = media_type.partition(";")[0].strip().casefold()
    return plain.startswith("text/") or _is_json(plain)


def changes(before: Mapping[str, Content], after: Mapping[str, Content]) -> list[FileChange]:
    """What became of each file of two versions, by name."""
    return [_change(name, before.get(name), after.get(name)) for name in sorted(before.keys() | after.keys())]


def _change(name: str, before: Content | None, after: Content | None) -> FileChange:
    hashes = before.content_hash if before else None, after.content_hash if after else None
    if hashes[0] == hashes[1]:
        return FileChange(name, "same", *hashes)
    change: Change = "added" if before is None else "removed" if after is None else "changed"
    known = [each for each in (before, after) if each is not None]
    if any(each.text is None or len(each.text) > LONGEST_CHARS for each in known):
        return FileChange(name, change, *hashes)
    old, new = (_lines(each) if each else [] for each in (before, after))
    diff = tuple(unified_diff(old, new, f"before/{name}", f"after/{name}", lineterm=""))
    return FileChange(name, change, *hashes, diff, *_words(old, new))


def _lines(content: Content) -> list[str]:
    """JSON is written anew, a value a line: it is often one long line, in which nobody finds anything."""
    text = content.text or ""
    if _is_json(content.media_type.partition(";")[0].strip().casefold()):
        with contextlib.suppress(ValueError, RecursionError):  # no JSON, whatever it says: it is shown as it is
            text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    return text.splitlines()


def _is_json(plain: str) -> bool:
    return plain == "application/json" or plain.endswith("+json")


def _words(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many words were added, and how many removed: word by word within the lines that differ."""
    added = removed = 0
    for tag, i, j, k, m in SequenceMatcher(None, old, new).get_opcodes():
        if tag != "equal":
            gone, come = " ".join(old[i:j]).split(), " ".join(new[k:m]).split()
            for kind, a, b, c, d in SequenceMatcher(None, gone, come).get_opcodes():
                if kind != "equal":
                    removed, added = removed + b - a, added + d - c
    return added, removed
