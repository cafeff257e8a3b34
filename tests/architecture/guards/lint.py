"""A rule that is switched off says why."""

import io
import re
import tokenize
from collections.abc import Iterator
from typing import Final

from tests.architecture.sources import Source

TYPE_IGNORE: Final = re.compile(r"#\s*(?:type:\s*ignore|mypy:\s*ignore)")
NOQA: Final = re.compile(r"#\s*(?:ruff:\s*)?noqa\b(?P<codes>:\s*[A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*)?(?P<reason>.*)")
RULES_OFF: Final = re.compile(r"noqa|ignore")
MIN_REASON_CHARS: Final = 8


def _comments(source: Source) -> Iterator[tuple[int, str]]:
    tokens = tokenize.generate_tokens(io.StringIO(source.text).readline)
    return ((token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT)


def unexplained_exceptions_to_lint(source: Source) -> Iterator[str]:
    """``type: ignore`` at all; ``noqa`` without its codes or without a reason behind them on the line."""
    if not source.path.endswith(".py") or not RULES_OFF.search(source.text):
        return
    for number, comment in _comments(source):
        if TYPE_IGNORE.search(comment):
            yield f"{source.path}:{number}: the types are to be right, not ignored"
        found = NOQA.search(comment)
        if found and (not found["codes"] or len(found["reason"].strip(" -:;,#")) < MIN_REASON_CHARS):
            yield f"{source.path}:{number}: noqa needs its codes and, behind them, the reason"
