"""Audit and merge at a steady pace, as the DAG would with a schedule of so many seconds."""

from __future__ import annotations

import threading
import time
from typing import Any

from local.stack import FunctionFailed, Stack


class Publisher:
    """Publishes on a thread of its own until it is stopped; runs never overlap."""

    def __init__(self, stack: Stack, every_s: float) -> None:
        self._stack = stack
        self._every_s = every_s
        self._over = threading.Event()
        self._runs = 0
        self.merges: list[dict[str, int]] = []
        self.failure: FunctionFailed | None = None
        """Why it stopped by itself, if it did."""
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begins; the first run comes after one interval."""
        self._thread.start()

    def stop(self) -> None:
        """Ends when the run under way is done."""
        self._over.set()
        self._thread.join()

    def publish(self) -> dict[str, Any]:
        """Audits and merges now; returns what the audit found. Raises `FunctionFailed`."""
        self._runs += 1
        audit = self.task("audit")
        self.merges.append(self.task("merge"))
        return audit

    def task(self, name: str) -> Any:
        """Invokes publish with the payload of the DAG's task of this name."""
        return self._stack.invoke("PublishFunction", {"task": name, "run_id": f"load-test-{self._runs}"})

    def _run(self) -> None:
        due = time.monotonic() + self._every_s
        while not self._over.wait(max(0.0, due - time.monotonic())):
            # One that lasts longer than the pace is followed by the next at once.
            due = max(due + self._every_s, time.monotonic())
            try:
                self.publish()
            except FunctionFailed as failure:
                self.failure = failure
                return
