"""Names that say nothing, and paths that exist on one machine only."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from tests.architecture.sources import Source

VAGUE: Final = frozenset(
    f"{stem}{ending}" for stem in ("util", "helper", "common", "manager", "base") for ending in ("", "s")
)
MACHINE_PATH: Final = re.compile(r"(?<![\w.~*}-])/(?:work|root|home/[a-z]\w*|Users/\w+)/")


def vague_modules(source: Source) -> Iterator[str]:
    """Modules and packages called utils, helpers, common, manager or base, alone or as a part: ``task_utils.py``."""
    path = PurePosixPath(source.path)
    words = {word for part in (*path.parts[:-1], path.stem) for word in part.lower().split("_")}
    if path.suffix == ".py" and (found := words & VAGUE):
        yield f"{source.path}:1: a module is called for its noun, not {', '.join(sorted(found))}"


def machine_paths(source: Source) -> Iterator[str]:
    """Absolute paths into somebody's home or work folder."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := MACHINE_PATH.search(line):
            yield f"{source.path}:{number}: {found.group()} is a path of one machine"
