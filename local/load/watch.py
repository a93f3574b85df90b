"""Looks at a run every second: what was sent, what is buffered, what it takes."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local.aws.firehose import Firehose
from local.load.processes import Processes, machine_seconds

EVERY_S = 1.0
TAIL_BYTES = 4096
_PROGRESS = re.compile(rb"^(\d+) lines, (?:\d+ a second, )?([\d.]+) MB", re.MULTILINE)


@dataclass(frozen=True)
class Sample:
    """One look; processor seconds count from the first.

    `lines` of `text` bytes were sent, `buffered` are bytes in Firehose, of records as it took them.
    `held` tells whether the producer was.
    """

    at: float
    lines: int
    text: int
    buffered: int
    held: bool
    cpu_s: dict[str, float]
    machine_busy_s: float
    machine_idle_s: float


class Watch:
    """Takes samples on a thread of its own, and tells of each."""

    def __init__(
        self, firehose: Firehose, processes: Processes, producer_log: Path, on_sample: Callable[[Sample], None]
    ) -> None:
        self._firehose = firehose
        self._processes = processes
        self._log = producer_log
        self._on_sample = on_sample
        self._over = threading.Event()
        self.samples: list[Sample] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Takes the first sample now."""
        self._thread.start()

    def stop(self) -> None:
        """Takes a last sample."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        ends = False
        while not ends:
            ends = self._over.wait(EVERY_S if self.samples else 0)
            busy, idle = machine_seconds()
            lines, text = sent(self._log)
            if self.samples:
                lines, text = max(lines, self.samples[-1].lines), max(text, self.samples[-1].text)
            buffered, held = self._firehose.buffered, not self._firehose.admits.is_set()
            sample = Sample(time.time(), lines, text, buffered, held, self._processes.look(), busy, idle)
            self.samples.append(sample)
            self._on_sample(sample)


def sent(log: Path) -> tuple[int, int]:
    """The lines, and their bytes to within 0.1 MB, that the producer's last line of progress tells of."""
    if not log.exists():
        return 0, 0
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL_BYTES))
        found = _PROGRESS.findall(file.read())
    if not found:
        return 0, 0
    lines, megabytes = found[-1]
    return int(lines), round(float(megabytes) * 1e6)
