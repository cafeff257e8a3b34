"""Normalised discounted cumulative gain as trec_eval's ``ndcg_cut`` counts it: the gain is the grade itself."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean


def dcg(gains: Sequence[float]) -> float:
    """The sum of each gain over log2(rank + 1), ranks from 1 (Järvelin and Kekäläinen 2002, base 2)."""
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def ndcg(ranking: Sequence[str], relevant: Mapping[str, float], k: int = 10) -> float:
    """From 0 to 1: the gain of the first ``k`` of ``ranking`` over that of the best possible ranking.

    ``relevant`` gives the grade of each document that has one; a document that comes twice counts where it comes first.

    Raises:
        ValueError: no document is relevant, so there is no best ranking.
    """
    best = dcg(sorted(relevant.values(), reverse=True)[:k])
    if best <= 0:
        raise ValueError("a query without a relevant document has no nDCG; leave it out")
    distinct = list(dict.fromkeys(ranking))[:k]
    return dcg([relevant.get(document, 0.0) for document in distinct]) / best


def mean_ndcg(
    rankings: Mapping[str, Sequence[str]], judgements: Mapping[str, Mapping[str, float]], k: int = 10
) -> float:
    """The mean over all judged queries; one that was not answered at all counts 0."""
    return fmean(ndcg(rankings.get(query, ()), relevant, k) for query, relevant in judgements.items())
