"""nDCG@10 on Cranfield: ingested by ``waybill ingest``, asked through search's own function, best hit a document."""

import time
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from statistics import median
from typing import get_args

from benchmarks.collection import Collection, read_collection
from benchmarks.command import Waybill
from benchmarks.figures import Figure
from benchmarks.ndcg import mean_ndcg
from benchmarks.options import Options
from orchestration.session import Session, open_session
from orchestration.settings import load_settings
from resources.domain.ids import ClientSlug
from resources.knowledge.search import search
from resources.vectors.store import Mode

CUT = 10
HITS = 40  # several hits can be of one document; so many hold ten documents
CLIENT = ClientSlug("bench")


def ranking(session: Session, words: str, mode: Mode) -> list[str]:
    """The documents of the hits, best hit first, each once."""
    index = session.index
    hits = search(session.ledger.engine, index.store, index.embedder, words, client=CLIENT, k=HITS, mode=mode)
    return list(dict.fromkeys(PurePosixPath(hit.uri).stem for hit in hits))


def run(options: Options) -> Iterator[Figure]:
    """The quality of each mode, then whether hybrid is the best of them."""
    collection, waybill = read_collection(options.cranfield), Waybill(options.folder / "home")
    collection.write_files(options.folder / "files")
    waybill.ingest(options.folder / "files", client=CLIENT)
    asked = dict(list(collection.judgements.items())[: options.size(len(collection.judgements), 20)])
    with open_session(load_settings(home=waybill.home)) as session:
        quality = {}
        for mode in get_args(Mode):
            quality[mode], figures = measure(session, collection, asked, mode)
            yield from figures
    others = max(value for mode, value in quality.items() if mode != "hybrid")
    yield Figure("hybrid against the better of the others", quality["hybrid"] / others, "of it", at_least=1.0)


def measure(
    session: Session, collection: Collection, asked: Mapping[str, Mapping[str, float]], mode: Mode
) -> tuple[float, list[Figure]]:
    """One mode's nDCG@10 over the questions, and the time of one."""
    rankings, took_ms = {}, []
    for query in asked:
        started = time.perf_counter()
        rankings[query] = ranking(session, collection.queries[query], mode)
        took_ms.append((time.perf_counter() - started) * 1000)
    quality = mean_ndcg(rankings, asked, CUT)
    return quality, [
        Figure(f"nDCG@{CUT}, {mode}", quality, f"mean of {len(asked)} queries"),
        Figure(f"time of a query, {mode}", median(took_ms), "ms"),
    ]
