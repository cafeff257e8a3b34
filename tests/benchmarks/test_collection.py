"""Reading a collection in Cranfield's format."""

from pathlib import Path

import pytest

from benchmarks.collection import read_collection

CORPUS = '{"_id": "1", "title": "a .", "text": "a . wing"}\n{"_id": "2", "title": "", "text": ""}\n'
QUERIES = '{"_id": "7", "orig_num": "9", "text": "which wing ."}\n'
JUDGEMENTS = "query-id\tcorpus-id\tscore\n7\t1\t1\n7\t2\t0\n"


def test_a_collection_is_read_and_written_as_files(tmp_path: Path) -> None:
    (tmp_path / "qrels").mkdir()
    for name, content in (("corpus.jsonl", CORPUS), ("queries.jsonl", QUERIES), ("qrels/test.tsv", JUDGEMENTS)):
        (tmp_path / name).write_text(content, encoding="utf-8")
    collection = read_collection(tmp_path)
    assert collection.queries == {"7": "which wing ."}
    assert collection.judgements == {"7": {"1": 1.0}}
    assert collection.write_files(tmp_path / "files") == 1
    assert {path.name: path.read_text() for path in (tmp_path / "files").iterdir()} == {"1.txt": "a . wing\n"}


def test_a_folder_without_the_collection_is_named_with_the_option(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="--cranfield"):
        read_collection(tmp_path)
