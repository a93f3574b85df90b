"""Compressed objects: what inflating alone takes, and the transform with it."""

from __future__ import annotations

import sys
from operator import attrgetter
from pathlib import Path

from bench import data, rounds
from bench.curves.section import Section, Setting, cpu_and_wall
from bench.measure import Run
from bench.report import times
from bench.rounds import Contender, ratio

INFLATERS = ("isal", "zlib-ng")
PLAIN = "snowline, plain"
WALL = attrgetter("wall_s")


def curve(setting: Setting) -> Section:
    """The same orders as gzip -6, in one member and in many, and inflated by others to nowhere."""
    files = data.gzipped(setting.orders)
    commands = {PLAIN: setting.transform([setting.orders.path])}
    for kind, path in files.items():
        commands[f"snowline, {kind}"] = setting.transform([path])
        for inflater in INFLATERS:
            commands[f"{inflater} alone, {kind}"] = _inflate(inflater, path, setting.orders.bytes)
    runs = rounds.in_turn(commands, setting.rounds)
    rows = []
    for name, measured in runs.items():
        alone = runs.get(f"{INFLATERS[0]} alone, {name.partition(', ')[2]}")
        ratios = _ratios(measured, alone, runs[PLAIN]) if alone else ("", "")
        rows.append((name, *cpu_and_wall(measured), *ratios))
    head = ("gzip", "CPU s", "wall s", f"times {INFLATERS[0]}", f"times the slower of {INFLATERS[0]} and plain")
    return Section("gzip -6", head, rows, runs)


def _ratios(runs: list[Run], alone: list[Run], plain: list[Run]) -> tuple[str, str]:
    """Wall time, times what inflating takes, and times what sets the limit when it runs beside decoding."""
    slower = [max(pair, key=lambda run: run.wall_s) for pair in zip(alone, plain, strict=True)]
    return times(ratio(runs, alone, WALL)), times(ratio(runs, slower, WALL))


def _inflate(inflater: str, path: Path, size: int) -> Contender:
    command = [sys.executable, "-m", "bench.curves.inflate", inflater, str(path), str(size)]
    return lambda _target: command
