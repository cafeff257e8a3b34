"""What is said about a waybill.toml that is wrong: key, line, what was found and what is allowed, but no secrets."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from orchestration.settings_errors import HIDDEN, closest
from resources.domain.configuration import Configuration
from resources.domain.errors import PermanentError
from resources.domain.task_types import kinds

Place = tuple[str | int, ...]
"""Keys, and positions from 0 among tables of one name, from the top of the file."""

_REMEDY: Final = "Correct the file and start again; examples/waybill.toml explains each key."
_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_NAME: Final = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_KEY: Final = re.compile(rf"\s*((?:{_NAME.pattern})(?:\s*\.\s*(?:{_NAME.pattern}))*)\s*=")
_SECRET: Final = re.compile(r"alerts\.webhook|webhooks\..*\.secret_setting|.*\.settings\.environment(\..*)?")
_BOUNDS: Final = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
_SAID: Final = (
    (r".*dictionary.*", "a table"),
    (r".*valid (tuple|array).*", "an array"),
    (r"String should match pattern '(.*)'", r"text of the form \1"),
    (r".*should have (at (?:least|most) \d+ items?).*", r"\1"),
    (r".* should be (.*?)(, .*(?:unable|got).*)?", r"\1"),
)
"""Pydantic's words, and what they come to as something that was expected."""


class ConfigurationError(PermanentError):
    """waybill.toml is wrong; nothing is started."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with the value at ``place``, or with its absence."""

    place: Place
    expected: str
    found: str

    @property
    def key(self) -> str:
        """The place by dots."""
        return ".".join(map(str, self.place))


def unreadable(path: Path, error: OSError) -> ConfigurationError:
    """The error for a file that is not there or may not be read."""
    found, remedy = error.strerror or str(error), "Make it readable, or let WAYBILL_CONFIG name another."
    return ConfigurationError(str(path), expected="a file that can be read", found=found, remedy=remedy)


def not_toml(path: Path, error: ValueError) -> ConfigurationError:
    """The error for a file that is no TOML at all; the parser's words tell line and column."""
    return ConfigurationError(str(path), expected="TOML in UTF-8", found=str(error), remedy=_REMEDY)


def faulty(path: Path, text: str, faults: list[Fault]) -> ConfigurationError:
    """The error for all ``faults`` of a file, in the order of its lines."""
    lines = _lines(text)
    placed = sorted(((_line(lines, fault.place), fault) for fault in faults), key=lambda each: each[0])
    if len(placed) == 1:
        ((line, fault),) = placed
        where = f"{path}, line {line}, {fault.key}"
        return ConfigurationError(where, expected=fault.expected, found=fault.found, remedy=_REMEDY)
    listed = "".join(
        f"\n  line {line}, {each.key}: expected {each.expected}; found {each.found}" for line, each in placed
    )
    found = f"{len(placed)} faults:{listed}\n"
    return ConfigurationError(str(path), expected="a configuration without faults", found=found, remedy=_REMEDY)


def faults_of(error: ValidationError, content: dict[str, Any]) -> Iterator[Fault]:
    """What the models refused of ``content``."""
    for each in error.errors(include_url=False):
        place: Place = tuple(part for part in each["loc"] if part != "[key]")
        about = each.get("ctx", {})
        if each["type"] == "refused":
            yield Fault((*place, *_parted(about["key"])), about["expected"], about["found"])
        elif each["type"] == "missing":
            yield Fault(place, "a value, as it is required", "none")
        elif each["type"] == "extra_forbidden":
            yield Fault(place, f"a key that Waybill knows ({_suggestion(place, content)})", "one that it does not know")
        else:
            yield Fault(place, _allowed(each, place, content), _shown(place, each["input"]))


def tables(
    model: type[BaseModel] = Configuration, place: tuple[str, ...] = ()
) -> Iterator[tuple[Place, type[BaseModel]]]:
    """Every table that the file may have, with its model; ``*`` stands for a name or a position."""
    yield place, model
    for name, field in model.model_fields.items():
        repeated = ("*",) if get_origin(field.annotation) in (dict, tuple) else ()
        for inner in _models_in(field.annotation):
            yield from tables(inner, (*place, name, *repeated))


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _models_in(each)


def _fields_at(place: Place, content: dict[str, Any]) -> dict[str, FieldInfo]:
    """The keys of the table at ``place``; none where they are free."""
    match place:
        case ("task_types", name, "settings"):
            kind = kinds().get(content.get("task_types", {}).get(name, {}).get("kind", name))
            return kind.settings.model_fields if kind else {}
        case _:
            found = (model for pattern, model in tables() if _fits(pattern, place))
            return next((model.model_fields for model in found), {})


def _fits(pattern: Place, place: Place) -> bool:
    return len(pattern) == len(place) and all(each in ("*", part) for each, part in zip(pattern, place, strict=True))


def _suggestion(place: Place, content: dict[str, Any]) -> str:
    known = _fields_at(place[:-1], content)
    close = closest(str(place[-1]), known)
    return f"is {close} meant?" if close else f"there are {', '.join(known)}"


def _allowed(error: ErrorDetails, place: Place, content: dict[str, Any]) -> str:
    field = _fields_at(place[:-1], content).get(str(place[-1])) if place else None
    bounds = [
        f"{word} {getattr(bound, name)}"
        for bound in (field.metadata if field else ())
        for name, word in _BOUNDS.items()
        if hasattr(bound, name)
    ]
    if bounds:
        return f"a number, {' and '.join(bounds)}"
    said = next((match.expand(text) for form, text in _SAID if (match := re.fullmatch(form, error["msg"]))), None)
    return said or error["msg"]


def _shown(place: Place, value: Any) -> str:
    if _SECRET.fullmatch(".".join(map(str, place))):
        return HIDDEN
    return "a table" if isinstance(value, dict) else "an array" if isinstance(value, list) else repr(value)


def _lines(text: str) -> dict[Place, int]:
    """Where tables and keys stand, from 1. Good enough to point at: what looks like a key inside a text is one."""
    lines: dict[Place, int] = {}
    table: Place = ()
    last: dict[Place, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _parted(header[2])
            if header[1] == "[[":
                last[table] = last.get(table, -1) + 1
                table = (*table, last[table])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_parted(key[1])), number)
    return lines


def _line(lines: dict[Place, int], place: Place) -> int:
    """The line of ``place``, or of the innermost table around it that has one; 1 for what the file lacks."""
    return next((lines[place[:end]] for end in range(len(place), 0, -1) if place[:end] in lines), 1)


def _parted(key: str) -> Place:
    parts = (part.strip("\"'") for part in _NAME.findall(key))
    return tuple(int(part) if part.isdigit() else part for part in parts)
