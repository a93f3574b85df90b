"""What the number of columns makes of the speed."""

from __future__ import annotations

from bench import machine, rounds, widths
from bench.curves.section import Section, Setting, cpu_and_wall
from bench.engines import duckdb_over, transform
from bench.measure import Run
from bench.report import times
from bench.rounds import Contender
from bench.widths import Width

DUCKDB = "DuckDB"


def curve(setting: Setting) -> Section:
    """Contracts of 3 and of 200 columns next to orders, over as many bytes, and DuckDB over the same."""
    size = setting.orders.bytes
    commands: dict[str, Contender] = {"orders": setting.transform([setting.orders.path])}
    for width in (widths.narrow(size), widths.wide(size)):
        name = f"{len(width.columns)} columns"
        commands[name] = _ours(setting, width)
        commands[f"{DUCKDB}, {name}"] = duckdb_over(width, machine.cores())
    runs = rounds.in_turn(commands, setting.rounds)
    rows = []
    for name, measured in runs.items():
        if name.startswith(DUCKDB):
            continue
        duckdb = runs.get(f"{DUCKDB}, {name}")
        rows.append((
            name, *cpu_and_wall(measured), times(rounds.ratio(measured, runs["orders"], _cpu)),
            times(rounds.ratio(duckdb, measured, _cpu)) if duckdb else "",
        ))
    head = ("contract", "CPU s", "wall s", "CPU, times that of orders", "DuckDB's CPU, times ours")
    return Section("Contracts", head, rows, runs)


def _ours(setting: Setting, width: Width) -> Contender:
    return lambda target: transform(setting.snowline, target, [width.records], contract=str(width.contract))


def _cpu(run: Run) -> float:
    return run.cpu_s
