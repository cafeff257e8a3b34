"""Which rows of a refused chunk are to blame: found by halving, and only with a witness that others are accepted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from resources.domain.errors import PermanentError
from resources.domain.ids import ExtractionId, PointId
from resources.ledger.embeddings import Orphan

Upsert = Callable[[Sequence[Orphan]], list[PointId]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was refused alone, while another row was accepted."""

    orphan: Orphan
    error: PermanentError


def isolate(
    orphans: Sequence[Orphan], upsert: Upsert, witness: Orphan | None, refusal: PermanentError
) -> tuple[dict[ExtractionId, PointId], list[Refusal]]:
    """Upsert what can be, and name the rows that cannot: at most 2·r·log2(n) further calls for r bad rows of n.

    A row is blamed only when another is accepted beside it: one of the chunk, or ``witness``, a row that was embedded
    before. A store or a model that refuses everything is out of order, and that is no row's fault; only a lone row of a
    batch in which nothing was ever embedded has no witness, and is blamed alone.

    Raises:
        PermanentError: nothing at all is accepted.
        TransientError: the embedder or the store cannot be reached.
    """
    accepted: dict[ExtractionId, PointId] = {}
    refusals: list[Refusal] = []
    halves: list[tuple[Sequence[Orphan], PermanentError]] = [(orphans, refusal)]
    while halves:
        some, error = halves.pop()
        if len(some) == 1:
            refusals.append(Refusal(some[0], error))
            continue
        for half in (some[: len(some) // 2], some[len(some) // 2 :]):
            try:
                accepted.update(zip((orphan.id for orphan in half), upsert(half), strict=True))
            except PermanentError as again:
                halves.append((half, again))
    if not accepted and witness is not None:
        upsert([witness])
    elif not accepted and len(orphans) > 1:
        raise refusal
    return accepted, refusals
