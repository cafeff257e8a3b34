"""One reader of the environment: whatever can be set is set, named and explained in one place."""

import ast
from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from tests.architecture.guards.expressions import dotted, imported
from tests.architecture.sources import Source

READERS: Final = MappingProxyType(
    {
        "orchestration/settings.py": "the settings",
        "orchestration/hosting/leash.py": "an exec wrapper, which leaves a mark for descendants",
        "resources/work/warden.py": "an exec wrapper, which hands PATH and LANG on and nothing else",
        "benchmarks/surroundings.py": "what the bench is told, and what its children inherit",
    }
)
WORDS: Final = frozenset({"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv", "os.unsetenv"})


def environment_reads(source: Source) -> Iterator[str]:
    """Reads and writes of the environment outside the files of ``READERS``; tests set up what they need themselves."""
    if source.is_test or source.path in READERS:
        return
    places = [(node, dotted(node)) for node in source.nodes if isinstance(node, ast.Attribute)]
    for node, name in (*places, *imported(source)):
        if name in WORDS:
            yield source.at(node, f"{name}: only {', '.join(READERS)} look at the environment; add a setting")
