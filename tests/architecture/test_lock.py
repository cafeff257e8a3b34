"""The lock pins everything with hashes, names no host, and is what pyproject.toml asks for."""

import re
import tomllib

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.sources import ROOT

HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
PLACES = re.compile(r"https?:|file:|@|--(?:extra-)?index-url|--find-links|--trusted-host|^-[ief]\b")


def faults(lock: str) -> list[str]:
    """What is wrong with the text of a lock file, a line each."""
    found = [f"names a place: {line}" for line in lock.splitlines() if PLACES.search(line)]
    for pin in pins(lock):
        name = pin.split(" ", 1)[0]
        if not re.match(r"[A-Za-z0-9._-]+(?:\[[^]]*\])?==[^\s;]+", pin):
            found.append(f"not pinned: {name}")
        if not HASH.search(pin):
            found.append(f"has no hash: {name}")
    return found


def pins(lock: str) -> list[str]:
    """Each requirement with its hashes on one line, comments left out."""
    lines = [line for line in lock.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return "\n".join(lines).replace("\\\n", " ").splitlines()


def locked(lock: str) -> dict[str, list[Requirement]]:
    """The pins by name: one name can have several, each with its marker."""
    found: dict[str, list[Requirement]] = {}
    for pin in pins(lock):
        requirement = Requirement(pin.split("--hash", 1)[0].strip())
        found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


def test_every_pin_has_a_hash_and_no_place_is_named() -> None:
    assert faults((ROOT / "requirements.lock").read_text(encoding="utf-8")) == []


def test_the_lock_holds_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    held = locked((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    for asked in map(Requirement, [*project["dependencies"], *project["optional-dependencies"]["dev"]]):
        versions = [next(iter(pin.specifier)).version for pin in held.get(canonicalize_name(asked.name), [])]
        assert versions, f"{asked.name} is not in requirements.lock: run make lock"
        assert all(asked.specifier.contains(version) for version in versions), f"{asked}: the lock has {versions}"


def test_a_lock_that_names_a_place_or_lacks_a_hash_is_refused() -> None:
    assert faults("--index-url https://pypi.example/simple\n") != []
    assert faults("a==1 \\\n    --hash=sha256:" + "0" * 64 + "\n") == []
    assert faults("a==1\n") == ["has no hash: a==1"]
    assert "not pinned: a>=1" in faults("a>=1 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    assert locked("a==1 ; python_version < '3.12' --hash=sha256:0\n")["a"][0].marker == Marker(
        "python_version < '3.12'"
    )
