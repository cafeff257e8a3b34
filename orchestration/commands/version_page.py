"""Versions on a terminal and for programs: their list, and two of them side by side."""

import unicodedata
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from orchestration.commands.output import print_table
from resources.domain.version_diff import FileChange
from resources.ledger.deliverables import Version
from resources.work.versions import Difference, VersionStanding

_STYLES: Final = {"@": "cyan", "+": "green", "-": "red"}
_HASH_SHOWN: Final = 12
_COLUMNS: Final = ["number", "what", "at", "made by", "files", "decisions"]


def print_versions(task_id: str, found: Sequence[VersionStanding]) -> None:
    """A row for each version."""
    print_table(f"Versions of task {task_id}", _COLUMNS, [_row(each) for each in found])


def versions_json(task_id: str, found: Sequence[VersionStanding]) -> dict[str, Any]:
    """The same, for programs."""
    return {"task": task_id, "versions": [asdict(each.version) | _beside(each) for each in found]}


def print_difference(found: Difference) -> None:
    """A summary, then each file: coloured on a terminal, plain elsewhere, no line broken."""
    console = Console(highlight=False)
    for line, style in _lines(found):
        console.print(Text(_harmless(line), style), soft_wrap=True)


def difference_json(found: Difference) -> dict[str, Any]:
    """The same, for programs. ``diff`` is null where a file was not compared as text."""
    added, removed = _words(found)
    return {
        "task": found.after.task_id, "from": found.before.number, "to": found.after.number,
        "words_added": added, "words_removed": removed, "files": [asdict(each) for each in found.files],
    }  # fmt: skip


def _row(each: VersionStanding) -> tuple[object, ...]:
    version = each.version
    decisions = [f"{one['decision'].replace('_', ' ')} by {one['reviewer']}: {one['reason']}" for one in each.decisions]
    files = [file.name + ("" if file.published else " (kept here)") for file in each.files]
    at = f"{version.created_at:%Y-%m-%d %H:%M}"
    return version.number, _what(each), at, version.made_by, "\n".join(files), "\n".join(decisions)


def _what(each: VersionStanding) -> str:
    if each.version.stage == "round":
        return "a round"
    equals = "" if each.copy_of is None else f"equals {each.copy_of}, "
    return equals + ("published" if each.published else "not published")


def _beside(each: VersionStanding) -> dict[str, Any]:
    return {
        "copy_of": each.copy_of,
        "files": [asdict(file) for file in each.files],
        "decisions": [dict(one) for one in each.decisions],
        "published": each.published,
    }


def _lines(found: Difference) -> list[tuple[str, str]]:
    added, removed = _words(found)
    lines = [
        (f"Version {_named(found.before)} to version {_named(found.after)}", "bold"),
        (f"{_counted(added)} added, {removed:,} removed", ""),
    ]
    for file in found.files:
        lines += [("", ""), (f"{file.change:8} {file.name}{_hashes(file)}", "bold"), *_coloured(file)]
    return lines


def _coloured(file: FileChange) -> list[tuple[str, str]]:
    return [(line, _STYLES.get(line[:1], "")) for line in file.diff or ()]


def _hashes(file: FileChange) -> str:
    """By which a file that is not shown line by line is told apart."""
    if file.diff is not None or file.change == "same":
        return ""
    return "  " + " -> ".join(each[:_HASH_SHOWN] if each else "nothing" for each in (file.before, file.after))


def _named(version: Version) -> str:
    return str(version.number) + (" (a round)" if version.stage == "round" else "")


def _words(found: Difference) -> tuple[int, int]:
    return sum(each.words_added for each in found.files), sum(each.words_removed for each in found.files)


def _counted(words: int) -> str:
    return f"{words:,} word" + ("" if words == 1 else "s")


def _harmless(line: str) -> str:
    """What was written by others steers no terminal."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(each) == "Cc" and each != "\t" else each
                   for each in line)  # fmt: skip
