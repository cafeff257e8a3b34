"""The kinds of work that can be done for a task. Each is a plug-in: an object of the entry-point group `GROUP`.

What is installed is as fixed as the code, so the kinds are loaded once in a process.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from resources.domain.errors import PermanentError

GROUP: Final = "waybill.task_types"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")


class KindInvalidError(PermanentError):
    """A kind of work is not as it must be; nothing is started."""


class NoFields(BaseModel):
    """For kinds that read none of a task's custom fields."""

    model_config = ConfigDict(frozen=True)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work.

    Attributes:
        name: what `kind` says in waybill.toml.
        settings: the model of what waybill.toml may set for it.
        job: the name of the Dagster job that does it for one partition, which is one task.
        assets: the module that has its assets as ``ASSETS``, in order, and any checks as ``CHECKS``.
        about: a sentence for the pages.
        fields: the model of the custom fields that it reads: an alias is a field's name in ClickUp, its value is text.
        takes_workbook: whether a task of it waits until a workbook was dropped for it.
    """

    name: str
    settings: type[BaseModel]
    job: str
    assets: str
    about: str
    fields: type[BaseModel] = NoFields
    takes_workbook: bool = False


class KnowledgeNoteSettings(BaseModel):
    """How a note is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hits: int = Field(8, ge=1, le=50)
    """How many findings it quotes at most."""


class CommandSettings(BaseModel):
    """Which outside program does the work, and what it may cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    program: tuple[str, ...] = Field(min_length=1)
    """Program and arguments, without a shell. ``{task}`` and ``{result}`` stand for the paths of two JSON files."""
    deadline_s: float = Field(600.0, gt=0, le=86_400)
    output_bytes: int = Field(1_000_000, ge=0, le=100_000_000)
    """What is kept of each of its two outputs; zero keeps none (DT-3)."""
    result_bytes: int = Field(10_000_000, ge=1, le=100_000_000)
    environment: dict[str, str] = Field(default_factory=dict)
    """Beside PATH and LANG it gets nothing else of ours."""
    workbook: bool = False
    """Whether a task waits for a workbook, which the program finds beside its task."""


KNOWLEDGE_NOTE: Final = Kind(
    "knowledge_note",
    KnowledgeNoteSettings,
    "make_knowledge_note",
    "assets.knowledge_notes",
    "Answer one task's question from the client's knowledge, and hand the note over for review.",
)
COMMAND: Final = Kind(
    "command",
    CommandSettings,
    "run_command",
    "assets.command_results",
    "Have an outside program do one task, and hand its result over for review.",
)
FIXED_SETTINGS: Final = frozenset({"program", "environment"})
"""What stands in waybill.toml only: an attempt cannot change which programs are run (`waybill task retry --set`)."""


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind that is installed, by its name.

    Raises:
        KindInvalidError: one cannot be loaded, is not as it must be, or has the name or the job of another.
    """
    found: dict[str, Kind] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        kind = _loaded(point)
        if (taken := _taken(kind, found.values())) is not None:
            raise _invalid(point, "a name and a job of its own", taken)
        found[kind.name] = kind
    return MappingProxyType(found)


def texts_for(kind: Kind, texts: Mapping[str, str]) -> dict[str, str]:
    """Of a task's custom fields, by their names without case, those that ``kind`` reads, by its own names for them."""
    wanted = (field.alias or name for name, field in kind.fields.model_fields.items())
    return {name: texts[name.casefold()] for name in wanted if name.casefold() in texts}


def lack(kind: Kind, texts: Mapping[str, str]) -> str | None:
    """What a task's custom fields lack for ``kind``, for people; None: nothing."""
    try:
        kind.fields.model_validate(texts_for(kind, texts))
    except ValidationError as error:
        first = error.errors()[0]
        return f"its field '{first['loc'][0] if first['loc'] else kind.name}': {first['msg']}"
    return None


def _loaded(point: EntryPoint) -> Kind:
    try:
        kind = point.load()
    except Exception as error:
        raise _invalid(point, "a Kind that can be loaded", f"{type(error).__name__}: {error}") from error
    if not isinstance(kind, Kind):
        raise _invalid(point, "a Kind", type(kind).__name__)
    if not _NAME.fullmatch(kind.name) or not _NAME.fullmatch(kind.job) or kind.name != point.name:
        raise _invalid(point, "a kind and a job named by small letters, digits and _, the kind as its entry point",
                       f"{kind.name!r} and {kind.job!r}")  # fmt: skip
    if kind.settings.model_config.get("extra") != "forbid":
        raise _invalid(point, "a model of settings that forbids what it does not know", kind.settings.__name__)
    return kind


def _taken(kind: Kind, others: Iterable[Kind]) -> str | None:
    return next((f"{each.name} has it" for each in others if kind.name == each.name or kind.job == each.job), None)


def _invalid(point: EntryPoint, expected: str, found: str) -> KindInvalidError:
    return KindInvalidError(
        f"entry point {point.name} = {point.value} of the group {GROUP}",
        expected=expected,
        found=found,
        remedy="Mend the package or uninstall it.",
    )
