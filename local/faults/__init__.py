"""Faults on the way between a client and a server, one call at a time.

    faults = Faults()
    with Proxy(faults, lambda: stack.endpoint_url) as proxy:      # clients use proxy.url
        plan = faults.plan(calls.PUT_OBJECT, Fault.LOST)
        ...                                                       # the next PutObject is struck
        assert plan.struck

A proxy passes every byte on as it came until a fault is planned for a call. `calls` lists the
calls and how they are recognised, `Fault` what can happen to one, `refusals` the bodies with
which each service refuses.
"""

from local.faults.plan import Fault, Faults, Plan
from local.faults.proxy import Proxy
from local.faults.runtime import FaultyRuntimeApi

__all__ = ["Fault", "Faults", "FaultyRuntimeApi", "Plan", "Proxy"]
