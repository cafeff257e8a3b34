"""What a collection looks like, and making it so."""

import re
from typing import Final

from qdrant_client import QdrantClient, models

from resources.vectors.errors import CollectionMismatchError, VectorStoreRefusedError, translated
from resources.vectors.points import DENSE, SPARSE

INDEXES: Final[dict[str, models.KeywordIndexParams | models.UuidIndexParams]] = {
    "client": models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True),
    "source": models.UuidIndexParams(type=models.UuidIndexType.UUID),
    "batch": models.UuidIndexParams(type=models.UuidIndexType.UUID),
    "document": models.UuidIndexParams(type=models.UuidIndexType.UUID),
}
"""The payload fields that we filter by. UUIDs are kept as numbers, in a third of the memory of words."""

_UNSAFE: Final = re.compile(r"[^a-z0-9_.-]+")


def collection_name(embedding_model: str, *, prefix: str = "waybill") -> str:
    """The collection of an embedding model: its name in characters that every Qdrant and every file system takes."""
    return f"{prefix}-" + _UNSAFE.sub("-", embedding_model.lower()).strip("-.")


def ensure_collection(client: QdrantClient, collection: str, dimensions: int) -> None:
    """Make the collection and its payload indexes where they are missing; safe to repeat and to race.

    Raises:
        CollectionMismatchError: it exists with other vectors.
        VectorStoreUnavailableError, VectorStoreRefusedError: as ``errors.translated``.
    """
    where = f"collection {collection}"
    with translated(where):
        if not client.collection_exists(collection):
            _create(client, collection, dimensions)
        described = client.get_collection(collection)
    _check(where, described, dimensions)
    with translated(where):
        for field, schema in INDEXES.items():
            if field not in described.payload_schema:
                client.create_payload_index(collection, field, field_schema=schema)


def _create(client: QdrantClient, collection: str, dimensions: int) -> None:
    try:
        with translated(f"collection {collection}"):
            client.create_collection(
                collection,
                vectors_config={DENSE: models.VectorParams(size=dimensions, distance=models.Distance.COSINE)},
                sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
            )
    except VectorStoreRefusedError:
        # Another process was faster; if not, the refusal is ours to pass on.
        if not client.collection_exists(collection):
            raise


def _check(where: str, described: models.CollectionInfo, dimensions: int) -> None:
    vectors, sparse = described.config.params.vectors, described.config.params.sparse_vectors or {}
    dense = vectors.get(DENSE) if isinstance(vectors, dict) else None
    if (
        dense is None
        or (dense.size, dense.distance) != (dimensions, models.Distance.COSINE)
        or SPARSE not in sparse
        or sparse[SPARSE].modifier != models.Modifier.IDF
    ):
        raise CollectionMismatchError(
            where,
            expected=f"a vector '{DENSE}' of {dimensions} dimensions by cosine and a sparse '{SPARSE}' with IDF",
            found=f"{vectors} and {sparse or 'no sparse vectors'}",
            remedy="Another embedding model filled it: give this one another name, or delete the collection.",
        )
