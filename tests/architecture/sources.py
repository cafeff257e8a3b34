"""The tree as the guards see it: every text file of the checkout that is ours, parsed once."""

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT_SUFFIXES = frozenset(
    {
        "",
        ".cfg",
        ".css",
        ".html",
        ".ini",
        ".js",
        ".json",
        ".lock",
        ".mako",
        ".md",
        ".py",
        ".sh",
        ".sql",
        ".toml",
        ".txt",
    }
    | {".yaml", ".yml"}
)


@dataclass(frozen=True)
class Source:
    """One text file. ``path`` is relative to the checkout, with forward slashes."""

    path: str
    text: str

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the syntax tree; none for a file that is not Python."""
        return tuple(ast.walk(ast.parse(self.text, self.path))) if self.path.endswith(".py") else ()

    @property
    def is_test(self) -> bool:
        return self.path.startswith("tests/")

    def at(self, node: ast.AST, words: str) -> str:
        """An offence, as a place that an editor can open and what is wrong there."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {words}"


@cache
def ignored_patterns() -> tuple[str, ...]:
    """What git does not track: the checkout's own list, and git's folder (in a linked worktree, git's file)."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    return (".git", *(line.strip().strip("/") for line in lines if line.strip() and not line.startswith("#")))


def is_ignored(path: str) -> bool:
    """Whether ``path``, relative to the checkout, or its last part is on the list."""
    name = path.rsplit("/", 1)[-1]
    return any(fnmatch(name, pattern) or fnmatch(path, pattern) for pattern in ignored_patterns())


def _paths() -> Iterator[Path]:
    for folder, folders, files in os.walk(ROOT):
        here = Path(folder).relative_to(ROOT)
        folders[:] = [name for name in folders if not is_ignored((here / name).as_posix())]
        yield from (Path(folder, name) for name in files if not is_ignored((here / name).as_posix()))


@cache
def tree() -> tuple[Source, ...]:
    """Every text file of the checkout, in the order of their paths."""
    files = sorted(path for path in _paths() if path.suffix in TEXT_SUFFIXES)
    return tuple(Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in files)
