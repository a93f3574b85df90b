"""The same orders to Parquet, by us and by the others."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench import data, engines, machine, rounds
from bench.data import Orders
from bench.engines import OURS, Engine
from bench.measure import Run


class NotEqual(Exception):
    """The engines wrote different values; what they took means nothing."""


@dataclass(frozen=True)
class Comparison:
    """Runs of every engine over the same file, all with equal outputs."""

    orders: Orders
    threads: int
    engines: list[Engine]
    runs: dict[str, list[Run]]
    """By engine, in the order of the rounds."""
    bytes_written: dict[str, int]


def compare(snowline: Path, rows: int, counted_rounds: int) -> Comparison:
    """Measures all engines and compares what the last round wrote.

    Raises NotEqual when their values differ.
    """
    orders, threads = data.generate(snowline, rows), machine.cores()
    contenders = engines.all_engines(snowline, threads)
    commands = {engine.name: _on(orders, engine) for engine in contenders}
    runs = rounds.in_turn(commands, counted_rounds)
    _check_equal(orders, contenders)
    written = {engine.name: _bytes_below(rounds.folder(engine.name)) for engine in contenders}
    return Comparison(orders, threads, contenders, runs, written)


def _on(orders: Orders, engine: Engine) -> rounds.Contender:
    return lambda target: engine.command(orders.path, target)


def _check_equal(orders: Orders, contenders: list[Engine]) -> None:
    peers = [engine.name for engine in contenders if engine.name != OURS]
    files = [f"{name}={engines.output(rounds.folder(name))}" for name in peers]
    command = [sys.executable, "-m", "bench.equality", str(rounds.folder(OURS)), *files]
    process = subprocess.run(command, capture_output=True, text=True)
    if process.returncode != 0:
        raise NotEqual(process.stderr.strip())
    if (rows := json.loads(process.stdout)["rows"]) != orders.rows:
        raise NotEqual(f"{orders.rows} lines became {rows} rows")


def _bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
