"""What several guards ask of an expression."""

import ast
from collections.abc import Iterator

from tests.architecture.sources import Source


def dotted(node: ast.AST) -> str:
    """``a.b.c`` for a chain of names; for a chain that begins otherwise, what follows (``.b.c``); else empty."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def calls(source: Source) -> Iterator[tuple[ast.Call, str]]:
    """Each call with the dotted name of what it calls."""
    return ((node, dotted(node.func)) for node in source.nodes if isinstance(node, ast.Call))


def imported(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Each imported name in full: ``import a.b`` gives ``a.b``, ``from a import b`` gives ``a.b``."""
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def within(name: str, packages: frozenset[str]) -> bool:
    """Whether the dotted ``name`` is one of ``packages`` or inside one."""
    parts = name.split(".")
    return any(".".join(parts[:end]) in packages for end in range(1, len(parts) + 1))


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value given for the keyword ``name``."""
    return next((given.value for given in call.keywords if given.arg == name), None)


def is_none(node: ast.AST | None) -> bool:
    """Whether ``node`` is the literal None."""
    return isinstance(node, ast.Constant) and node.value is None
