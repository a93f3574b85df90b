"""What every curve is given, and what it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.data import Orders
from bench.engines import transform
from bench.measure import Run
from bench.report import figure, run_figures
from bench.rounds import Contender


@dataclass(frozen=True)
class Setting:
    """The binary, the orders, and how often each command runs."""

    snowline: Path
    orders: Orders
    rounds: int

    def transform(self, inputs: list[Path], *options: str) -> Contender:
        """Our command over these files."""
        return lambda target: transform(self.snowline, target, inputs, *options)


@dataclass(frozen=True)
class Section:
    """One curve: what it says, as a table and run by run."""

    title: str
    head: Sequence[str]
    rows: list[Sequence[str]]
    runs: dict[str, list[Run]]

    def document(self) -> dict[str, Any]:
        """The runs for the JSON file."""
        return {name: [run_figures(run) for run in runs] for name, runs in self.runs.items()}


def cpu_and_wall(runs: list[Run]) -> tuple[str, str]:
    """Medians of both, as they are printed."""
    return figure(runs, "cpu_s"), figure(runs, "wall_s")
