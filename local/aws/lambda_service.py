"""Stand-in for AWS Lambda: the Invoke API in front of functions that are real processes.

Differs from the service in this: a function sees all of this machine's processors, and
an invocation above `max_instances` waits instead of starting one more instance.
"""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from local.aws.asynchronous import AsyncInvoker, Send
from local.aws.function import Function, Throttled
from local.aws.http import Request, Response
from local.aws.iam import Iam, Session
from local.aws.instance import FunctionConfig, Instance, Report, Result
from local.aws.runtime_api import RuntimeApi

PATH_PREFIX = "/2015-03-31/functions/"
MAX_SYNC_BYTES = 6 * 1024 * 1024
MAX_ASYNC_BYTES = 1024 * 1024
RETRY_DELAYS_S = (60.0, 120.0)


class LambdaError(Exception):
    """A refusal of the Invoke API: HTTP status, error type and message."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.status, self.kind, self.message = status, kind, message


class LambdaService:
    """All functions of a stack. `platform` is put into every function's environment.

    `send` puts a body on the queue of an ARN with the credentials of a function's role.
    """

    def __init__(
        self,
        iam: Iam,
        platform: dict[str, str],
        logs: Path,
        send: Send,
        retry_delays: tuple[float, ...] = RETRY_DELAYS_S,
        max_instances: int = 4,
        runtime_api: Callable[[], RuntimeApi] = RuntimeApi,
    ) -> None:
        self._iam = iam
        self._platform = platform
        self._logs = logs
        self._send = send
        self._retry_delays = retry_delays
        self._max_instances = max_instances
        self._runtime_api = runtime_api
        self._functions: dict[str, Function] = {}
        self._invokers: dict[str, AsyncInvoker] = {}
        self._reports: list[Report] = []
        self._lock = threading.Lock()

    def create(self, config: FunctionConfig) -> None:
        """Creates a function; raises `InvalidConfiguration` as the service would."""
        function = Function(
            config, self._iam, self._platform, self._logs, self._max_instances, self._record, self._runtime_api
        )
        self._functions[config.name] = function
        self._invokers[config.name] = AsyncInvoker(function, self._retry_delays, self._max_instances, self._send)

    def stop(self) -> None:
        """Drops waiting events and kills every instance."""
        for invoker in self._invokers.values():
            invoker.stop()
        for function in self._functions.values():
            function.stop()

    @property
    def pending(self) -> int:
        """Asynchronous events not done with, and invocations under way."""
        waiting = sum(invoker.pending for invoker in self._invokers.values())
        return waiting + sum(function.running for function in self._functions.values())

    def recycle(self, name: str) -> None:
        """Ends every idle instance of a function: its next invocation starts a new one."""
        self._find(name).recycle()

    @property
    def reports(self) -> list[Report]:
        """One report an invocation, in the order in which they ended."""
        with self._lock:
            return list(self._reports)

    def session(self, name: str) -> Session:
        """The credentials with which Lambda acts for a function."""
        return self._find(name).session

    def instances(self, name: str) -> list[Instance]:
        """The processes of a function, at work and idle."""
        return self._find(name).instances

    @property
    def throttles(self) -> list[tuple[float, str]]:
        """Time and function of every invocation refused for want of concurrency."""
        refused = [(at, name) for name, function in self._functions.items() for at in list(function.throttled)]
        return sorted(refused)

    def reserve(self, name: str, concurrency: int | None) -> None:
        """Changes the reserved concurrency of a function; 0 stops it, None takes the reservation away."""
        self._find(name).reserve(concurrency)

    def invoke(self, name: str, payload: bytes) -> Result:
        """Invokes a function and waits for its outcome, like RequestResponse."""
        function = self._find(name)
        check_payload(payload, MAX_SYNC_BYTES)
        try:
            return function.invoke(str(uuid.uuid4()), payload)
        except Throttled:
            raise LambdaError(429, "TooManyRequestsException", "Rate Exceeded.") from None

    def invoke_async(self, name: str, payload: bytes) -> str:
        """Queues an event for a function, like Event; returns its request id."""
        function = self._find(name)
        check_payload(payload, MAX_ASYNC_BYTES)
        request_id = str(uuid.uuid4())
        self._invokers[function.config.name].accept(request_id, payload)
        return request_id

    def handle(self, request: Request) -> Response:
        """Answers one HTTP request of the Invoke API."""
        try:
            return self._answer(request)
        except LambdaError as error:
            body = {"Type": "User" if error.status < 500 else "Service", "Message": error.message}
            return Response.json(error.status, body, {"x-amzn-ErrorType": error.kind})

    def _answer(self, request: Request) -> Response:
        name, _, action = request.path.removeprefix(PATH_PREFIX).partition("/")
        if action != "invocations" or request.method != "POST":
            raise LambdaError(501, "NotImplemented", f"the stand-in has no {request.method} {request.path}")
        payload = request.body or b"{}"
        kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
        if kind == "Event":
            return Response(202, b"", {"x-amzn-RequestId": self.invoke_async(unquote(name), payload)})
        if kind == "DryRun":
            self._find(unquote(name))
            return Response(204, b"")
        result = self.invoke(unquote(name), payload)
        headers = {"X-Amz-Executed-Version": "$LATEST", "x-amzn-RequestId": result.report.request_id}
        if result.error:
            headers["X-Amz-Function-Error"] = "Unhandled"
        if request.headers.get("x-amz-log-type") == "Tail":
            headers["X-Amz-Log-Result"] = base64.b64encode(result.log_tail).decode()
        return Response(200, result.payload, headers)

    def _find(self, name: str) -> Function:
        """Finds a function by name, partial ARN or ARN, with or without $LATEST."""
        short = name.partition(":function:")[2] or name
        function = self._functions.get(short.removesuffix(":$LATEST"))
        if function is None:
            raise LambdaError(404, "ResourceNotFoundException", f"Function not found: {name}")
        return function

    def _record(self, report: Report) -> None:
        with self._lock:
            self._reports.append(report)


def check_payload(payload: bytes, limit: int) -> None:
    """Raises `LambdaError` for a payload that is too large or not JSON."""
    if len(payload) > limit:
        message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
        raise LambdaError(413, "RequestTooLargeException", message)
    try:
        json.loads(payload)
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise LambdaError(400, "InvalidRequestContentException", message) from error
