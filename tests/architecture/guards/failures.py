"""A failure is seen, and a wait is for a condition."""

import ast
from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from tests.architecture.guards.expressions import calls, dotted, imported
from tests.architecture.sources import Source

EVERYTHING: Final = frozenset({"Exception", "BaseException"})
# Where a condition is asked again until a deadline, because nothing announces it.
SLEEPERS: Final = MappingProxyType(
    {
        "orchestration/hosting/waiting.py": "any condition of another process, up to a deadline",
        "tests/waiting.py": "any condition of a test",
    }
)


def _caught(handler: ast.ExceptHandler) -> set[str]:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {dotted(kind) for kind in kinds if kind is not None}


def _does_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return True
    return isinstance(statement, ast.Pass | ast.Continue | ast.Break)


def silenced_errors(source: Source) -> Iterator[str]:
    """A bare ``except``, an ``except Exception`` that does nothing, a ``suppress(Exception)``."""
    for node in source.nodes:
        if not isinstance(node, ast.ExceptHandler):
            continue
        if node.type is None:
            yield source.at(node, "a bare except catches interrupts too; name the errors")
        elif _caught(node) & EVERYTHING and all(_does_nothing(statement) for statement in node.body):
            yield source.at(node, "every error is swallowed; name the errors, or say what happened")
    for call, name in calls(source):
        if name.endswith("suppress") and {dotted(given) for given in call.args} & EVERYTHING:
            yield source.at(call, "every error is swallowed; name the errors, or say what happened")


def sleeps(source: Source) -> Iterator[str]:
    """``time.sleep`` outside the files of ``SLEEPERS``: wait for a condition, an event or a file descriptor."""
    if source.path in SLEEPERS:
        return
    places = [(call, name) for call, name in calls(source) if name == "time.sleep"]
    for node, _ in (*places, *((node, name) for node, name in imported(source) if name == "time.sleep")):
        yield source.at(node, "time.sleep: wait for a condition (tests: tests/waiting.py), not for a time")
