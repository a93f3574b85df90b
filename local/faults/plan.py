"""Which faults strike which calls."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import Enum

from local.faults.calls import Call
from local.faults.wire import Request


class Fault(Enum):
    """What happens to one call; numbers are statuses."""

    REFUSED = "refused"
    """The connection is reset before any of the request was passed on or answered.

    Which call a connection carries shows only once the call is sent: so the client sees a reset
    where a port without a server would refuse it, and is as sure that nothing was done.
    """
    RESET = "reset"
    """The call is carried out; the connection is reset in the middle of the answer's body."""
    TIMEOUT = "timeout"
    """The call is taken and not answered, until the client gives up."""
    BAD_REQUEST = 400
    UNAUTHORIZED = 401
    FORBIDDEN = 403
    NOT_FOUND = 404
    REQUEST_TIMEOUT = 408
    UNPROCESSABLE = 422
    THROTTLED = 429
    THROTTLED_FOR = "429 for a second"
    """429 with `Retry-After: 1`."""
    SERVER_ERROR = 500
    UNAVAILABLE = 503
    TRUNCATED = "truncated"
    """The call is carried out; half of the answer's body comes, in a message that is whole."""
    GARBLED = "garbled"
    """The call is carried out; every bit of the answer's body is turned over."""
    SLOW = "slow"
    """The call is carried out; the answer comes later, and soon enough."""
    LOST = "lost"
    """The call is carried out; the connection is reset before the answer."""

    @property
    def status(self) -> int | None:
        """The status it answers with instead of the service."""
        return 429 if self is Fault.THROTTLED_FOR else self.value if isinstance(self.value, int) else None


@dataclass
class Plan:
    """A fault for the next `times` calls of a kind whose path or body has `about` in it."""

    call: Call
    fault: Fault
    times: int | None
    about: bytes
    struck: list[Request] = field(default_factory=list)
    passed: list[Request] = field(default_factory=list)
    """Calls of the same kind, about the same, that came after it had struck."""
    outlasted: bool = False
    """Whether a client would have waited for an answer for longer than the proxy did."""

    @property
    def resent(self) -> bool:
        """Whether the very request that was struck came again."""
        return any(self.struck[0].same_as == request.same_as for request in self.struck[1:] + self.passed)

    def concerns(self, request: Request) -> bool:
        """Whether a request is one that it is for."""
        return self.call.matches(request) and (self.about in request.head or self.about in request.body)


class Faults:
    """The plans of a run, shared by its proxies."""

    def __init__(self) -> None:
        self._plans: list[Plan] = []
        self._lock = threading.Lock()

    def plan(self, call: Call, fault: Fault, times: int | None = 1, about: bytes = b"") -> Plan:
        """Plans a fault; without `times` it strikes until the plans are dropped."""
        plan = Plan(call, fault, times, about)
        with self._lock:
            self._plans.append(plan)
        return plan

    def drop(self, plan: Plan) -> None:
        """Strikes no more."""
        with self._lock:
            self._plans = [other for other in self._plans if other is not plan]

    def clear(self) -> None:
        """Drops every plan."""
        with self._lock:
            self._plans = []

    def take(self, request: Request) -> Plan | None:
        """The plan that strikes this request, if one does."""
        with self._lock:
            for plan in self._plans:
                if not plan.concerns(request):
                    continue
                if plan.times is None or len(plan.struck) < plan.times:
                    plan.struck.append(request)
                    return plan
                plan.passed.append(request)
        return None
