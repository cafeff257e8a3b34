"""Where the embedded parts keep what they write: the folders of WAYBILL_HOME, their permissions, and its locks."""

import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resources.domain.errors import PermanentError, WaybillError

_SOCKET_FOLDER_BYTES = 90
"""A Unix socket's path has 107 bytes on Linux; the longest name that we put behind the folder has 17."""


class HomeHeldError(WaybillError):
    """Another process holds this lock of WAYBILL_HOME; it is free again when that process ends."""


class HomeUnusableError(PermanentError):
    """WAYBILL_HOME cannot be made or written."""


@dataclass(frozen=True)
class Home:
    """The folder of one installation. ``path`` is absolute; nothing exists before ``make``."""

    path: Path

    @classmethod
    def at(cls, path: Path | str) -> "Home":
        """The home at ``path``, relative to the current folder if it is relative; links are followed."""
        return cls(Path(path).expanduser().resolve())

    @property
    def postgres(self) -> Path:
        """All of embedded Postgres; as root it belongs to the unprivileged user that Postgres runs as."""
        return self.path / "postgres"

    @property
    def vectors(self) -> Path:
        """The embedded vector engine's shards."""
        return self.path / "vectors"

    @property
    def logs(self) -> Path:
        """One capped log file a child, and Dagster's compute logs."""
        return self.path / "logs"

    @property
    def run(self) -> Path:
        """Locks, and the key and port of the vector engine."""
        return self.path / "run"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME: the generated dagster.yaml and workspace.yaml."""
        return self.path / "dagster"

    @property
    def artefacts(self) -> Path:
        """Deliverables and what programs said, by their content."""
        return self.path / "artefacts"

    def sockets(self, name: str) -> Path:
        """A folder, private to its user, for Unix sockets of ``name``: in the home, or in /tmp where the home's path
        is too long for a socket. It always is the same folder for the same home.
        """
        inside = self.path / name / "s"
        if len(os.fsencode(inside)) <= _SOCKET_FOLDER_BYTES:
            return inside
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:16]
        return Path("/tmp") / f"waybill-{digest}-{name}"  # noqa: S108 - `private_folder` refuses one that is not ours

    def make(self) -> "Home":
        """Make the folders, for our user only.

        Raises:
            HomeUnusableError: a folder cannot be made, or belongs to someone else.
        """
        for folder in (self.path, self.vectors, self.logs, self.run, self.dagster, self.artefacts, self.sockets("run")):
            private_folder(folder)
        return self


def private_folder(path: Path, *, user: tuple[int, int] | None = None) -> Path:
    """Make ``path`` with mode 0700 if it is missing, owned by ``user`` (uid, gid; default: us).

    Raises:
        HomeUnusableError: it cannot be made, is a link or a file, or belongs to someone else.
    """
    uid, gid = user or (os.geteuid(), os.getegid())
    try:
        if not os.path.lexists(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() != uid:
            os.chown(path, uid, gid)
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error
    if not stat.S_ISDIR(found.st_mode):
        raise _unusable(path, "something that is no folder")
    if found.st_uid not in {uid, os.geteuid()}:
        raise _unusable(path, f"a folder of user id {found.st_uid}, while this is user id {os.geteuid()}")
    return path


def _unusable(path: Path, found: str) -> HomeUnusableError:
    return HomeUnusableError(
        str(path),
        expected="a folder that this user can make and write",
        found=found,
        remedy="Set WAYBILL_HOME to a folder of your own.",
    )


@contextmanager
def held(path: Path, content: dict[str, Any]) -> Iterator[None]:
    """Hold the exclusive lock ``path``, with ``content`` as JSON inside for whoever comes second.

    The kernel lets go of it when the process ends, however it ends; the file stays.

    Raises:
        HomeHeldError: another process holds it; the message shows what that one wrote.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeHeldError(
                str(path.parent.parent),
                expected="no other process to hold this home",
                found=", ".join(f"{key} {value}" for key, value in holder(path).items()) or "an unnamed holder",
                remedy="Stop that process first, or set another WAYBILL_HOME.",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(content).encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def holder(path: Path) -> dict[str, Any]:
    """What the holder of the lock ``path`` wrote into it; empty when nobody ever held it, or it ended in order."""
    try:
        content = json.loads(path.read_text() or "{}")
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
