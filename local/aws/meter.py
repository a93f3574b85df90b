"""Processor time by what it was spent on, for stand-ins that share a process."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Meter:
    """Adds up the processor time of threads under names.

    Time of other threads that work for one, as those of a library, is not in it.
    """

    def __init__(self) -> None:
        self._seconds: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds by name, so far."""
        with self._lock:
            return dict(self._seconds)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Counts what the thread takes inside."""
        begun = time.thread_time()
        try:
            yield
        finally:
            taken = time.thread_time() - begun
            with self._lock:
                self._seconds[name] += taken
