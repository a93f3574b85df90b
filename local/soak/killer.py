"""Sends SIGKILL to processes of functions at random moments."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable

from local.aws.instance import Instance, Report
from local.stack import Stack

FUNCTIONS = ("TransformFunction", "LoadFunction", "PublishFunction")
AIMED_SHARE = 0.8
"""Of the kills, those that wait for an invocation; the others end any process, often an idle one."""

LEAD = 3
"""By how many kills a function may be ahead of another."""

LOOK_S = 0.001
RECENT = 20
FIRST_GUESS_S = 0.1
PATIENCE_S = 5.0
STALLED_S = 60.0


class SoakFailed(Exception):
    """Something went wrong that killing does not explain."""


def was_killed(error: str | None) -> bool:
    """Whether an invocation ended because its process was killed from outside."""
    return error is not None and "Runtime exited with error: signal: 9" in error


class Killer:
    """Kills processes of all functions, of each about as many, until so many were ended by it."""

    def __init__(self, stack: Stack, wanted: int, seed: int) -> None:
        self._stack = stack
        self._wanted = wanted
        self._seed = seed
        self._names = {function: stack.functions[function].name for function in FUNCTIONS}
        self._counting = threading.Lock()
        self.kills: Counter[str] = Counter()
        """How many processes of each function it has ended."""

    def run(self, function: str, over: threading.Event, on_kill: Callable[[int], None]) -> None:
        """Kills processes of one function, and sets `over` when enough were killed of all.

        Raises `SoakFailed` when nothing runs for long that could be killed.
        """
        choice = random.Random(f"{self._seed} {function}")
        last = time.monotonic()
        while not over.is_set():
            if self.kills[function] >= LEAD + min(self.kills[other] for other in FUNCTIONS):
                over.wait(LOOK_S)
                last = time.monotonic()
                continue
            strike = self._aimed if choice.random() < AIMED_SHARE else self._anywhere
            if strike(function, choice, over):
                last = time.monotonic()
                self._count(function, over, on_kill)
            elif time.monotonic() - last > STALLED_S:
                raise SoakFailed(f"no {function} to kill for {STALLED_S:.0f} s; busy: {self._stack.busy()}")

    def _count(self, function: str, over: threading.Event, on_kill: Callable[[int], None]) -> None:
        with self._counting:
            self.kills[function] += 1
            on_kill(self.kills.total())
            if self.kills.total() >= self._wanted:
                over.set()

    def _aimed(self, function: str, choice: random.Random, over: threading.Event) -> bool:
        """Kills in the middle of the next invocation, at a moment anywhere in the time that one takes."""
        instance = self._next_invocation(function, over)
        if instance is None:
            return False
        request_id = instance.request_id
        over.wait(choice.uniform(0, self._usual_s(function)))
        return request_id is not None and instance.request_id == request_id and instance.kill()

    def _anywhere(self, function: str, choice: random.Random, over: threading.Event) -> bool:
        over.wait(choice.uniform(0, 2 * self._usual_s(function)))
        instances = self._stack.instances(function)
        return bool(instances) and choice.choice(instances).kill()

    def _next_invocation(self, function: str, over: threading.Event) -> Instance | None:
        """An instance whose invocation has just begun."""
        known = {instance.request_id for instance in self._stack.instances(function)}
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and not over.wait(LOOK_S):
            for instance in self._stack.instances(function):
                if instance.request_id not in known | {None}:
                    return instance
        return None

    def _usual_s(self, function: str) -> float:
        """What most of the latest invocations that ended well did not exceed."""
        name = self._names[function]
        latest = [report for report in self._stack.reports[-1000:] if report.function == name and not report.error]
        times = [_seconds(report) for report in latest[-RECENT:]]
        return statistics.quantiles(times, n=10)[-1] if len(times) > 1 else FIRST_GUESS_S


def _seconds(report: Report) -> float:
    return (report.duration_ms + (report.init_ms or 0)) / 1000
