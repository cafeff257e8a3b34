"""What is not used here at all: code made from text, stores beside Postgres and Qdrant, mocks."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from tests.architecture.guards.expressions import calls, imported, within
from tests.architecture.sources import Source

CODE_FROM_TEXT: Final = frozenset({"eval", "exec", "compile", "__import__"})
UNSAFE_LOADERS: Final = frozenset({"yaml.load", "yaml.unsafe_load", "yaml.full_load"})
CODE_FROM_BYTES: Final = frozenset(
    {"pickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "jsonpickle"}
)
STORES: Final = frozenset({"sqlite3", "aiosqlite", "pysqlite3", "redis", "aioredis", "fakeredis", "diskcache", "dbm"})
STORE_URL: Final = re.compile(r"\b(?:sqlite|rediss?)(?:\+\w+)?://")
MOCKS: Final = frozenset({"mock", "unittest.mock", "pytest_mock", "asynctest"})
PATCHES: Final = frozenset({"setattr", "delattr", "setitem", "delitem"})


def dynamic_code(source: Source) -> Iterator[str]:
    """AP-9: plug-ins are typed objects; nothing makes code out of text or objects out of bytes."""
    for call, name in calls(source):
        if name in CODE_FROM_TEXT or name in UNSAFE_LOADERS:
            yield source.at(call, f"{name}() makes code or objects from text (AP-9)")
    for node, name in imported(source):
        if within(name, CODE_FROM_BYTES):
            yield source.at(node, f"{name} makes objects from bytes (AP-9)")


def other_stores(source: Source) -> Iterator[str]:
    """AP-14: Postgres is the only database; queues, locks and caches are its tables."""
    for node, name in imported(source):
        if within(name, STORES):
            yield source.at(node, f"{name}: Postgres is the only store (AP-14)")
    for node in source.nodes:
        if isinstance(node, ast.Constant) and not source.is_test and STORE_URL.search(str(node.value)):
            yield source.at(node, f"{node.value!r}: Postgres is the only store (AP-14)")


def mocks(source: Source) -> Iterator[str]:
    """Replaced code proves nothing about the code: tests run real parts. An environment variable may be set."""
    for node, name in imported(source):
        if within(name, MOCKS):
            yield source.at(node, f"{name}: use the real part")
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and node.attr in PATCHES and _is_patcher(node.value):
            yield source.at(node, f"{node.attr}: use the real part")
        if isinstance(node, ast.arg) and node.arg == "mocker":
            yield source.at(node, "mocker: use the real part")


def _is_patcher(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("monkeypatch", "patch", "mp")
