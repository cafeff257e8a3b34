"""The collections under one folder: ``DIR/collections/NAME/`` with ``collection.json`` and ``shard/`` in it.

A collection appears and disappears by one rename, so that a crash leaves it whole or not there.
"""

import fcntl
import os
import re
import shutil
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import IO

from pydantic import ValidationError

from orchestration.hosting.vector_engine.errors import EngineStartError, FolderTakenError, RequestRefusedError
from orchestration.hosting.vector_engine.requests import CreateCollection
from orchestration.hosting.vector_engine.shard import Shard, unknown_collection

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}")
_HALF_MADE, _HALF_GONE = ".creating-", ".deleting-"
_CONFIG = "collection.json"


class Registry:
    """Every collection under ``folder``, open. The folder is locked: one process serves it."""

    def __init__(self, folder: Path) -> None:
        """Take the folder and open what is in it.

        Raises:
            FolderTakenError: another process serves this folder, or has one of its collections open.
            EngineStartError: the folder cannot be written, or holds a collection that cannot be read.
            EngineFailedError: a shard is damaged.
        """
        self._lock = _take(folder)
        self._folder = folder / "collections"
        self._changing = Lock()
        self._shards: dict[str, Shard] = {}
        try:
            self._folder.mkdir(exist_ok=True)
            self._open_all()
        except BaseException:
            self.close()
            raise

    def names(self) -> list[str]:
        """The collections, by name."""
        return sorted(self._shards)

    def find(self, name: str) -> Shard | None:
        """The collection's shard, or None."""
        return self._shards.get(name)

    def get(self, name: str) -> Shard:
        """The collection's shard.

        Raises:
            RequestRefusedError: there is none (404).
        """
        shard = self.find(name)
        if shard is None:
            raise unknown_collection(name)
        return shard

    def create(self, name: str, collection: CreateCollection) -> None:
        """Make an empty collection.

        Raises:
            RequestRefusedError: it exists (409), or its name could not be a folder's.
            EngineFailedError: the disk is full.
        """
        if not _NAME.fullmatch(name):
            expected = "up to 128 of A-Z a-z 0-9 _ . -, not beginning with a dot"
            raise RequestRefusedError("collection name", expected=expected, found=repr(name), remedy="Rename it.")
        with self._changing:
            if name in self._shards:
                raise RequestRefusedError(
                    f"collection {name}",
                    expected="a new name",
                    found=f"Collection `{name}` already exists!",
                    remedy="Use it, or delete it first.",
                    status=HTTPStatus.CONFLICT,
                )
            made = self._folder / f"{_HALF_MADE}{name}"
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            Shard.make(made / "shard", collection)
            _write_durably(made / _CONFIG, collection.model_dump_json(indent=2))
            made.rename(self._folder / name)
            _sync_folder(self._folder)
            self._shards[name] = Shard(name, self._folder / name / "shard", collection)

    def delete(self, name: str) -> bool:
        """Remove a collection and its points; False when there is none."""
        with self._changing:
            shard = self._shards.pop(name, None)
            if shard is None:
                return False
            shard.close()
            going = self._folder / f"{_HALF_GONE}{name}"
            (self._folder / name).rename(going)
            shutil.rmtree(going)
            return True

    def close(self) -> None:
        """Flush and close every shard, then free the folder."""
        for shard in self._shards.values():
            shard.close()
        self._shards.clear()
        self._lock.close()

    def _open_all(self) -> None:
        for entry in sorted(self._folder.iterdir()):
            if entry.name.startswith((_HALF_MADE, _HALF_GONE)):
                shutil.rmtree(entry)
            elif entry.is_dir():
                self._shards[entry.name] = Shard(entry.name, entry / "shard", _read(entry / _CONFIG))


def _take(folder: Path) -> IO[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "engine.lock").open("a+")
    except OSError as error:
        raise EngineStartError(
            str(folder), expected="a folder that can be written", found=str(error), remedy="Change WAYBILL_HOME."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise FolderTakenError(
            str(folder),
            expected="a folder that no other vector engine serves",
            found=f"one that process {holder} holds",
            remedy="Stop that process, or give this engine another folder.",
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _read(path: Path) -> CreateCollection:
    try:
        return CreateCollection.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise EngineStartError(
            str(path), expected="the collection's configuration", found=str(error), remedy="Restore it from a backup."
        ) from error


def _write_durably(path: Path, text: str) -> None:
    with path.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
