"""Statements under way and done: handles, worker threads, cancellation, timeouts, resends."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from . import dispatch, errors, scanner
from .bindings import Binding
from .context import Context
from .engine import Engine
from .results import Result, text_result
from .session import Session

MAX_TIMEOUT_S = 604_800
_INTERRUPT_INTERVAL_S = 0.05


@dataclass(frozen=True)
class Request:
    """What a POST asks for, checked."""

    statement: str
    bindings: list[Binding]
    count: int
    timeout_s: float
    nullable: bool


@dataclass
class Job:
    """One statement, or one request of several; its handle names it for 24 hours in Snowflake."""

    user: str
    statement: str
    query_tag: str
    nullable: bool = True
    handle: str = field(default_factory=lambda: str(uuid.uuid4()))
    created_on: float = field(default_factory=time.time)
    ended_on: float | None = None
    cpu_s: float = 0.0
    """Processor time of its thread, in which DuckDB runs too."""
    result: Result | None = None
    error: errors.SqlError | None = None
    canceled: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    session: Session | None = None

    def cancel(self, error: errors.SqlError) -> None:
        """Stops the statement; it is rolled back and ends with this error."""
        if self.error is None:
            self.error = error
        self.canceled.set()
        threading.Thread(target=self._interrupt, daemon=True).start()

    def _interrupt(self) -> None:
        """Again and again, as DuckDB forgets an interrupt that comes between two of its queries."""
        while not self.done.is_set():
            if self.session:
                self.session.interrupt()
            self.done.wait(_INTERRUPT_INTERVAL_S)

    def finish(self, result: Result | None, error: errors.SqlError | None) -> None:
        self.result = result
        if result is not None:
            self.error = None
        elif self.error is None:
            self.error = error
        self.ended_on = time.time()
        self.done.set()


class Jobs:
    """All statements of the account, each in a thread of its own, of niceness `nice` unless it is a COPY."""

    def __init__(self, engine: Engine, on_end: Callable[[Job], None], nice: int = 0) -> None:
        self.engine = engine
        self._on_end = on_end
        self._nice = nice
        self.history: list[Job] = []
        self.slow: list[float] = []
        self._by_handle: dict[str, Job] = {}
        self._by_request: dict[tuple[str, str], Job] = {}
        self._threads: list[threading.Thread] = []
        self._stopped = False
        self._lock = threading.Lock()

    def find(self, handle: str, user: str) -> Job | None:
        """A user sees no one else's statements."""
        job = self._by_handle.get(handle)
        return job if job and job.user == user else None

    def submit(
        self, context: Context, request: Request, request_id: str | None, retry: bool
    ) -> Job:
        """Starts a request, unless it is the resend (`retry=true`) of one that was received."""
        job = Job(context.user, request.statement, context.query_tag, request.nullable)
        with self._lock:
            key = (context.user, request_id or job.handle)
            known = self._by_request.get(key)
            if retry and known:
                return known
            if self._stopped:
                raise errors.ApiError(503)
            self._by_request[key] = job
            self._add(job)
            delay = self.slow.pop(0) if self.slow else 0.0
            thread = threading.Thread(target=self._run, args=(job, context, request, delay), daemon=True)
            self._threads = [*filter(threading.Thread.is_alive, self._threads), thread]
            thread.start()
        return job

    def stop(self) -> None:
        """Refuses further statements, cancels those that still run, and waits for them."""
        with self._lock:
            self._stopped = True
            running, threads = [job for job in self.history if not job.done.is_set()], self._threads
        for job in running:
            job.cancel(errors.canceled())
        for thread in threads:
            thread.join()

    def _add(self, job: Job) -> None:
        self._by_handle[job.handle] = job
        self.history.append(job)

    def _run(self, job: Job, context: Context, request: Request, delay: float) -> None:
        timer = threading.Timer(
            request.timeout_s, lambda: job.cancel(errors.timed_out(request.timeout_s))
        )
        timer.daemon = True
        timer.start()
        result = error = None
        try:
            result = self._execute(job, context, request, delay)
        except errors.SqlError as failure:
            error = failure
        except Exception as failure:  # a fault of the stand-in must not look like a slow statement
            message = f"Processing aborted by the stand-in: {type(failure).__name__}: {failure}"
            error = errors.SqlError("000603", "XX000", message)
        finally:
            timer.cancel()
            job.cpu_s = time.thread_time()
            job.finish(result, error)
            self._on_end(job)

    def _execute(self, job: Job, context: Context, request: Request, delay: float) -> Result:
        session = job.session = self.engine.session(context, job.canceled)
        try:
            session.wait(delay)
            statements = scanner.split(request.statement)
            _check_count(statements, request)
            if self._nice and not statements[0].upper().startswith("COPY"):
                with suppress(OSError):  # where threads have no niceness of their own
                    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._nice)
            if len(statements) == 1 and request.count == 1:
                if dispatch.needs_session(statements[0]):
                    message = "Statement type is only supported in a multi-statement request."
                    raise errors.SqlError("391911", "0A000", message)
                return session.run(statements[0], request.bindings)
            return self._run_many(job, session, statements)
        finally:
            session.close()

    def _run_many(self, job: Job, session: Session, statements: list[str]) -> Result:
        """Runs statements in order; those before a failure stay done, unless in a transaction."""
        handles = []
        for statement in statements:
            child = Job(job.user, statement, job.query_tag, job.nullable)
            with self._lock:
                self._add(child)
            handles.append(child.handle)
            try:
                child.finish(session.run(statement, []), None)
            except errors.SqlError as error:
                child.finish(None, error)
                raise
        result = text_result({
            "multiple statement execution": ["Multiple statements executed successfully."]
        })
        result.children = handles
        return result


def _check_count(statements: list[str], request: Request) -> None:
    if not statements:
        raise errors.SqlError("000900", "42601", "SQL compilation error:\nEmpty SQL statement.")
    if request.count not in (0, len(statements)):
        message = (
            f"Actual statement count {len(statements)} did not match the desired statement count"
            f" {request.count}."
        )
        raise errors.SqlError("000008", "0A000", message)
    if request.count != 1 and request.bindings:
        message = "Bind variables are not supported in multi-statement requests."
        raise errors.SqlError("391912", "0A000", message)
