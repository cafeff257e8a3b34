"""``waybill ingest`` from the command's start to its exit: files a second, again unchanged, and peak memory."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.command import Ended, Waybill
from benchmarks.corpus import write_corpus
from benchmarks.figures import Figure
from benchmarks.memory import Peak, PeakMemory
from benchmarks.options import Options

MIB = 1 << 20
# Files, and the files a second that are to be reached with as many: what a start costs weighs less in the larger.
TARGETS = {2_000: 100.0, 20_000: 200.0}
MEMORY_GROWTH = 1.2
UNCHANGED_SHARE = 0.1
JUDGED = {"command", "keeper", "postgres", "vector engine"}


@dataclass(frozen=True)
class Ingested:
    """An ingest and the unchanged one after it: seconds in all and in each step, and each role's peak."""

    files: int
    took_s: float
    step_s: dict[str, float]
    again_s: float
    again_step_s: dict[str, float]
    peaks: dict[str, Peak]

    def figures(self) -> Iterator[Figure]:
        """Speed, the split of the time, and what an unchanged source costs."""
        name = f"{self.files:,} files"
        yield Figure(name, self.files / self.took_s, "files/s", at_least=TARGETS.get(self.files))
        yield Figure(f"{name}, start to exit", self.took_s, "s")
        for step, seconds in self.step_s.items():
            yield Figure(f"{name}, of it {step}", seconds, "s")
        yield Figure(f"{name}, of it all else", self.took_s - sum(self.step_s.values()), "s")
        yield Figure(f"{name}, unchanged, start to exit", self.again_s, "s")
        share = sum(self.again_step_s.values()) / sum(self.step_s.values())
        yield Figure(f"{name}, unchanged, steps", share, "of the first's", at_most=UNCHANGED_SHARE)


def steps(ended: Ended) -> dict[str, float]:
    """Seconds of each step, summed over the command's runs."""
    (source,) = ended.json()["sources"]
    return {step: float(seconds) for step, seconds in source["step_seconds"].items()}


def ingest(files: int, options: Options) -> Ingested:
    """Ingest ``files`` new files in a new home, then again unchanged."""
    folder, waybill = options.folder / f"files-{files}", Waybill(options.folder / f"home-{files}")
    write_corpus(folder, files)
    with PeakMemory(waybill.home) as memory:
        first = waybill.ingest(folder)
    again = waybill.ingest(folder)
    return Ingested(files, first.took_s, steps(first), again.took_s, steps(again), dict(memory.peaks))


def run(options: Options) -> Iterator[Figure]:
    """Both sizes, then how much more memory the larger one took."""
    small, large = (ingest(files, options) for files in ((20, 200) if options.quick else TARGETS))
    yield from small.figures()
    yield from large.figures()
    for role in sorted(small.peaks.keys() & large.peaks.keys() & JUDGED):
        before, after = small.peaks[role], large.peaks[role]
        yield Figure(f"peak memory, {role}, resident", after.rss / MIB, "MiB")
        yield Figure(f"peak memory, {role}, its own", after.own / MIB, "MiB")
        yield Figure(f"peak memory, {role}, growth of its own", after.own / before.own, "times", at_most=MEMORY_GROWTH)
