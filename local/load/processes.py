"""Processor time and memory of the processes of a run, read from /proc.

The stand-ins of AWS are threads of one process, so their shares are told by `Meter`, which counts the
time of threads by what they do; the rest of the process is what no meter saw: pollers, notifications,
the Runtime API, the interpreter. The functions and the producer are processes of their own.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
KIB = 1024

Find = Callable[[], Iterable[int]]


class Processes:
    """Follows groups of processes; a group is looked for anew each time, as functions start and end.

    What a process that has ended took since the last look is not seen.
    """

    def __init__(self, groups: dict[str, Find]) -> None:
        self._groups = groups
        self._before: dict[int, float] = {}
        self._seconds: Counter[str] = Counter()
        self.peak_mib: dict[str, float] = {}
        """The most that all processes of a group held at once, at a look."""

    def look(self) -> dict[str, float]:
        """Processor seconds of each group since the first look."""
        for group, find in self._groups.items():
            resident = 0.0
            for pid in find():
                if (now := cpu_seconds(pid)) is None:
                    continue
                self._seconds[group] += now - self._before.get(pid, now if pid == os.getpid() else 0.0)
                self._before[pid] = now
                resident += resident_mib(pid)
            self.peak_mib[group] = max(resident, self.peak_mib.get(group, 0.0))
        return {group: self._seconds[group] for group in self._groups}


def cpu_seconds(pid: int) -> float | None:
    """User and system time of a process and all its threads; None if there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    # Fields 14 and 15 of proc_pid_stat(5); the name, which may hold blanks, is the second.
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid: int) -> float:
    """Resident memory of a process; 0 if there is none."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / KIB**2


def machine_seconds() -> tuple[float, float]:
    """Processor seconds that all of the machine was busy and idle since it started."""
    fields = [int(field) / TICKS for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    idle = fields[3] + fields[4]
    # Time of guests is in that of users already.
    return sum(fields[:8]) - idle, idle
