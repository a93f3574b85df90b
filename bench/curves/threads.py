"""What another thread is worth."""

from __future__ import annotations

from bench import machine, rounds
from bench.curves.section import Section, Setting, cpu_and_wall
from bench.report import times


def curve(setting: Setting) -> Section:
    """The same orders with 1 to as many threads as there are processors."""
    orders = setting.orders.path
    commands = {
        _name(threads): setting.transform([orders], "--threads", str(threads))
        for threads in range(1, machine.cores() + 1)
    }
    runs = rounds.in_turn(commands, setting.rounds)
    rows = []
    for name, measured in runs.items():
        faster = rounds.ratio(runs[_name(1)], measured, lambda run: run.wall_s)
        rows.append((name, *cpu_and_wall(measured), times(faster)))
    head = ("threads", "CPU s", "wall s", "times as fast as one")
    return Section("Threads", head, rows, runs)


def _name(threads: int) -> str:
    return f"{threads} thread{'s' if threads > 1 else ''}"
