"""What a test claims: that it looks at something, and that the row which it names exists."""

import ast
import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from tests.architecture.guards.expressions import dotted
from tests.architecture.sources import Source

# The rows of the requirements: what the systems before this one did wrong, numbered from 1 in each family.
REQUIREMENTS: Final = MappingProxyType({"AP": 15, "CB": 20, "CP": 8, "DT": 11, "KX": 13})
NAMED: Final = re.compile(r"(?:^|_)(AP|CB|CP|DT|KX)_?(\d+)(?=_|$)", re.IGNORECASE)
LOOKS: Final = frozenset({"raises", "warns", "fail", "wait_until"})


def tests_of(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The test functions of a test file, methods too."""
    if source.path.rsplit("/", 1)[-1].startswith("test_"):
        for node in source.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield node


def _looks(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return not isinstance(node.test, ast.Constant)
    if not isinstance(node, ast.Call):
        return False
    name = dotted(node.func).rsplit(".", 1)[-1]
    return name in LOOKS or name.startswith("assert_")


def empty_tests(source: Source) -> Iterator[str]:
    """Tests that cannot fail: no ``assert`` of anything, no ``raises``, no call of ``assert_…`` or ``wait_until``."""
    for test in tests_of(source):
        if not any(_looks(node) for node in ast.walk(test)):
            yield source.at(test, f"{test.name} asserts nothing")


def named_requirements(name: str) -> Iterator[str]:
    """The rows that a test's name claims: ``test_one_update_KX_12`` gives ``KX-12``."""
    return (f"{family.upper()}-{int(number)}" for family, number in NAMED.findall(name))


def unknown_requirements(source: Source) -> Iterator[str]:
    """Rows that no list of requirements holds, in the name of a test."""
    for test in tests_of(source):
        for row in named_requirements(test.name):
            family, number = row.split("-")
            if not 1 <= int(number) <= REQUIREMENTS[family]:
                yield source.at(test, f"{test.name}: there is no {row}; {family} ends at {REQUIREMENTS[family]}")
