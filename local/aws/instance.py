"""One instance of a function: a process of the real binary and its Runtime API."""

from __future__ import annotations

import math
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from local.aws.runtime_api import Answer, RuntimeApi, Work, error_payload
from local.aws.xray import trace_header

INIT_TIMEOUT_S = 10.0
MEMORY_SAMPLE_S = 0.2
"""How long an instance may hold too much. What is sampled is a peak, so that none is missed."""
LOG_TAIL_BYTES = 4096


@dataclass(frozen=True)
class FunctionConfig:
    """What the template says of one function, with every reference resolved."""

    name: str
    arn: str
    command: tuple[str, ...]
    environment: dict[str, str]
    memory_mb: int = 128
    timeout_s: float = 3
    reserved_concurrency: int | None = None
    retry_attempts: int = 2
    max_event_age_s: float = 21_600
    on_failure_arn: str | None = None
    tracing: bool = False
    role_arn: str = ""
    log_group: str = ""
    in_vpc: bool = False


@dataclass(frozen=True)
class Report:
    """The REPORT line of one invocation. `init_ms` is None for a warm one."""

    function: str
    request_id: str
    started_at: float
    duration_ms: float
    billed_ms: int
    init_ms: float | None
    memory_mb: int
    max_memory_mb: float
    error: str | None


@dataclass(frozen=True)
class Result:
    """The outcome of one invocation; `log_tail` is the last 4 KB it logged."""

    payload: bytes
    error: bool
    report: Report
    log_tail: bytes


class Instance:
    """A process that serves one invocation at a time, warm after its first."""

    def __init__(self, config: FunctionConfig, environment: dict[str, str], log: Path, api: RuntimeApi) -> None:
        self._config = config
        self._log = log
        self._api = api
        self._exit_code: int | None = None
        self._init_ms: float | None = None
        self._peak_bytes = 0
        self.request_id: str | None = None
        """The invocation under way, from the start of its initialisation to its answer."""
        self._started = time.monotonic()
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                config.command,
                env=environment | {"AWS_LAMBDA_RUNTIME_API": self._api.address},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process can take another invocation."""
        return self._exit_code is None and self._api.init_error is None

    def kill(self) -> bool:
        """Kills the process from outside, whatever it is doing, as a failing host would.

        Returns whether that ended it: False when it had ended already.
        """
        with self._api.changed:
            if self._exit_code is not None:
                return False
        self._kill()
        return self._exit_code == -signal.SIGKILL

    def freeze(self, seconds: float) -> None:
        """Gives the process no processor for so long, as an overloaded host would."""
        self._process.send_signal(signal.SIGSTOP)
        thaw = threading.Timer(seconds, self._process.send_signal, [signal.SIGCONT])
        thaw.daemon = True
        thaw.start()

    def stop(self) -> None:
        """Kills the process and closes its Runtime API."""
        self._process.kill()
        self._process.wait()
        self._api.close()

    def invoke(self, request_id: str, payload: bytes) -> Result:
        """Runs one invocation. An instance that failed is not `alive` afterwards."""
        self.request_id = request_id
        try:
            return self._invoke(request_id, payload)
        finally:
            self.request_id = None

    def _invoke(self, request_id: str, payload: bytes) -> Result:
        started_at, log_start = time.time(), self._log.stat().st_size
        cold = self._init_ms is None
        answer = self._initialise(request_id)
        begun = time.monotonic()
        if answer is None:
            answer = self._run(request_id, payload)
        duration_ms = (time.monotonic() - begun) * 1000
        init_ms = self._init_ms if cold else None
        report = Report(
            function=self._config.name,
            request_id=request_id,
            started_at=started_at,
            duration_ms=duration_ms,
            billed_ms=math.ceil(duration_ms + (init_ms or 0)),
            init_ms=init_ms,
            memory_mb=self._config.memory_mb,
            max_memory_mb=self._peak_bytes / 1024**2,
            error=answer.payload.decode(errors="replace") if answer.error else None,
        )
        return Result(answer.payload, answer.error, report, self._log_tail(log_start))

    def _watch(self) -> None:
        code = self._process.wait()
        with self._api.changed:
            self._exit_code = code
            self._api.changed.notify_all()

    def _initialise(self, request_id: str) -> Answer | None:
        """Waits until the instance asks for work; an answer means that it failed to."""
        api = self._api
        with api.changed:
            in_time = api.changed.wait_for(lambda: api.waiting or not self.alive, INIT_TIMEOUT_S)
            if self._init_ms is None:
                self._init_ms = (time.monotonic() - self._started) * 1000
            if api.waiting:
                return None
            if api.init_error is not None:
                return Answer(api.init_error, True)
            if in_time:
                return self._exited(request_id)
        self._kill()
        message = f"RequestId: {request_id} Error: Init phase timed out after {INIT_TIMEOUT_S:.0f} seconds"
        return Answer(error_payload("Sandbox.Timedout", message), True)

    def _run(self, request_id: str, payload: bytes) -> Answer:
        """Hands the payload over and waits for the answer, watching time and memory."""
        api, config = self._api, self._config
        self._reset_peak()
        with api.changed:
            end = time.monotonic() + config.timeout_s
            deadline_ms = int((time.time() + config.timeout_s) * 1000)
            api.give(Work(request_id, payload, deadline_ms, config.arn, trace_header(config.tracing)))
            while True:
                remaining = end - time.monotonic()
                api.changed.wait_for(
                    lambda: api.take_answer() is not None or self._exit_code is not None,
                    max(0.0, min(remaining, MEMORY_SAMPLE_S)),
                )
                self._sample_peak()
                if self._peak_bytes > config.memory_mb * 1024**2:
                    what = "Runtime exited with error: signal: killed"
                    failure = self._fatal("Runtime.OutOfMemory", request_id, what)
                    break
                if (answer := api.take_answer()) is not None:
                    return answer
                if self._exit_code is not None:
                    return self._exited(request_id)
                if remaining <= 0:
                    what = f"Task timed out after {config.timeout_s:.2f} seconds"
                    failure = self._fatal("Sandbox.Timedout", request_id, what)
                    break
        self._kill()
        return failure

    def _exited(self, request_id: str) -> Answer:
        code = self._exit_code or 0
        how = f"signal: {-code}" if code < 0 else f"exit status {code}"
        return self._fatal("Runtime.ExitError", request_id, f"Runtime exited with error: {how}")

    @staticmethod
    def _fatal(kind: str, request_id: str, what: str) -> Answer:
        return Answer(error_payload(kind, f"RequestId: {request_id} Error: {what}"), True)

    def _kill(self) -> None:
        self._process.kill()
        with self._api.changed:
            self._api.changed.wait_for(lambda: self._exit_code is not None)

    def _reset_peak(self) -> None:
        # 5 resets the peak resident set, so that each invocation has a peak of its own.
        self._peak_bytes = 0
        try:
            Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")
        except OSError:
            pass

    def _sample_peak(self) -> None:
        try:
            with open(f"/proc/{self._process.pid}/status", "rb") as status:
                for line in status:
                    if line.startswith(b"VmHWM:"):
                        self._peak_bytes = max(self._peak_bytes, int(line.split()[1]) * 1024)
        except OSError:
            pass

    def _log_tail(self, start: int) -> bytes:
        size = self._log.stat().st_size
        with self._log.open("rb") as log:
            log.seek(max(start, size - LOG_TAIL_BYTES))
            return log.read()
