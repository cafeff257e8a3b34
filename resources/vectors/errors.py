"""What can go wrong with the vector store, and the one place where its client's exceptions become these."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus

from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from resources.domain.errors import PermanentError, TransientError
from resources.domain.ids import PointId


class VectorStoreUnavailableError(TransientError):
    """Nobody answered, not in time, or with a failure of its own (5xx, 429): an outage, no row is to blame."""


class VectorStoreRefusedError(PermanentError):
    """The store answered and refused (4xx): a wrong key, an unknown collection, a request that it does not know."""


class PointRefusedError(VectorStoreRefusedError):
    """At least one of ``point_ids`` cannot be stored, and none of them was: halve the batch to find it."""

    def __init__(self, where: str, *, expected: str, found: str, remedy: str, point_ids: Sequence[PointId]) -> None:
        super().__init__(where, expected=expected, found=found, remedy=remedy)
        self.point_ids = tuple(point_ids)


class CollectionMismatchError(VectorStoreRefusedError):
    """A collection of this name exists and holds vectors of another kind."""


_BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_ABOUT_POINTS = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
)


@contextmanager
def translated(where: str, *, upserting: Sequence[PointId] = ()) -> Iterator[None]:
    """Raise our errors for those of ``qdrant-client``; ``upserting`` names the points that a 400, 413 or 422 is about.

    Raises:
        VectorStoreUnavailableError: no answer, or 408, 429 or 5xx.
        PointRefusedError: the points of ``upserting`` were refused.
        VectorStoreRefusedError: any other 4xx.
    """
    try:
        yield
    except ResponseHandlingException as error:
        found = f"{type(error.source).__name__}: {error.source}"
        raise _unavailable(where, found) from error
    except ResourceExhaustedResponse as error:
        raise _unavailable(where, f"429, to be asked again in {error.retry_after_s} s") from error
    except UnexpectedResponse as error:
        raise _answered(where, error, upserting) from error


def _answered(
    where: str, error: UnexpectedResponse, upserting: Sequence[PointId]
) -> VectorStoreUnavailableError | VectorStoreRefusedError:
    status = HTTPStatus.INTERNAL_SERVER_ERROR if error.status_code is None else error.status_code
    found = f"{status}: {_message(error.content)}"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _BUSY:
        return _unavailable(where, found)
    if upserting and status in _ABOUT_POINTS:
        remedy = "Halve the batch to find the point that cannot be stored."
        return PointRefusedError(
            where, expected="points that the store can hold", found=found, remedy=remedy, point_ids=upserting
        )
    return VectorStoreRefusedError(
        where, expected="an accepted request", found=found, remedy="Check the URL, the key and the server's version."
    )


def _unavailable(where: str, found: str) -> VectorStoreUnavailableError:
    return VectorStoreUnavailableError(
        where, expected="an answer", found=found, remedy="See that the vector store runs and has room on its disk."
    )


def _message(content: bytes) -> str:
    """The text of Qdrant's error JSON, or the first of whatever else was answered (a proxy's page)."""
    try:
        text = json.loads(content)["status"]["error"]
    except (ValueError, KeyError, TypeError):
        text = content[:200].decode(errors="replace")
    return str(text).rstrip(".")
