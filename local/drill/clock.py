"""The clock that metrics have in a drill."""

from __future__ import annotations

import time

STEP_S = 300
_BEFORE_END_S = 0.001


class Clock:
    """Metric time as a function of real time: each step is five minutes, however long it took.

    What happens between two steps belongs to the later one. Both are seconds since 1970.
    """

    def __init__(self) -> None:
        self._real_begin = time.time()
        self.start = self.now = self._real_begin // STEP_S * STEP_S
        """Metric time at which the next step begins; a whole multiple of five minutes."""
        self._spans: list[tuple[float, float, float]] = []

    def end_step(self) -> None:
        """Ends a step now: `now` is five minutes later."""
        real_end = time.time()
        self._spans.append((self._real_begin, real_end, self.now))
        self._real_begin = real_end
        self.now += STEP_S

    def metric_time(self, real: float) -> float:
        """The metric time of a moment of a step that has ended."""
        for begin, end, metric_begin in reversed(self._spans):
            if real >= begin:
                share = (real - begin) / (end - begin)
                return metric_begin + min(share * STEP_S, STEP_S - _BEFORE_END_S)
        return self._spans[0][2]
