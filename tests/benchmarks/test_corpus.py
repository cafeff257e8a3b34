"""The files that speed is measured on: the same each time, of the size that is said, with something to extract."""

import re
import time
from pathlib import Path

from benchmarks.corpus import paths, text, write_corpus


def test_a_seed_gives_the_same_files_however_many_there_are(tmp_path: Path) -> None:
    few, many, other = tmp_path / "few", tmp_path / "many", tmp_path / "other"
    write_corpus(few, 3)
    size_bytes = write_corpus(many, 30)
    write_corpus(other, 3, seed=2)
    assert [path.read_bytes() for path in paths(few, 3)] == [path.read_bytes() for path in paths(many, 3)]
    assert [path.read_bytes() for path in paths(few, 3)] != [path.read_bytes() for path in paths(other, 3)]
    assert size_bytes == sum(path.stat().st_size for path in many.rglob("*.txt"))


def test_a_file_has_about_200_words_and_states_something() -> None:
    texts = [text(number) for number in range(200)]
    words = [len(content.split()) for content in texts]
    assert min(words) >= 200
    assert sum(words) / len(words) < 260
    for pattern in (r"\d,\d{3} [a-z]+ in ", r"On \d+ [A-Z][a-z]+ 20\d\d", r"“.+,” said [A-Z]", r"joined [A-Z]"):
        assert sum(bool(re.search(pattern, content)) for content in texts) > 100, pattern


def test_no_two_files_are_alike() -> None:
    assert len({text(number) for number in range(2000)}) == 2000


def test_files_are_written_fast_enough_to_try_20_000(tmp_path: Path) -> None:
    started = time.perf_counter()
    write_corpus(tmp_path, 1000)
    assert time.perf_counter() - started < 3  # 20,000 files in a minute even on a busy machine
