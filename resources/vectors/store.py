"""One collection, seen as what the ledger needs of it: upsert, delete, count, list, search."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

import numpy as np
import stamina
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

from resources.domain.fusion import DENSE_SHARE, weighted_sum
from resources.domain.ids import BatchId, ClientSlug, DocumentId, ExtractionId, PointId, SourceId
from resources.vectors import schema
from resources.vectors.connection import connect
from resources.vectors.errors import PointRefusedError, VectorStoreRefusedError, VectorStoreUnavailableError, translated
from resources.vectors.points import PAYLOAD_KEYS, FoundPoint, SparseVector, point_id_of
from resources.vectors.searching import CANDIDATES, Mode, by_meaning, by_words, filtered_by
from resources.vectors.upserting import upsert_points

__all__ = ["Mode", "VectorStore", "open_store"]

Answer = TypeVar("Answer")

RETRY_S: Final = 15.0
"""How long an unavailable store is asked again: the embedded engine, when it died, is back within 2 s."""
UPSERT_POINTS: Final = 1_024
"""The most points that one request carries; larger upserts are cut."""
_ATTEMPTS: Final = 8
_IDS_A_REQUEST: Final = 1_000
IDS_A_PAGE: Final = 10_000
"""Of bare ids. For each page the store lays the filter over all points anew: small pages cost the more of them."""
_FACET_LIMIT: Final = 100_000


def open_store(
    url: str, api_key: str | None, embedding_model: str, dimensions: int, *, prefix: str = "waybill"
) -> "VectorStore":
    """The store of an embedding model at ``url``, with a client of its own: once a process. Nothing is sent yet."""
    return VectorStore(connect(url, api_key), schema.collection_name(embedding_model, prefix=prefix), dimensions)


class VectorStore:
    """The collection ``collection`` with dense vectors of ``dimensions``. May be shared by threads.

    Every call may be repeated without harm, so each is: while the store is unavailable, up to ``retry_s`` seconds.

    All methods raise VectorStoreUnavailableError (an outage; a retry can help) and VectorStoreRefusedError (it cannot).
    """

    def __init__(
        self, client: QdrantClient, collection: str, dimensions: int, *, retry_s: float | None = RETRY_S
    ) -> None:
        self.collection, self.dimensions = collection, dimensions
        self._client = client
        self._retry_s = retry_s

    def ensure_collection(self) -> None:
        """Make the collection and its payload indexes where they are missing.

        Raises:
            CollectionMismatchError: it exists with other vectors.
        """
        self._call(lambda: schema.ensure_collection(self._client, self.collection, self.dimensions))

    def upsert(
        self,
        ids: Sequence[PointId],
        dense: NDArray[np.float32],
        sparse: Sequence[SparseVector],
        payloads: Sequence[dict[str, Any]],
    ) -> None:
        """Write the points; those that exist are replaced. When this returns, they are stored and can be found.

        ``dense`` has shape (len(ids), dimensions). A payload has just the keys ``PAYLOAD_KEYS``.

        Raises:
            PointRefusedError: one of these points cannot be stored; those of its request were not, others may be.
        """
        self._check(ids, dense, sparse, payloads)
        for start in range(0, len(ids), UPSERT_POINTS):
            some = slice(start, start + UPSERT_POINTS)
            self._upsert(ids[some], dense[some], sparse[some], payloads[some])

    def delete(self, ids: Sequence[PointId]) -> None:
        """Delete these points; those that are not there are no error."""
        for some in _slices(ids):
            selector = models.PointIdsList(points=[str(each) for each in some])
            self._call(partial(self._client.delete, self.collection, selector))

    def delete_where(
        self, *, source: SourceId | None = None, document: DocumentId | None = None, batch: BatchId | None = None
    ) -> None:
        """Delete every point of the source, the document or the batch; of all that are given, where several are.

        Raises:
            ValueError: none is given: that would delete everything.
        """
        if source is None and document is None and batch is None:
            raise ValueError("delete_where needs a source, a document or a batch")
        selector = models.FilterSelector(filter=filtered_by(source=source, document=document, batch=batch))
        self._call(lambda: self._client.delete(self.collection, selector))

    def search(
        self, client: ClientSlug, dense: NDArray[np.float32], sparse: SparseVector, k: int, mode: Mode = "hybrid"
    ) -> list[FoundPoint]:
        """The ``k`` best points of ``client``, best first. ``dense`` has shape (dimensions,).

        With ``bm25`` and no word but stop words nothing is found.
        """
        if mode == "dense":
            return self._ask(by_meaning(client, dense.tolist(), k))
        depth = k if mode == "bm25" else max(k, CANDIDATES)
        words = self._ask(by_words(client, sparse, depth)) if sparse.indices else []
        if mode == "bm25":
            return words
        return _fused(self._ask(by_meaning(client, dense.tolist(), depth)), words)[:k]

    def _ask(self, asked: dict[str, Any]) -> list[FoundPoint]:
        keys = ["extraction", "document", "template"]
        answer = self._call(lambda: self._client.query_points(self.collection, **asked, with_payload=keys))
        return [_found(point) for point in answer.points]

    def count(
        self,
        *,
        client: ClientSlug | None = None,
        source: SourceId | None = None,
        batch: BatchId | None = None,
        document: DocumentId | None = None,
    ) -> int:
        """How many points there are, exactly: of all that are given, of everybody when nothing is."""
        of = filtered_by(client=client, source=source, batch=batch, document=document)
        return self._call(lambda: self._client.count(self.collection, of, exact=True)).count

    def counts_by_batch(self) -> dict[BatchId, int]:
        """How many points each batch has, exactly; a batch without points is not there.

        Raises:
            VectorStoreRefusedError: there are more than 100,000 batches.
        """
        answer = self._call(lambda: self._client.facet(self.collection, "batch", limit=_FACET_LIMIT, exact=True))
        if len(answer.hits) >= _FACET_LIMIT:
            raise VectorStoreRefusedError(
                f"collection {self.collection}",
                expected=f"fewer than {_FACET_LIMIT} batches",
                found=f"{len(answer.hits)} or more",
                remedy="Count by batch, or retire old ones.",
            )
        return {BatchId(UUID(str(hit.value))): hit.count for hit in answer.hits}

    def scroll_ids(self, *, batch: BatchId | None = None, at_once: int = IDS_A_PAGE) -> Iterator[PointId]:
        """Every point of the batch, or of all, by ascending id; ``at_once`` at a time in memory.

        Points that are written meanwhile may or may not be among them.
        """
        of, offset = filtered_by(batch=batch), None
        while True:
            page, offset = self._page(of, offset, at_once)
            yield from (point_id_of(point.id) for point in page)
            if offset is None:
                return

    def extractions_of(self, ids: Sequence[PointId]) -> dict[PointId, ExtractionId]:
        """The extraction of each of ``ids`` that is stored, as its payload says."""
        found: dict[PointId, ExtractionId] = {}
        for point in self._records(ids, with_payload=["extraction"]):
            found[point_id_of(point.id)] = ExtractionId(UUID((point.payload or {})["extraction"]))
        return found

    def existing(self, ids: Sequence[PointId]) -> set[PointId]:
        """Those of ``ids`` that are stored."""
        return {point_id_of(point.id) for point in self._records(ids, with_payload=False)}

    def close(self) -> None:
        """Close the client's connections."""
        self._client.close()

    def _records(self, ids: Sequence[PointId], *, with_payload: bool | list[str]) -> Iterator[models.Record]:
        for some in _slices(ids):
            plain: list[int | str | UUID] = [str(each) for each in some]
            yield from self._call(partial(self._client.retrieve, self.collection, plain, with_payload=with_payload))

    def _page(
        self, of: models.Filter, offset: models.ExtendedPointId | None, at_most: int
    ) -> tuple[list[models.Record], models.ExtendedPointId | None]:
        return self._call(
            lambda: self._client.scroll(self.collection, of, limit=at_most, offset=offset, with_payload=False)
        )

    def _check(
        self,
        ids: Sequence[PointId],
        dense: NDArray[np.float32],
        sparse: Sequence[SparseVector],
        payloads: Sequence[dict[str, Any]],
    ) -> None:
        if dense.shape != (len(ids), self.dimensions) or not len(ids) == len(sparse) == len(payloads):
            raise ValueError(f"{len(ids)} ids, dense {dense.shape}, {len(sparse)} sparse, {len(payloads)} payloads")
        if any(payload.keys() != PAYLOAD_KEYS for payload in payloads):
            raise ValueError(f"a payload has other keys than {', '.join(sorted(PAYLOAD_KEYS))}")
        bad = [ids[int(row)] for row in np.flatnonzero(~np.isfinite(dense).all(axis=1))]
        if bad:
            raise PointRefusedError(
                f"collection {self.collection}",
                expected="finite vectors",
                found=f"NaN or infinity in {len(bad)} of {len(ids)}, first in point {bad[0]}",
                remedy="Look at the texts of these points and at the embedding model.",
                point_ids=bad,
            )

    def _upsert(
        self,
        ids: Sequence[PointId],
        dense: NDArray[np.float32],
        sparse: Sequence[SparseVector],
        payloads: Sequence[dict[str, Any]],
    ) -> None:
        write = partial(upsert_points, self._client, self.collection, ids, dense, sparse, payloads)
        self._call(write, upserting=ids)

    def _call(self, call: Callable[[], Answer], *, upserting: Sequence[PointId] = ()) -> Answer:
        attempts = stamina.retry_context(
            on=VectorStoreUnavailableError, attempts=_ATTEMPTS if self._retry_s else 1, timeout=self._retry_s
        )
        for attempt in attempts:
            with attempt, translated(f"collection {self.collection}", upserting=upserting):
                return call()
        raise AssertionError("stamina ends in an answer or an exception")


def _slices(ids: Sequence[PointId]) -> Iterator[Sequence[PointId]]:
    return (ids[start : start + _IDS_A_REQUEST] for start in range(0, len(ids), _IDS_A_REQUEST))


def _fused(dense: list[FoundPoint], words: list[FoundPoint]) -> list[FoundPoint]:
    points = {point.id: point for point in (*dense, *words)}
    scores = weighted_sum({p.id: p.score for p in dense}, {p.id: p.score for p in words}, dense_share=DENSE_SHARE)
    return [replace(points[key], score=score) for key, score in scores.items()]


def _found(point: models.ScoredPoint) -> FoundPoint:
    payload = point.payload or {}
    return FoundPoint(
        id=point_id_of(point.id),
        score=point.score,
        extraction=ExtractionId(UUID(payload["extraction"])),
        document=DocumentId(UUID(payload["document"])),
        template=payload["template"],
    )
