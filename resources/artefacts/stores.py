"""Where artefacts are kept: in a folder, or in a store of objects that is named by its URL."""

from pathlib import Path

from fsspec.core import split_protocol

from resources.artefacts.remote import LOCAL, RemoteArtefactStore, options_of
from resources.artefacts.store import ArtefactStore


def open_artefacts(folder: Path, url: str | None, options: str | None) -> ArtefactStore:
    """The store at ``url``; without one, or with a ``file://`` one, a folder. Nothing is opened yet.

    Raises:
        ArtefactsUrlError: it cannot be used.
    """
    if url is None:
        return ArtefactStore(folder)
    protocol, path = split_protocol(url)
    if protocol is None or protocol in LOCAL:
        return ArtefactStore(Path(path))
    return RemoteArtefactStore(url, options_of(options) if options else {})
