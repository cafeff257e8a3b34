"""What commands print: tables and bars on a terminal, plain lines elsewhere, JSON where asked for."""

import json
import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from orchestration.ingestion import Report

EXCERPT_LINES: Final = 4


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table as wide as the terminal; elsewhere 120 characters, uncut by wrapping."""
    console = Console() if sys.stdout.isatty() else Console(width=120)
    table = Table(title=title, title_justify="left", header_style="bold")
    for number, column in enumerate(columns):
        right = bool(rows) and all(isinstance(row[number], int | float) for row in rows)
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    console.print(table)


def print_mapping(title: str, values: Mapping[str, object]) -> None:
    """A table of names and values."""
    print_table(title, ["", "value"], list(values.items()))


def print_reports(reports: "Sequence[Report]") -> None:
    """What ingests made, a row each; failed documents with their reasons on standard error."""
    columns = ["source", "listed", "new", "changed", "gone", "failed", "extractions added", "embedded"]
    print_table("Ingested", columns, [(report.source.partition_key, *report.row()) for report in reports])
    for report in reports:
        for uri, failure in report.failures:
            sys.stderr.write(f"failed: {uri}: {failure['reason']}\n")


def print_excerpt(text: str) -> None:
    """The first lines of a hit, indented; `--json` gives it whole."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    for line in lines[:EXCERPT_LINES]:
        sys.stdout.write(f"    {line}\n")
    if len(lines) > EXCERPT_LINES:
        sys.stdout.write(f"    … ({len(lines) - EXCERPT_LINES} more lines)\n")


class ProgressLines:
    """A bar on a terminal, a line for each step elsewhere. Written to standard error."""

    def __init__(self) -> None:
        """Nothing is shown before `start`."""
        self._terminal = sys.stderr.isatty()
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=Console(stderr=True), transient=True, disable=not self._terminal,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}
        self._done: dict[str, int] = {}
        self._totals: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def start(self, what: str, total: int) -> None:
        """``total`` steps of ``what`` lie ahead."""
        self._tasks[what] = self._bar.add_task(what, total=total)
        self._done[what], self._totals[what] = 0, total

    def advance(self, what: str) -> None:
        """One more of them is done."""
        self._done[what] += 1
        self._bar.advance(self._tasks[what])
        if not self._terminal:
            sys.stderr.write(f"{what}: {self._done[what]} of {self._totals[what]}\n")
