"""The kinds of work that Waybill can do for a task: what each needs to be told, and the Dagster job that does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel, ConfigDict, Field


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


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work: its settings' model and the Dagster job that does it for one partition, which is one task."""

    name: str
    settings: type[BaseModel]
    job: str


KNOWLEDGE_NOTE: Final = Kind("knowledge_note", KnowledgeNoteSettings, "make_knowledge_note")
COMMAND: Final = Kind("command", CommandSettings, "run_command")
KINDS: Final[Mapping[str, Kind]] = MappingProxyType({kind.name: kind for kind in (KNOWLEDGE_NOTE, COMMAND)})
FIXED_SETTINGS: Final = frozenset({"program", "environment"})
"""What stands in waybill.toml only: an attempt cannot change which programs are run (`waybill task retry --set`)."""
