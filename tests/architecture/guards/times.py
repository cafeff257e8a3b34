"""AP-1: naive and aware times never meet, because there are no naive ones."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from tests.architecture.guards.expressions import calls, dotted, is_none, keyword
from tests.architecture.sources import Source

ALWAYS_NAIVE: Final = ("utcnow", "utcfromtimestamp", "datetime.today", "date.today", "date.fromtimestamp")
# Where the time zone stands when it is given by position.
ZONE_POSITION: Final = {"datetime.now": 0, "datetime.fromtimestamp": 1, "datetime": 7}
NAIVE_SQL: Final = re.compile(
    r"timestamp\s*(?:\(\d\)\s*)?without\s+time\s+zone|::\s*timestamp\b|\bas\s+timestamp\s*\)|\blocaltimestamp\b"
    r"|\w\s+timestamp\s*(?:\(\d\)\s*)?(?:not\s+null|null|default|,|\)|$)",
    re.IGNORECASE | re.MULTILINE,
)
LEDGER: Final = ("resources/ledger/", "orchestration/")


def _names(name: str, ending: str) -> bool:
    return name == ending or name.endswith(f".{ending}")


def _is_naive(call: ast.Call, name: str) -> bool:
    if any(_names(name, ending) for ending in ALWAYS_NAIVE):
        return True
    if _names(name, "replace"):
        return is_none(keyword(call, "tzinfo")) and any(given.arg == "tzinfo" for given in call.keywords)
    if _names(name, "datetime.strptime"):
        pattern = call.args[-1] if call.args else None
        return not (isinstance(pattern, ast.Constant) and "%z" in str(pattern.value))
    for maker, position in ZONE_POSITION.items():
        if _names(name, maker):
            by_position = call.args[position] if len(call.args) > position else None
            zone = by_position or keyword(call, "tz") or keyword(call, "tzinfo")
            return zone is None or is_none(zone)
    return False


def naive_times(source: Source) -> Iterator[str]:
    """Instants without a time zone, by whichever call they are made. A ``strptime`` has to read ``%z``."""
    for call, name in calls(source):
        if _is_naive(call, name):
            yield source.at(call, f"{name}() makes a naive time; write datetime.now(UTC) or give tz (AP-1)")


def _naive_types(source: Source) -> Iterator[str]:
    aware = {
        node.func
        for node, _ in calls(source)
        if isinstance(zone := keyword(node, "timezone"), ast.Constant) and zone.value
    }
    for node in source.nodes:
        name = dotted(node).rsplit(".", 1)[-1]
        if name in ("DateTime", "TIMESTAMP") and node not in aware:
            yield source.at(node, f"{name} without timezone=True is a naive column (AP-1)")


def naive_columns(source: Source) -> Iterator[str]:
    """Columns and casts of the ledger that hold no time zone, in SQLAlchemy's words and in SQL's."""
    if not source.path.startswith(LEDGER):
        return
    yield from _naive_types(source)
    texts = [
        (node, node.value) for node in source.nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    if source.path.endswith((".sql", ".mako")):
        texts = [(ast.Constant(value=source.text, lineno=1), source.text)]
    for node, text in texts:
        if found := NAIVE_SQL.search(text):
            yield source.at(node, f"{found.group()!r} is a naive column; write timestamptz (AP-1)")
