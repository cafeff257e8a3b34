"""Fresh folders for outside programs, removed when their time is over, also when their owner was killed."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from resources import processes

_PREFIX: Final = "waybill-work-"


@contextmanager
def workspace(below: Path | None = None) -> Iterator[Path]:
    """A folder that is empty, ours alone (mode 0700), and gone afterwards with all that was put into it.

    ``below``: where it is made; None: where the system has temporary files.
    """
    owner = processes.identity().replace("/", "_")
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{owner}.", dir=below))
    try:
        yield folder
    finally:
        _remove(folder)


def sweep_abandoned(below: Path | None = None) -> int:
    """Remove the workspaces whose owner was killed, on this machine and since its last boot; return how many."""
    swept = 0
    for folder in Path(below or tempfile.gettempdir()).glob(f"{_PREFIX}*.*"):
        owner = folder.name.removeprefix(_PREFIX).rpartition(".")[0].replace("_", "/")
        if processes.is_alive(owner) is False and folder.lstat().st_uid == os.geteuid() and not folder.is_symlink():
            _remove(folder)
            swept += not folder.exists()
    return swept


def _remove(folder: Path) -> None:
    """Folders that a program made read-only are removed too; what cannot be is left to the next sweep."""
    for inner, _, _ in os.walk(folder):
        Path(inner).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
