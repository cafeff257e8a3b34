"""What a program says that it made: one JSON file and the files that it names, each checked before it is believed.

    {"summary": "Two drafts of the letter.", "files": [{"name": "letter.md", "path": "out/letter.md",
                                                        "media_type": "text/markdown"}]}

``path`` is relative to the folder of the result; ``name`` is for people.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Annotated, BinaryIO, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from resources.artefacts.store import ArtefactStore
from resources.domain.deliverables import DraftFile
from resources.domain.errors import PermanentError

MAX_FILES: Final = 50
# Without O_NONBLOCK the opening of a pipe waits for its writer.
_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY


class CommandResultError(PermanentError):
    """The program's result is not there or not of the form that is asked for; nothing of it was kept."""


def _inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or PurePosixPath(path).is_absolute() or ".." in parts:
        raise ValueError("a path below the result's folder")
    return path


def _distinct(files: "tuple[ResultFile, ...]") -> "tuple[ResultFile, ...]":
    if len({file.name.casefold() for file in files}) < len(files):
        raise ValueError("another name for each file")
    return files


class ResultFile(BaseModel):
    """A file of the deliverable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[^\x00-\x1f\x7f/\\. ][^\x00-\x1f\x7f/\\]*$", max_length=120)
    path: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]+$"), AfterValidator(_inside)]
    media_type: str = Field("application/octet-stream", pattern=r"^[\w.+-]+/[\w.+-]+(;[ -~]*)?$", max_length=120)


class CommandResult(BaseModel):
    """The JSON file that a program writes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    summary: str = Field(min_length=1, max_length=2000)
    """For the comment that announces the files."""
    files: Annotated[tuple[ResultFile, ...], Field(min_length=1, max_length=MAX_FILES), AfterValidator(_distinct)]


def collected(
    artefacts: ArtefactStore, result: Path, *, program: str, at_most_bytes: int
) -> tuple[str, tuple[DraftFile, ...]]:
    """Read ``result`` and store the files that it names; return its summary and them.

    ``at_most_bytes``: what it and all of them may hold together. Links are not followed, not even within the folder.

    Raises:
        CommandResultError: names the field and what is wrong with it.
        ArtefactStoreFullError: nothing is wrong with the result.
    """
    left_bytes = at_most_bytes
    with _regular(result.parent, result.name, program, left_bytes) as stream:
        content = stream.read(left_bytes)
    left_bytes -= len(content)
    try:
        understood = CommandResult.model_validate_json(content.decode(errors="replace"))
    except ValidationError as error:
        raise _explained(program, error) from None
    files = []
    for number, file in enumerate(understood.files):
        with _regular(result.parent, file.path, f"{program}, files.{number}.path", left_bytes) as stream:
            artefact = artefacts.put(stream)
        left_bytes -= artefact.size_bytes
        files.append(DraftFile(file.name, file.media_type, artefact))
    return understood.summary, tuple(files)


@contextmanager
def _regular(folder: Path, path: str, where: str, at_most_bytes: int) -> Iterator[BinaryIO]:
    """A plain file of at most so many bytes, reached from ``folder`` without a link."""
    place = folder / path
    try:
        if any(part.is_symlink() for part in (place, *place.parents) if part.is_relative_to(folder)):
            raise _wrong(where, "a file that no link leads to", f"{path!r}, which is or passes a link")
        descriptor = os.open(place, _FLAGS)
    except OSError as error:
        raise _wrong(where, f"a file at {path!r}", error.strerror or type(error).__name__) from error
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_size > at_most_bytes:
        os.close(descriptor)
        if stat.S_ISREG(found.st_mode):
            raise _wrong(where, f"at most {at_most_bytes} more bytes", f"{found.st_size} bytes in {path!r}")
        raise _wrong(where, "a plain file", f"{path!r}, which is a folder, a pipe or a device")
    with os.fdopen(descriptor, "rb") as stream:
        yield stream


def _explained(program: str, error: ValidationError) -> CommandResultError:
    first = error.errors(include_url=False)[0]
    field = ".".join(map(str, first["loc"])) or "the whole"
    shown = repr(first["input"])
    found = "nothing" if first["type"] == "missing" else shown if len(shown) <= 100 else f"{shown[:99]}…"  # noqa: PLR2004 - what fits a line
    return _wrong(f"{program}, {field}", first["msg"], found)


def _wrong(where: str, expected: str, found: str) -> CommandResultError:
    return CommandResultError(
        f"result of {where}",
        expected=expected,
        found=found,
        remedy="The program has to write it before it ends with code 0: docs/task-types.md shows the form.",
    )
