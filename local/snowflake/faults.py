"""Faults on demand, so that tests see how a client copes."""

from __future__ import annotations

import threading

from .errors import ApiError

_CODES = {401: "390144", 403: "391904", 429: "390505"}


class Faults:
    """Answers the next requests of a kind with a status instead of an answer.

    Kinds are `submit`, `poll` and `cancel`. `before` faults strike before the request is looked
    at; the others after the statement ran, so that only the answer is lost.
    """

    def __init__(self) -> None:
        self._planned: list[tuple[str, int, bool]] = []
        self._lock = threading.Lock()

    def fail_next(self, status: int, count: int = 1, on: str = "submit", before: bool = True) -> None:
        """Fails the next `count` requests of a kind."""
        with self._lock:
            self._planned += [(on, status, before)] * count

    def take(self, kind: str, before: bool) -> ApiError | None:
        with self._lock:
            for planned in self._planned:
                if planned[0] == kind and planned[2] == before:
                    self._planned.remove(planned)
                    status = planned[1]
                    return ApiError(status, _CODES.get(status, "000000"), f"fault {status}")
        return None
