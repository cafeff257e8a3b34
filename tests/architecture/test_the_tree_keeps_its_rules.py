"""Every guard over every file: the list of offences is the failure."""

import pytest

from tests.architecture.guards import GUARDS, Guard
from tests.architecture.sources import ROOT, is_ignored, tree

TOP_LEVEL = frozenset(
    {".ci", ".gitignore", "CHANGELOG.md", "LICENSE", "Makefile", "README.md", "assets", "benchmarks", "deploy", "docs"}
    | {
        "examples",
        "orchestration",
        "pyproject.toml",
        "requirements.lock",
        "resources",
        "sensors",
        "tests",
        "workspace.yaml",
    }
)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_no_file_offends(guard: Guard) -> None:
    offences = [offence for source in tree() for offence in guard(source)]
    assert not offences, "\n" + "\n".join(offences)


def test_the_guards_see_the_tree() -> None:
    seen = {source.path for source in tree()}
    assert {"Makefile", "requirements.lock", "resources/domain/errors.py", "tests/architecture/sources.py"} <= seen
    assert not any(path.startswith((".git/", ".venv/")) or "__pycache__" in path for path in seen)


def test_the_top_of_the_tree_holds_what_the_design_lists() -> None:
    strays = {path.name for path in ROOT.iterdir() if not is_ignored(path.name)} - TOP_LEVEL
    assert not strays, f"not in the design's list: {sorted(strays)}; what is a by-product belongs in .gitignore"
