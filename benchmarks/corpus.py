"""Text files of about 200 words, as an agency has them: sentences with and without figures, dates, names, quotes."""

import random
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

FILES_PER_FOLDER = 1000
PLACEHOLDER = re.compile(r"{(\w+)(:,)?}")
TITLE = "the {adjectives} {nouns} of {places}"

_MATERIAL = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
SENTENCES: list[str] = _MATERIAL["sentences"]
NUMBERS: dict[str, tuple[int, int]] = {kind: (low, high) for kind, (low, high) in _MATERIAL["numbers"].items()}
WORDS: dict[str, list[str]] = {
    kind: words.split() if isinstance(words, str) else words for kind, words in _MATERIAL["words"].items()
}


def _filled(template: str, rng: random.Random) -> str:
    def one(found: re.Match[str]) -> str:
        kind, thousands = found.groups()
        if kind in NUMBERS:
            return format(rng.randint(*NUMBERS[kind]), "," if thousands else "")
        return rng.choice(WORDS[kind])

    return PLACEHOLDER.sub(one, template)


def text(number: int, *, seed: int = 1, words: int = 200) -> str:
    """The text of file ``number``: the same for the same seed, however many there are. At least ``words`` words."""
    rng = random.Random(f"{seed}/{number}")
    paragraphs = [f"Report {number}: {_filled(TITLE, rng)}"]
    written = 0
    while written < words:
        sentences = [_filled(rng.choice(SENTENCES), rng) for _ in range(rng.randint(3, 6))]
        written += sum(sentence.count(" ") + 1 for sentence in sentences)
        paragraphs.append(" ".join(sentences))
    return "\n\n".join(paragraphs) + "\n"


def write_corpus(folder: Path, files: int, *, seed: int = 1, words: int = 200) -> int:
    """Write ``files`` text files below ``folder``, 1,000 to a sub-folder; returns their size in bytes."""
    return sum(_write(folder, number, text(number, seed=seed, words=words)) for number in range(files))


def paths(folder: Path, files: int) -> Iterator[Path]:
    """Where ``write_corpus`` puts them, in order."""
    return (_path(folder, number) for number in range(files))


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number // FILES_PER_FOLDER:03}" / f"report-{number:06}.txt"


def _write(folder: Path, number: int, content: str) -> int:
    path = _path(folder, number)
    if number % FILES_PER_FOLDER == 0:
        path.parent.mkdir(parents=True, exist_ok=True)
    return path.write_bytes(content.encode())
