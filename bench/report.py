"""The comparison as a table for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import data, machine
from bench.comparison import Comparison
from bench.engines import OURS, Engine
from bench.measure import Run
from bench.rounds import Spread, ratio

OURS_DOES_MORE = (
    "snowline does more than convert: it validates every field, normalises, adds lineage and derived columns,\n"
    "hashes addresses, and writes two zones and an aggregate; the others write one file of the plain columns."
)
METHOD = (
    "CPU s and wall s: medians of what the finished process used, less its start-up (interpreter and libraries;\n"
    "in brackets). Ratios to snowline: median (least..most) of the rounds. All outputs hold equal values."
)
HEAD = ("engine", "version", "CPU s", "wall s", "peak MiB", "MB out", "rows", "CPU, times ours", "wall, times ours")


def printed(comparison: Comparison) -> str:
    """The table with what a reader must know of it."""
    orders = comparison.orders
    counted = len(comparison.runs[OURS])
    head = [
        f"{orders.rows:,} orders, {orders.bytes / 1e6:.1f} MB of JSON lines, to Parquet with zstd 1; "
        f"{comparison.threads} threads each; {counted} rounds",
        machine_line(),
        OURS_DOES_MORE,
        METHOD,
    ]
    rows = [_row(comparison, engine) for engine in comparison.engines]
    return "\n".join([*head, "", *table([HEAD, *rows], left=2)])


def write_json(comparison: Comparison, path: Path) -> None:
    """Everything that was measured, run by run."""
    document = {
        "machine": machine.describe(),
        "commit": machine.commit(),
        "input": data.describe(comparison.orders),
        "threads": comparison.threads,
        "engines": [_engine(comparison, engine) for engine in comparison.engines],
    }
    path.write_text(json.dumps(document, indent=2) + "\n")


def table(rows: Sequence[Sequence[str]], left: int = 1) -> Iterable[str]:
    """Lines of columns, the first few of them flush left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, range(len(row)), strict=True)
        yield "  ".join(cell.ljust(width) if at < left else cell.rjust(width) for cell, width, at in cells).rstrip()


def machine_line() -> str:
    """The machine, in one line."""
    described = machine.describe()
    return f"{described['cpu']}, {described['cores']} cores, {described['memory_mib']:,} MiB, {described['kernel']}"


def figure(runs: list[Run], name: str) -> str:
    """The median of a figure in seconds."""
    return f"{Spread.of([getattr(run, name) for run in runs]).median:.2f}"


def times(spread: Spread) -> str:
    """A ratio with its spread."""
    return f"{spread.median:.2f} ({spread.least:.2f}..{spread.most:.2f})"


def run_figures(run: Run) -> dict[str, float]:
    """A run, with what follows from it."""
    return {name: round(value, 4) for name, value in (asdict(run) | {"cpu_s": run.cpu_s, "wall_s": run.wall_s}).items()}


def _row(comparison: Comparison, engine: Engine) -> tuple[str, ...]:
    runs, ours = comparison.runs[engine.name], comparison.runs[OURS]
    return (
        engine.name,
        engine.version,
        f"{figure(runs, 'cpu_s')} (+{figure(runs, 'startup_cpu_s')})",
        f"{figure(runs, 'wall_s')} (+{figure(runs, 'startup_wall_s')})",
        f"{max(run.peak_mib for run in runs):.0f}",
        f"{comparison.bytes_written[engine.name] / 1e6:.1f}",
        f"{comparison.orders.rows:,}",
        times(ratio(runs, ours, lambda run: run.cpu_s)),
        times(ratio(runs, ours, lambda run: run.wall_s)),
    )


def _engine(comparison: Comparison, engine: Engine) -> dict[str, Any]:
    runs, ours = comparison.runs[engine.name], comparison.runs[OURS]
    figures = ("cpu_s", "wall_s", "process_cpu_s", "process_wall_s")
    return {
        "engine": engine.name,
        "version": engine.version,
        "rows": comparison.orders.rows,
        "bytes_written": comparison.bytes_written[engine.name],
        "times_ours": {figure: asdict(ratio(runs, ours, lambda run, f=figure: getattr(run, f))) for figure in figures},
        "rounds": [run_figures(run) for run in runs],
    }
