"""Artefacts in a store of objects, such as S3, by fsspec: each under its content's name, as in a folder.

An upload is whole or not there. What is stored passes through a local temporary file: its name is known only at its
end, and no file has to fit into memory.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from io import BufferedRandom, BufferedReader
from typing import Any, BinaryIO, Final

import fsspec
from fsspec.core import split_protocol

from resources.artefacts.store import (
    BLOCK_BYTES,
    ArtefactStore,
    ArtefactStoreUnavailableError,
    blocks_of,
    is_hash,
    missing,
)
from resources.domain.deliverables import Artefact
from resources.domain.errors import PermanentError

LOCAL: Final = frozenset({"file", "local"})
REFUSED: Final = frozenset({"memory", "data", "reference"})
"""What another process would not find again."""
PART_BYTES: Final = 8 << 20
"""S3 takes parts from 5 MiB on."""
CALL_S: Final = 20
"""How long a store of the S3 kind may take to answer, unless the options say otherwise."""


class ArtefactsUrlError(PermanentError):
    """WAYBILL_ARTEFACTS_URL or its options name no store that can be used."""


class RemoteArtefactStore(ArtefactStore):
    """Objects below ``url``, as ``ab/cd/abcd…``. Nothing is opened before the first use."""

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        """``options`` are those of the store's fsspec implementation; secret.

        Raises:
            ArtefactsUrlError: the store's package is not installed, or nobody else could read what is put there.
        """
        self.url = url
        self._options = {**_bounded(url), **options}
        protocol = split_protocol(url)[0] or ""
        if protocol in REFUSED or protocol in LOCAL:
            raise _no_store(url, "a store that every process reaches", protocol)
        try:
            fsspec.get_filesystem_class(protocol)
        except (ImportError, ValueError) as error:
            raise _no_store(url, "a store whose package is installed", str(error)) from error

    def put(self, content: bytes | Iterable[bytes] | BinaryIO) -> Artefact:
        """Store ``content`` and return its name and size once the store has it. A repeat makes it whole again.

        Raises:
            ArtefactStoreUnavailableError: nothing half is left under the name.
        """
        with tempfile.NamedTemporaryFile() as spool:
            digest, size = hashlib.sha256(), 0
            for block in blocks_of(content):
                digest.update(block)
                size += len(block)
                spool.write(block)
            spool.flush()
            name = digest.hexdigest()
            with self._failures_told():
                self._files.put_file(spool.name, self._at(name), **self._parts)
                stored = int(self._files.info(self._at(name), refresh=True)["size"])
        if stored != size:
            raise self._unavailable(f"{stored} bytes of {size} stored")
        return Artefact(name, size)

    def open(self, content_hash: str) -> BufferedReader | BufferedRandom:
        """The file's bytes, to be read and closed; a local copy that goes with it.

        Raises:
            ArtefactMissingError: there is none, or this is no hash.
            ArtefactStoreUnavailableError.
        """
        if not is_hash(content_hash):
            raise missing(content_hash, "something else")
        copy = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
        try:
            with self._failures_told(), self._files.open(self._at(content_hash), "rb") as source:
                shutil.copyfileobj(source, copy, BLOCK_BYTES)
        except FileNotFoundError:
            copy.close()
            raise missing(content_hash, "no object with this content") from None
        except BaseException:
            copy.close()
            raise
        copy.seek(0)
        return copy

    def sweep_unfinished(self, older_than_s: float = 60.0) -> int:  # noqa: ARG002  a folder needs it
        """Nothing: what a killed writer left is a local temporary file, and an upload that is no object."""
        return 0

    @property
    def _parts(self) -> dict[str, int]:
        """How a large file is sent to S3: by default ten parts of 50 MB at once."""
        return {"chunksize": PART_BYTES, "max_concurrency": 2} if self.url.startswith("s3") else {}

    @cached_property
    def _files(self) -> Any:
        return fsspec.filesystem(split_protocol(self.url)[0], **self._options)

    def _at(self, name: str) -> str:
        root = str(split_protocol(self.url)[1]).strip("/")
        return f"{root}/{name[:2]}/{name[2:4]}/{name}"

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        """What the store's library raises, as an error of ours; what is not there stays FileNotFoundError."""
        try:
            yield
        except FileNotFoundError:
            raise
        except Exception as error:
            raise self._unavailable(f"{type(error).__name__}: {error}"[:500]) from error

    def _unavailable(self, found: str) -> ArtefactStoreUnavailableError:
        return ArtefactStoreUnavailableError(
            f"artefacts in {self.url}",
            expected="a store that answers and may be written to",
            found=found,
            remedy="Check WAYBILL_ARTEFACTS_URL, its options and the store.",
        )


def options_of(text: str) -> dict[str, Any]:
    """The options in WAYBILL_ARTEFACTS_OPTIONS, a JSON object. Raises ArtefactsUrlError; the text is not shown."""
    try:
        options = json.loads(text)
    except ValueError:
        options = None
    if not isinstance(options, dict):
        raise ArtefactsUrlError(
            "WAYBILL_ARTEFACTS_OPTIONS",
            expected='a JSON object, as in {"endpoint_url": "https://…"}',
            found="something else",
            remedy="Correct it; it is not shown, as it may hold a secret.",
        )
    return options


def _bounded(url: str) -> dict[str, Any]:
    if not url.startswith("s3"):
        return {}
    config = {"connect_timeout": 5, "read_timeout": CALL_S, "retries": {"max_attempts": 2}}
    return {"config_kwargs": config, "use_listings_cache": False}


def _no_store(url: str, expected: str, found: str) -> ArtefactsUrlError:
    return ArtefactsUrlError(
        f"WAYBILL_ARTEFACTS_URL={url}",
        expected=expected,
        found=found,
        remedy="For s3://… install waybill[s3]; without the setting the folder of the home is used.",
    )
