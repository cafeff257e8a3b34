"""What the documents name exists: files, commands, settings, links, decisions."""

import re
from functools import cache
from pathlib import PurePosixPath
from typing import Final

import pytest
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from orchestration.cli import app
from orchestration.settings import PREFIX, Settings
from tests.architecture.sources import ROOT, Source, tree

KEYS: Final = frozenset(f"{PREFIX}{name.upper()}" for name in Settings.model_fields)
KEY: Final = re.compile(rf"\b{PREFIX}[A-Z_]*[A-Z]\b")
TEST_KEY: Final = f"{PREFIX}TEST_"
LINK: Final = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING: Final = re.compile(r"^#{1,4} (.+)$", re.MULTILINE)
CODE: Final = re.compile(r"`([^`\n]+)`")
FENCED: Final = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
COMMAND: Final = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?waybill((?: [a-z]+(?:-[a-z]+)*)*)", re.MULTILINE)
OPTION: Final = re.compile(r"(?<=[ \[])--?[a-z][a-z-]*")
FILE: Final = re.compile(r"[\w./-]*\w\.(?:py|md|toml|sh|lock|png)|(?:[\w.-]+/)+")
# What lies in WAYBILL_HOME, in a package of others, and in the virtual environment: no files of the tree.
ELSEWHERE: Final = ("postgres/", "vectors/", "dagster/", "logs/", "run/", "artefacts/", "pginstall/", ".venv/")
DECISION_LINES: Final = 25


@cache
def documents() -> tuple[Source, ...]:
    """README, CHANGELOG and everything under docs/ that people read."""
    return tuple(
        source
        for source in tree()
        if source.path in ("README.md", "CHANGELOG.md")
        or (source.path.startswith("docs/") and source.path.endswith(".md"))
    )


def path_of(source: Source, target: str) -> str:
    """``target``, relative to the document, as a path from the top of the tree."""
    parts: list[str] = []
    for part in (PurePosixPath(source.path).parent / target).parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts)


def anchors(text: str) -> set[str]:
    """The names by which headings are linked to."""
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(FENCED.sub("", text)))
    return {each.strip().replace(" ", "-") for each in words}


def prose_code(source: Source) -> list[str]:
    """What stands between backticks outside of code blocks."""
    return CODE.findall(FENCED.sub("", source.text))


def spoken_commands(text: str) -> list[str]:
    """Every piece of code that begins with ``waybill``: lines of code blocks, and what stands between backticks."""
    blocks = [line.strip() for block in FENCED.findall(text) for line in block.splitlines()]
    pieces = [*blocks, *CODE.findall(FENCED.sub("", text))]
    return [piece for piece in pieces if COMMAND.match(piece)]


def resolved(words: list[str]) -> tuple[TyperCommand | TyperGroup, list[str]]:
    """The command that ``words`` lead to, and the words that are left over."""
    command = get_command(app)
    while words and isinstance(command, TyperGroup) and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command, words


def faults_of(piece: str) -> list[str]:
    """What the command line does not know of ``piece``."""
    match = COMMAND.match(piece)
    assert match is not None
    command, rest = resolved(match[1].split())
    unknown = [f"{piece}: no command {rest[0]}"] if isinstance(command, TyperGroup) and rest else []
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    arguments = re.sub(r'"[^"]*"', "", piece)
    return unknown + [f"{piece}: no option {option}" for option in OPTION.findall(arguments) if option not in known]


@pytest.mark.parametrize("source", documents(), ids=lambda source: source.path)
def test_every_command_and_option_that_a_document_names_exists(source: Source) -> None:
    faults = [fault for piece in spoken_commands(source.text) for fault in faults_of(piece)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("source", documents(), ids=lambda source: source.path)
def test_every_setting_that_a_document_names_exists(source: Source) -> None:
    named = {key for key in KEY.findall(source.text) if not key.startswith(TEST_KEY)}
    assert named <= KEYS


def test_the_readme_explains_every_setting_and_its_default() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(rf"^\| `({PREFIX}\w+)` \| (.+?) \|", readme, re.MULTILINE))
    assert rows.keys() >= KEYS, "the table of settings lacks a key"
    for name, field in Settings.model_fields.items():
        if field.default is not None:
            shown = f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
            assert rows[f"{PREFIX}{name.upper()}"] == f"`{shown}`"


def test_the_readme_explains_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    top = get_command(app)
    assert isinstance(top, TyperGroup)
    for name, command in top.commands.items():
        for words in [f"{name} {inner}" for inner in command.commands] if isinstance(command, TyperGroup) else [name]:
            assert f"| `waybill {words}" in readme


@pytest.mark.parametrize("source", documents(), ids=lambda source: source.path)
def test_every_link_leads_to_a_file_and_a_heading(source: Source) -> None:
    faults = []
    for target, anchor in LINK.findall(source.text):
        path = ROOT / (path_of(source, target) if target else source.path)
        if not path.exists():
            faults.append(f"{source.path} links to {target}")
        elif anchor and anchor not in anchors(path.read_text(encoding="utf-8")):
            faults.append(f"{source.path} links to {target}#{anchor}, a heading that is not there")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("source", documents(), ids=lambda source: source.path)
def test_every_path_that_a_document_names_in_code_exists(source: Source) -> None:
    named = [piece for piece in prose_code(source) if FILE.fullmatch(piece) and "/" in piece]
    missing = [piece for piece in named if not piece.startswith(ELSEWHERE) and not (ROOT / piece).exists()]
    assert not missing, f"{source.path} names {missing}"


def test_decisions_are_numbered_in_order_and_short() -> None:
    decisions = [source for source in documents() if source.path.startswith("docs/decisions/")]
    for number, decision in enumerate(decisions, 1):
        assert decision.text.startswith(f"# {number:04d} ")
        assert PurePosixPath(decision.path).name.startswith(f"{number:04d}-")
        assert len(decision.text.splitlines()) <= DECISION_LINES
        for part in ("**Context.**", "**Decision.**", "**Consequence.**"):
            assert part in decision.text, f"{decision.path} lacks {part}"


@pytest.mark.parametrize(
    "piece", ["waybill serve", "waybill sources drop NAME", "waybill ingest site --customer acme", "waybill up --twice"]
)
def test_a_command_that_does_not_exist_would_be_found(piece: str) -> None:
    assert faults_of(piece)


def test_names_that_are_right_are_left_alone() -> None:
    pieces = (
        "waybill",
        'waybill search "a --b" --client acme -k 3',
        "waybill sources list --json",
        "waybill up [--once]",
    )
    assert [fault for piece in pieces for fault in faults_of(piece)] == []
    assert spoken_commands("`waybill up`\n```sh\n$ waybill status\n```\n`WAYBILL_HOME`") == [
        "$ waybill status",
        "waybill up",
    ]
