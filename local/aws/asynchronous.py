"""Lambda's asynchronous invocations: a queue, retries, and the on-failure destination."""

from __future__ import annotations

import heapq
import itertools
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from local.aws.function import Function, Stopped, Throttled
from local.aws.iam import Session
from local.aws.instance import Result

THROTTLE_PAUSE_S = 0.1

Send = Callable[[Session, str, str], None]


@dataclass
class Event:
    """One asynchronous invocation; its request id stays the same through its retries."""

    request_id: str
    payload: bytes
    accepted_at: float
    attempts: int = 0


class AsyncInvoker:
    """Carries out the asynchronous invocations of one function.

    `retry_delays` are the pauses before the second and the third attempt; the service
    waits 60 and 120 seconds. `send` puts a body on the queue of an ARN with the function's role.
    """

    def __init__(
        self,
        function: Function,
        retry_delays: tuple[float, ...],
        workers: int,
        send: Send,
    ) -> None:
        self._function = function
        self._retry_delays = retry_delays
        self._send = send
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Event]] = []
        self._order = itertools.count()
        self._pending = 0
        self._closed = False
        for _ in range(workers):
            threading.Thread(target=self._work, daemon=True).start()

    @property
    def pending(self) -> int:
        """Events that wait, run, or wait for their retry."""
        return self._pending

    def accept(self, request_id: str, payload: bytes) -> None:
        """Queues one event."""
        with self._changed:
            self._pending += 1
            self._schedule(0, Event(request_id, payload, time.time()))

    def stop(self) -> None:
        """Drops what still waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _schedule(self, delay: float, event: Event) -> None:
        heapq.heappush(self._due, (time.monotonic() + delay, next(self._order), event))
        self._changed.notify()

    def _work(self) -> None:
        while (event := self._next()) is not None:
            delay = self._attempt(event)
            with self._changed:
                if delay is None:
                    self._pending -= 1
                else:
                    self._schedule(delay, event)

    def _next(self) -> Event | None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                if self._due and self._due[0][0] <= now:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(self._due[0][0] - now if self._due else None)
            return None

    def _attempt(self, event: Event) -> float | None:
        """Runs one attempt; returns the pause before the next, None when it was the last."""
        try:
            result = self._function.invoke(event.request_id, event.payload)
        except Throttled:
            return THROTTLE_PAUSE_S
        except Stopped:
            return None
        event.attempts += 1
        if not result.error:
            return None
        config = self._function.config
        if event.attempts > config.retry_attempts:
            return self._give_up(event, result, "RetriesExhausted")
        delay = self._retry_delays[min(event.attempts, len(self._retry_delays)) - 1]
        if time.time() + delay - event.accepted_at > config.max_event_age_s:
            return self._give_up(event, result, "EventAgeExceeded")
        return delay

    def _give_up(self, event: Event, result: Result, condition: str) -> None:
        config = self._function.config
        if config.on_failure_arn is not None:
            record = failure_record(config.arn, event, result, condition)
            self._send(self._function.session, config.on_failure_arn, json.dumps(record))


def failure_record(function_arn: str, event: Event, result: Result, condition: str) -> dict[str, object]:
    """The invocation record that Lambda sends to an on-failure destination."""
    now = datetime.now(UTC)
    return {
        "version": "1.0",
        "timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z",
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": f"{function_arn}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": event.attempts,
        },
        "requestPayload": json.loads(event.payload),
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": json.loads(result.payload),
    }
