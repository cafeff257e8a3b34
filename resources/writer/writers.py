"""Which writer writes: by name, from the entry-point group `GROUP`. What is installed is as fixed as the code."""

from importlib.metadata import entry_points
from typing import Final

from resources.domain.errors import PermanentError
from resources.writer.writer import Writer

GROUP: Final = "waybill.writers"
_CALLS: Final = ("name", "headlines", "judge", "draft", "notes", "revise")


class WriterInvalidError(PermanentError):
    """No such writer is installed, or it is not as it must be; nothing is started."""


def open_writer(name: str) -> Writer:
    """The writer called ``name``: its entry point is called without arguments and gives it.

    Raises:
        WriterInvalidError: it is not installed, cannot be made, or lacks a call.
    """
    points = {point.name: point for point in entry_points(group=GROUP)}
    if name not in points:
        raise _invalid(name, f"one of {', '.join(sorted(points)) or 'none that is installed'}", repr(name))
    try:
        writer = points[name].load()()
    except Exception as error:
        raise _invalid(name, "a writer that can be made", f"{type(error).__name__}: {error}") from error
    if lacking := [call for call in _CALLS if not hasattr(writer, call)]:
        raise _invalid(name, "a Writer", f"{type(writer).__name__} without {', '.join(lacking)}")
    found: Writer = writer
    return found


def _invalid(name: str, expected: str, found: str) -> WriterInvalidError:
    return WriterInvalidError(
        f"WAYBILL_WRITER={name}",
        expected=expected,
        found=found,
        remedy="Correct the setting, or install or mend the package of the writer.",
    )
