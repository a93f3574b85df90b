"""Lambda's Runtime API behind a proxy, so that a function's answers can be struck."""

from __future__ import annotations

from local.aws.runtime_api import RuntimeApi, Work
from local.faults.plan import Faults
from local.faults.proxy import Proxy


class FaultyRuntimeApi(RuntimeApi):
    """The Runtime API of one instance; `handed_out` lists the work every instance was given."""

    def __init__(self, faults: Faults, handed_out: list[Work]) -> None:
        super().__init__()
        self._handed_out = handed_out
        self._proxy = Proxy(faults, lambda: f"http://{super(FaultyRuntimeApi, self).address}")

    @property
    def address(self) -> str:
        return self._proxy.address

    def next(self) -> Work | None:
        work = super().next()
        if work is not None:
            self._handed_out.append(work)
        return work

    def close(self) -> None:
        super().close()
        self._proxy.stop()
