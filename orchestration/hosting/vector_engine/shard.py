"""One collection's shard: writes one after the other on a thread of its own, reads beside them, sealed as it grows."""

import ctypes
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from shutil import disk_usage
from typing import Any, TypeVar

import qdrant_edge as edge

from orchestration.hosting.vector_engine.edge import SEAL_POINTS, config
from orchestration.hosting.vector_engine.errors import FolderTakenError, RequestRefusedError, from_edge, no_space
from orchestration.hosting.vector_engine.requests import CreateCollection

Result = TypeVar("Result")

_LOG = logging.getLogger(__name__)

RESERVE_BYTES = 256 << 20
"""Free disk below which nothing is stored. The engine writes through sparse files that it maps into memory (32 MiB each
for dense, sparse, payload and two of the log), and a page that the full disk cannot give kills the process: so
refuse before, with room for all of their holes and for a seal."""
DELETE_RESERVE_BYTES = 96 << 20
"""Deleting, which is how room is made, may go on for longer: it touches little but the log."""


class Shard:
    """A ``qdrant_edge`` shard under ``folder`` that can be used from many threads.

    An acknowledged write is in the write-ahead log: it survives the end of this process, however it comes. It is on the
    disk itself, and survives a power cut, after the next flush: at each seal and at ``close``.

    **Sealing.** The growing segment keeps its ids, indexes and sparse postings in memory, some 2 kB a point. Each
    ``SEAL_POINTS`` it is turned into files that are only mapped, and freed memory is given back; unsealed the process
    grows by 2 kB a point and more. Measured over 70,000 points, 512 at a time: sealed each 8,192 points, storing and
    sealing take 9.5 s, each 16,384 points 5.5 s or less, each 32,768 3.1 s, for 16 MB of memory more at each step.
    """

    def __init__(self, name: str, folder: Path, collection: CreateCollection) -> None:
        """Open the shard.

        Raises:
            FolderTakenError: another process has it open.
            EngineFailedError: the files are not a shard, or are damaged.
        """
        self.name, self.folder, self.collection = name, folder, collection
        self._edge = _load(name, folder, collection)
        self._writer = ThreadPoolExecutor(1, f"write-{name}")
        info = self._edge.info()
        sealed_vectors = info.indexed_vectors_count // (1 + bool(collection.sparse_vectors))
        self._unsealed = max(0, info.points_count - sealed_vectors)

    @staticmethod
    def make(folder: Path, collection: CreateCollection) -> None:
        """Make an empty shard in ``folder`` and close it.

        Raises:
            EngineFailedError: the disk is full, or another failure of the engine.
        """
        _require_room(folder, RESERVE_BYTES)
        folder.mkdir()
        try:
            edge.EdgeShard.create(str(folder), config(collection)).close()
        except Exception as error:
            raise from_edge(str(folder), error) from error

    def write(self, operation: Any, *, points: int = 0, reserve_bytes: int = RESERVE_BYTES) -> Future[None]:
        """Apply ``operation`` after all that were asked for before it; ``points`` is how many it stores.

        The future fails with RequestRefusedError or EngineFailedError; then nothing may be relied on but a repeat.
        """
        try:
            applied = self._writer.submit(self._apply, operation, points, reserve_bytes)
        except RuntimeError:  # closed since it was found: the collection was deleted
            raise unknown_collection(self.name) from None
        with suppress(RuntimeError):
            self._writer.submit(self._seal_when_due)
        return applied

    def read(self, call: Callable[[Any], Result]) -> Result:
        """``call`` with the shard; an error of the engine becomes one of ours.

        Raises:
            RequestRefusedError: the engine refuses the request.
            EngineFailedError: the engine failed.
        """
        try:
            return call(self._edge)
        except Exception as error:
            raise from_edge(f"collection {self.name}", error) from error

    def close(self) -> None:
        """Finish what is being written, flush to disk, and let go of the folder."""
        self._writer.shutdown(wait=True)
        self._edge.flush()
        self._edge.close()

    def _apply(self, operation: Any, points: int, reserve_bytes: int) -> None:
        _require_room(self.folder, reserve_bytes)
        self.read(lambda shard: shard.update(operation))
        self._unsealed += points

    def _seal_when_due(self) -> None:
        if self._unsealed < SEAL_POINTS:
            return
        self._unsealed = 0
        _give_memory_back()
        try:
            self._edge.optimize()
            self._edge.flush()
        except Exception:  # noqa: BLE001 - qdrant_edge raises nothing narrower
            # Nothing is lost: the points stay in the growing segment, and the next seal takes them too.
            _LOG.exception("collection %s could not be sealed", self.name)
        _give_memory_back()


def _load(name: str, folder: Path, collection: CreateCollection) -> Any:
    try:
        return edge.EdgeShard.load(str(folder), config(collection))
    except Exception as error:
        if "WouldBlock" in str(error):
            raise FolderTakenError(
                str(folder),
                expected="a collection that no other process has open",
                found=f"collection {name} open in another process",
                remedy="Stop the other vector engine, or give this one another folder.",
            ) from error
        raise from_edge(str(folder), error) from error


def _require_room(folder: Path, reserve_bytes: int) -> None:
    free_bytes = disk_usage(folder if folder.exists() else folder.parent).free
    if free_bytes < reserve_bytes:
        raise no_space(str(folder), f"{free_bytes >> 20} MiB free, below the reserve of {reserve_bytes >> 20} MiB")


def _give_memory_back() -> None:
    """Hand freed memory to the system, where the C library can (glibc): it would keep some 15 MB more at each seal."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def unknown_collection(name: str) -> RequestRefusedError:
    """404, in the words of a Qdrant server."""
    return RequestRefusedError(
        f"collection {name}",
        expected="a collection that exists",
        found=f"Collection `{name}` doesn't exist!",
        remedy="Create it first.",
        status=HTTPStatus.NOT_FOUND,
    )
