"""The Lambda Runtime API, as one function instance sees it.

Every instance talks to a server of its own: the path does not name the instance,
so the port has to. One `RuntimeApi` hands its instance one invocation at a time.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer

from local.connections import Connections

ROOT = "/2018-06-01/runtime"
MAX_RESPONSE_BYTES = 6 * 1024 * 1024


@dataclass(frozen=True)
class Work:
    """One invocation on its way to an instance."""

    request_id: str
    payload: bytes
    deadline_ms: int
    function_arn: str
    trace_header: str = "Root=1-00000000-000000000000000000000000;Sampled=0"


@dataclass(frozen=True)
class Answer:
    """What an instance answered; `error` is set when it reported a failure."""

    payload: bytes
    error: bool


class RuntimeApi(Connections, HTTPServer):
    """Serves the Runtime API of one instance on a free loopback port.

    `changed` guards every field; it is notified whenever the instance asks for work,
    answers, or reports that its initialisation failed.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.changed = threading.Condition()
        self.waiting = False
        self.init_error: bytes | None = None
        self._work: Work | None = None
        self._answer: Answer | None = None
        self._closed = False
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def address(self) -> str:
        """Host and port, the value of AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self.server_address[1]}"

    def _accept(self) -> None:
        while not self._closed:
            self.handle_request()

    def close(self) -> None:
        """Stops listening and lets go of a request for work that still hangs; idempotent."""
        with self.changed:
            if self._closed:
                return
            self._closed = True
            self.changed.notify_all()
        self.socket.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self.hang_up()
        self.server_close()

    # For the owner of the instance; each is called with `changed` held.

    def give(self, work: Work) -> None:
        """Hands over one invocation."""
        self._work, self._answer = work, None
        self.changed.notify_all()

    def take_answer(self) -> Answer | None:
        """The answer to the invocation handed over last, once it is there."""
        return self._answer

    # For the instance.

    def next(self) -> Work | None:
        """Blocks until there is work; None when the server closes.

        An instance that has not answered gets the same invocation again, as from the service.
        """
        with self.changed:
            self.waiting = self._work is None or self._answer is not None
            self.changed.notify_all()
            self.changed.wait_for(lambda: (self._work is not None and self._answer is None) or self._closed)
            self.waiting = False
            return None if self._closed else self._work

    def answer(self, request_id: str, payload: bytes, error: bool) -> tuple[int, dict[str, str]]:
        """Takes the answer to the invocation under way; returns status and body."""
        with self.changed:
            if self._work is None or request_id != self._work.request_id or self._answer is not None:
                return 400, {"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"}
            status, body = 202, {"status": "OK"}
            if len(payload) > MAX_RESPONSE_BYTES:
                kind = "Function.ResponseSizeTooLarge"
                message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
                status, body = 413, {"errorType": "RequestEntityTooLarge", "errorMessage": message}
                payload, error = error_payload(kind, message), True
            self._answer = Answer(payload, error)
            self.changed.notify_all()
            return status, body

    def fail_init(self, payload: bytes) -> None:
        """Takes the report that the instance could not initialise."""
        with self.changed:
            self.init_error = payload
            self.changed.notify_all()


def error_payload(kind: str, message: str) -> bytes:
    """The JSON body in which Lambda reports a failed invocation."""
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


class _Handler(BaseHTTPRequestHandler):
    """One connection of an instance."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: RuntimeApi

    def do_GET(self) -> None:
        if self.path != f"{ROOT}/invocation/next":
            return self._send(404, b"{}")
        work = self.server.next()
        if work is None:
            self.close_connection = True
            return None
        return self._send(
            200,
            work.payload,
            {
                "Lambda-Runtime-Aws-Request-Id": work.request_id,
                "Lambda-Runtime-Deadline-Ms": str(work.deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": work.function_arn,
                "Lambda-Runtime-Trace-Id": work.trace_header,
            },
        )

    def do_POST(self) -> None:
        payload = self._body()
        if self.path == f"{ROOT}/init/error":
            self.server.fail_init(payload)
            return self._send(202, b'{"status":"OK"}')
        parts = self.path.removeprefix(f"{ROOT}/invocation/").split("/")
        if len(parts) != 2 or parts[1] not in ("response", "error"):
            return self._send(404, b"{}")
        status, body = self.server.answer(parts[0], payload, parts[1] == "error")
        return self._send(status, json.dumps(body).encode())

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0], 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    log_message: Callable[..., None] = lambda *_: None
