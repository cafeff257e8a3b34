"""How the engine says no: every error carries the HTTP status that it is answered with."""

from http import HTTPStatus

from resources.domain.errors import PermanentError, TransientError, WaybillError


class RequestRefusedError(PermanentError):
    """The request asks for what this engine does not know or does not hold; answered with a 4xx."""

    def __init__(
        self, where: str, *, expected: str, found: str, remedy: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST
    ) -> None:
        super().__init__(where, expected=expected, found=found, remedy=remedy)
        self.status = status


class EngineFailedError(TransientError):
    """The request was sound and the engine could not carry it out; answered with a 5xx, nothing acknowledged."""

    def __init__(
        self,
        where: str,
        *,
        expected: str,
        found: str,
        remedy: str,
        status: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR,
    ) -> None:
        super().__init__(where, expected=expected, found=found, remedy=remedy)
        self.status = status


class FolderTakenError(WaybillError):
    """Another process holds the folder; a shard is opened by one process only."""


class EngineStartError(WaybillError):
    """The engine cannot start as it was asked to: a port, a key file or a folder is wrong."""


def from_edge(where: str, error: Exception) -> RequestRefusedError | EngineFailedError:
    """Sort an exception of ``qdrant_edge`` by its text: it raises bare ``Exception`` for everybody's errors.

    Its own begin with ``Service`` (``Service runtime error: …``); the rest name what is wrong with the request
    (``Vector dimension error: …``, ``Not existing vector name error: …``, ``Validation failed: …``).
    """
    text = str(error)
    if "os error 28" in text or "No space left" in text:
        return no_space(where, text)
    if text.startswith("Service ") or isinstance(error, OSError):
        return EngineFailedError(
            where, expected="the engine to carry it out", found=text, remedy="See the engine's log."
        )
    return RequestRefusedError(where, expected="a request that the engine accepts", found=text, remedy="Correct it.")


def no_space(where: str, found: str) -> EngineFailedError:
    """The disk is full: 507, as WebDAV names it and as a Qdrant server behaves."""
    return EngineFailedError(
        where,
        expected="room on the disk",
        found=found,
        remedy="Free disk space under WAYBILL_HOME; nothing of this request was stored.",
        status=HTTPStatus.INSUFFICIENT_STORAGE,
    )
