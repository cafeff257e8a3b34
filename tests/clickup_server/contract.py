"""What ClickUp's own pages say: the OpenAPI document and the samples, to hold the stand-in's answers against.

Both lie in ``shared`` beside the checkout. Without it there is nothing to compare with, except in CI, where its absence
is a fault.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

import jsonschema
import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT202012

SHARED = Path(__file__).resolve().parents[3] / "shared" / "clickup"
DOCUMENT = "urn:clickup"


def needs_shared() -> None:
    """Skip the test where ``shared`` is missing; fail there in CI."""
    if not (SHARED / "openapi.json").exists():
        reason = f"{SHARED} is not there: ClickUp's document and samples lie beside the checkout, not in it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@dataclass(frozen=True, order=True)
class Breach:
    """Where an answer differs from the document: ``tasks[].priority`` breaks ``type``."""

    place: str
    rule: str


@cache
def _document() -> dict:
    return json.loads((SHARED / "openapi.json").read_text(encoding="utf-8"))


@cache
def _registry() -> Registry:
    return Registry().with_resource(DOCUMENT, DRAFT202012.create_resource(_document()))


def breaches(method: str, path: str, status: int, answer: object) -> set[Breach]:
    """How ``answer`` differs from what the document says of ``method path``, a path such as ``/v2/task/{task_id}``."""
    declared = _document()["paths"][path][method.lower()]["responses"]
    assert str(status) in declared, f"{method} {path} declares {sorted(declared)}, not {status}"
    keys = ("paths", path, method.lower(), "responses", str(status), "content", "application/json", "schema")
    pointer = "/".join(quote(key.replace("~", "~0").replace("/", "~1"), safe="~") for key in keys)
    validator = jsonschema.Draft202012Validator({"$ref": f"{DOCUMENT}#/{pointer}"}, registry=_registry())
    return set(_flat(validator.iter_errors(answer)))


def _flat(errors: Iterator[jsonschema.ValidationError]) -> Iterator[Breach]:
    for error in errors:
        place = "".join("[]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
        missing = re.match(r"'(\w+)' is a required property", error.message)
        yield Breach(f"{place}.{missing[1]}".lstrip(".") if missing else place.lstrip("."), str(error.validator))


def sample(name: str) -> object:
    return json.loads((SHARED / "samples" / f"{name}.json").read_text(encoding="utf-8"))


def differences(wanted: object, found: object, place: str = "") -> Iterator[str]:
    """Where the shape of ``found`` differs from the sample's: keys, and types of JSON. Null fits every type."""
    if wanted is None or found is None:
        return
    if _kind(wanted) != _kind(found):
        yield f"{place}: {_kind(found)}, in the sample {_kind(wanted)}"
    elif isinstance(wanted, dict) and isinstance(found, dict):
        yield from (f"{place}.{key}: missing" for key in wanted.keys() - found.keys())
        yield from (f"{place}.{key}: not in the sample" for key in found.keys() - wanted.keys())
        for key in wanted.keys() & found.keys():
            yield from differences(wanted[key], found[key], f"{place}.{key}")
    elif isinstance(wanted, list) and isinstance(found, list) and wanted:
        for part in found:
            yield from differences(wanted[min(found.index(part), len(wanted) - 1)], part, f"{place}[]")


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else type(value).__name__
