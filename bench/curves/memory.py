"""The memory that an object of some size needs."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench import data, rounds
from bench.curves.section import Section, Setting, cpu_and_wall
from bench.measure import Run, run
from bench.places import DATA, OUT

SIZES_MB = (10, 100, 1_000)
LARGEST_MB = 5_000
# The object, and what it becomes: about a fifth of it.
DISK_FACTOR = 1.5


class DiskTooSmall(Exception):
    """An object and what it becomes would fill the disk."""


def curve(setting: Setting, largest: bool) -> Section:
    """Peak memory by the size of the object; up to 5 GB with `largest`."""
    runs: dict[str, list[Run]] = {}
    rows = []
    for megabytes in (*SIZES_MB, *((LARGEST_MB,) if largest else ())):
        name = f"{megabytes:,} MB"
        runs[name] = _measured(setting, megabytes)
        peaks = [run.peak_mib for run in runs[name]]
        rows.append((name, *cpu_and_wall(runs[name]), f"{max(peaks):.0f}"))
    return Section("Memory", ("object", "CPU s", "wall s", "peak MiB"), rows, runs)


def _measured(setting: Setting, megabytes: int) -> list[Run]:
    free = shutil.disk_usage(DATA).free
    if free < megabytes * 1_000_000 * DISK_FACTOR:
        raise DiskTooSmall(f"{free // 1_000_000:,} MB of disk are free: too few for an object of {megabytes:,} MB")
    path = DATA / "object.json"
    target = rounds.folder("memory")
    try:
        data.fill(setting.orders, path, megabytes * 1_000_000)
        return [_once(setting, path, target) for _ in range(setting.rounds)]
    finally:
        path.unlink(missing_ok=True)
        shutil.rmtree(target, ignore_errors=True)


def _once(setting: Setting, path: Path, target: Path) -> Run:
    emptied = rounds.emptied(target)
    return run(setting.transform([path])(emptied), OUT / "memory.log")
