"""A figure: what was measured, and what it has to be."""

import json
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One measured value. ``at_least`` and ``at_most`` are its target, in its unit; without them it only informs."""

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def ok(self) -> bool | None:
        """Whether the target is met; None without a target."""
        if self.at_least is None and self.at_most is None:
            return None
        low, high = self.at_least, self.at_most
        return (low is None or self.value >= low) and (high is None or self.value <= high)

    @property
    def target(self) -> str:
        """The target in words; empty without one."""
        parts = [
            f"{sign} {bound:g}" for sign, bound in (("≥", self.at_least), ("≤", self.at_most)) if bound is not None
        ]
        return " and ".join(parts)

    def as_row(self, bench: str) -> dict[str, object]:
        """The figure for JSON."""
        return {
            "bench": bench,
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "target": self.target or None,
            "ok": self.ok,
        }


@dataclass(frozen=True)
class Measured:
    """What one bench gave, and how long it took to give it."""

    bench: str
    took_s: float
    figures: Sequence[Figure]

    @property
    def ok(self) -> bool:
        """Whether no figure misses its target."""
        return all(figure.ok is not False for figure in self.figures)


def shown(value: float) -> str:
    """Three significant digits, thousands apart, no exponent."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def print_table(measured: Measured, console: Console) -> None:
    """The figures of one bench as a table."""
    table = Table(title=f"{measured.bench} ({measured.took_s:.0f} s)", title_justify="left")
    for heading, justify in (
        ("figure", "left"),
        ("value", "right"),
        ("unit", "left"),
        ("target", "right"),
        ("", "left"),
    ):
        table.add_column(heading, justify="right" if justify == "right" else "left")
    for figure in measured.figures:
        verdict = {True: "met", False: "[red]missed[/red]", None: ""}[figure.ok]
        table.add_row(figure.name, shown(figure.value), figure.unit, figure.target, verdict)
    console.print(table)


def machine() -> dict[str, object]:
    """On what it was measured."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "cores": psutil.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
    }


def write_json(path: Path, benches: Iterable[Measured], started_at: datetime, *, quick: bool) -> None:
    """All figures of one call in one file, with the machine they come from."""
    benches = list(benches)
    content = {
        "started_at": started_at.isoformat(timespec="seconds"),
        "quick": quick,
        "machine": machine(),
        "took_s": {bench.bench: round(bench.took_s, 1) for bench in benches},
        "figures": [figure.as_row(bench.bench) for bench in benches for figure in bench.figures],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
