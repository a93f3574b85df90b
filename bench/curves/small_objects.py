"""What a row costs in a small object."""

from __future__ import annotations

from bench import data, rounds
from bench.curves.section import Section, Setting, cpu_and_wall
from bench.report import times

OBJECT_BYTES = 1_000_000


def curve(setting: Setting) -> Section:
    """The same rows in one object and in objects of 1 MB, in one call."""
    pieces = data.cut(setting.orders, OBJECT_BYTES)
    one, many = "1 object", f"{len(pieces)} objects of 1 MB"
    commands = {one: setting.transform([setting.orders.path]), many: setting.transform(pieces)}
    runs = rounds.in_turn(commands, setting.rounds)
    rows = []
    for name, measured in runs.items():
        cost = rounds.ratio(measured, runs[one], lambda run: run.cpu_s)
        rows.append((name, *cpu_and_wall(measured), times(cost)))
    head = ("the same rows in", "CPU s", "wall s", "CPU a row, times one object's")
    return Section("Small objects", head, rows, runs)
