"""Limits of design §12: what does not fit on a few screens is two things."""

import ast
from collections.abc import Iterator
from typing import Final

from tests.architecture.sources import Source

MAX_FILE_LINES: Final = 300
MAX_FUNCTION_LINES: Final = 40
CODE: Final = (".py", ".sh", ".sql", ".js", ".css")


def long_files(source: Source) -> Iterator[str]:
    """Code files of more than 300 lines, blank lines and comments counted."""
    lines = len(source.text.splitlines())
    if source.path.endswith(CODE) and lines > MAX_FILE_LINES:
        yield f"{source.path}:1: {lines} lines; at most {MAX_FILE_LINES}"


def long_functions(source: Source) -> Iterator[str]:
    """Functions of more than 40 lines, from the line of ``def`` to the last, docstring counted, decorators not."""
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield source.at(node, f"{node.name} has {lines} lines; at most {MAX_FUNCTION_LINES}")
