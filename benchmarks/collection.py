"""The Cranfield collection: 1,400 abstracts, 225 questions, and which abstracts answer which (Cleverdon 1967)."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

NOT_FOUND = "the Cranfield collection is not in {}: give its folder by --cranfield or WAYBILL_BENCH_CRANFIELD"


@dataclass(frozen=True)
class Collection:
    """Texts by document, texts by query, and the grade of each judged document by query. Ids are strings of digits."""

    documents: Mapping[str, str]
    queries: Mapping[str, str]
    judgements: Mapping[str, Mapping[str, float]]

    def write_files(self, folder: Path) -> int:
        """One text file a document, ``<id>.txt``; returns how many. The two documents without a text get no file."""
        folder.mkdir(parents=True, exist_ok=True)
        written = {name: text for name, text in self.documents.items() if text.strip()}
        for name, text in written.items():
            (folder / f"{name}.txt").write_text(text + "\n", encoding="utf-8")
        return len(written)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def read_collection(folder: Path) -> Collection:
    """Read ``corpus.jsonl``, ``queries.jsonl`` and ``qrels/test.tsv`` of ``folder``.

    Raises:
        FileNotFoundError: one of the three is not there.
    """
    if not (folder / "corpus.jsonl").is_file():
        raise FileNotFoundError(NOT_FOUND.format(folder))
    judgements: dict[str, dict[str, float]] = {}
    with (folder / "qrels" / "test.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if (grade := float(row["score"])) > 0:
                judgements.setdefault(row["query-id"], {})[row["corpus-id"]] = grade
    return Collection(
        documents={row["_id"]: row["text"] for row in _rows(folder / "corpus.jsonl")},
        queries={row["_id"]: row["text"] for row in _rows(folder / "queries.jsonl")},
        judgements=judgements,
    )
