"""What a process used, as the operating system accounts for it when it has ended.

Linux hands the peak memory of the parent down to a child when that starts another program, so
the process that measures must stay smaller than what it measures: nothing large is imported here.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

READY = "ready: "
OWN_PEAK_MIB = 40


class TooLarge(Exception):
    """The measuring process has grown so large that peaks would be its own."""


class ProcessFailed(Exception):
    """A measured process did not end well."""


@dataclass(frozen=True)
class Run:
    """One run of a process.

    CPU is user plus system time. What a process used before it called `ready` is its start-up:
    an interpreter and its libraries, no conversion. Zero for a process that does not call it.
    """

    process_cpu_s: float
    process_wall_s: float
    startup_cpu_s: float
    startup_wall_s: float
    peak_mib: float
    """At least that of the process that measures, which is held under OWN_PEAK_MIB."""

    @property
    def cpu_s(self) -> float:
        """CPU seconds after the start-up."""
        return self.process_cpu_s - self.startup_cpu_s

    @property
    def wall_s(self) -> float:
        """Seconds after the start-up."""
        return self.process_wall_s - self.startup_wall_s


def ready() -> None:
    """Says, from inside a measured process, that everything is loaded and the work begins."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    mark = {"cpu_s": usage.ru_utime + usage.ru_stime, "at_s": time.monotonic()}
    sys.stdout.write(f"{READY}{json.dumps(mark)}\n")
    sys.stdout.flush()


def run(command: Sequence[str | Path], log: Path) -> Run:
    """Runs a command to its end; what it prints goes to the file `log`.

    Raises ProcessFailed with the end of its log when the exit code is not 0.
    """
    if (own_mib := resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024) > OWN_PEAK_MIB:
        raise TooLarge(f"{own_mib:.0f} MiB used by what measures, more than {OWN_PEAK_MIB}")
    with log.open("wb") as out:
        begun = time.monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        ended = time.monotonic()
    process.returncode = os.waitstatus_to_exitcode(status)
    printed = log.read_text(errors="replace")
    if process.returncode != 0:
        words = " ".join(map(str, command[:8]))
        raise ProcessFailed(f"{words}: exit code {process.returncode}\n{printed[-2000:]}")
    startup_cpu_s, ready_at = _ready(printed, begun)
    cpu_s = usage.ru_utime + usage.ru_stime
    return Run(cpu_s, ended - begun, startup_cpu_s, ready_at - begun, usage.ru_maxrss / 1024)


def _ready(printed: str, begun: float) -> tuple[float, float]:
    for line in printed.splitlines():
        if line.startswith(READY):
            mark = json.loads(line.removeprefix(READY))
            return mark["cpu_s"], mark["at_s"]
    return 0.0, begun
