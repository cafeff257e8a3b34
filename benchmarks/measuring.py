"""One bench: run, timed, and kept from the others."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from typing import Protocol, TypeVar, cast

from benchmarks.figures import Figure, Measured
from benchmarks.options import Options

Returned = TypeVar("Returned")


class Bench(Protocol):
    """What a bench's module offers."""

    def run(self, options: Options) -> Iterator[Figure]:
        """Measure, and yield each figure as soon as it is known."""


def measure(name: str, options: Options) -> Measured:
    """Run one bench in its folder."""
    bench = cast("Bench", import_module(f"benchmarks.{name}"))
    started = time.perf_counter()
    figures = tuple(bench.run(options))
    return Measured(name, time.perf_counter() - started, figures)


def apart(function: Callable[..., Returned], *given: object) -> Returned:
    """Call it in a process of its own: what it imports, keeps or sets in the environment is not the next one's."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(function, *given).result()
