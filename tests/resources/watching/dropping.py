"""Files in a watch folder."""

from pathlib import Path

from resources.watching.folder import Dropped, dropped


def drop(folder: Path, name: str = "acme.xlsx", content: bytes = b"x") -> Path:
    """A file that was dropped."""
    path = folder / name
    path.write_bytes(content)
    return path


def only(folder: Path) -> Dropped:
    """The one file that lies there."""
    (found,) = dropped(folder)
    return found
