"""A reverse proxy that passes everything on, and does to a call what was planned for it."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.client import responses
from socketserver import StreamRequestHandler, TCPServer
from typing import Self
from urllib.parse import urlsplit

from local.connections import Connections
from local.faults.plan import Fault, Faults, Plan
from local.faults.wire import Message, Request, read_answer, read_head, read_request_body

SLOW_S = 0.4
HOLD_S = 5.0
"""How long a call without an answer is held at most; a client should give up sooner."""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Proxy(Connections, TCPServer):
    """Listens on a loopback port; `upstream` tells the URL of the server behind it."""

    request_queue_size = 64

    def __init__(self, faults: Faults, upstream: Callable[[], str]) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.faults = faults
        self.upstream = upstream
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def stop(self) -> None:
        """Stops listening and waits for the answers under way."""
        self.shutdown()
        self._thread.join()
        self.hang_up()
        self.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Hangup(Exception):
    """Ends the connection to the client."""


class _Connection(StreamRequestHandler):
    """One connection of a client, with one of its own to the server behind the proxy."""

    server: Proxy
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self._upstream: socket.socket | None = None

    def finish(self) -> None:
        if self._upstream is not None:
            self._stream.close()
            self._upstream.close()
        super().finish()

    def handle(self) -> None:
        try:
            while head := read_head(self.rfile):
                self._serve(Request(head))
        except _Hangup:
            pass

    def _serve(self, head: Request) -> None:
        refused = self._ask_to_continue(head) if head.expects_continue else None
        if refused is not None:
            self._send(refused)
            raise _Hangup
        request = read_request_body(self.rfile, head)
        plan = self.server.faults.take(request)
        if plan is None:
            self._send(self._forward(request))
        else:
            self._strike(plan, request)

    def _ask_to_continue(self, head: Request) -> Message | None:
        """Lets the server say whether it wants the body; returns its refusal."""
        self._send_upstream(head.head)
        answer = read_answer(self._stream, head.method)
        if not answer.interim:
            return answer
        self.wfile.write(answer.head)
        return None

    def _strike(self, plan: Plan, request: Request) -> None:
        fault = plan.fault
        if fault.status is not None:
            self._refuse(plan, fault.status)
        elif fault is Fault.REFUSED:
            self._reset()
        elif fault is Fault.TIMEOUT:
            self._hold(plan)
        else:
            self._spoil(fault, self._forward(request))

    def _refuse(self, plan: Plan, status: int) -> None:
        refusals = plan.call.refusals
        lines = [f"HTTP/1.1 {status} {responses[status]}", f"Content-Type: {refusals.content_type}"]
        if plan.fault is Fault.THROTTLED_FOR:
            lines.append("Retry-After: 1")
        head = Message("\r\n".join([*lines, "", ""]).encode())
        self._send(head.with_body(refusals.body(status).encode()))

    def _hold(self, plan: Plan) -> None:
        """Waits until the client closes the connection."""
        gone, _, _ = select.select([self.connection], [], [], HOLD_S)
        plan.outlasted = not gone
        self._reset()

    def _spoil(self, fault: Fault, answer: Message) -> None:
        """Does its harm to the answer of a call that was carried out."""
        body = answer.body
        half = body[: len(body) // 2]
        match fault:
            case Fault.RESET:
                whole = answer.with_body(body)
                self.wfile.write(whole.head + half if body else whole.head[: len(whole.head) // 2])
                self._reset()
            case Fault.TRUNCATED:
                self._send(answer.with_body(half))
            case Fault.GARBLED:
                self._send(answer.with_body(body.translate(bytes(255 - value for value in range(256)))))
            case Fault.SLOW:
                time.sleep(SLOW_S)
                self._send(answer)
            case Fault.LOST:
                self._reset()

    def _reset(self) -> None:
        # Closed with no time to linger, a socket sends RST; shut down first, it would send FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.rfile.close()
        self.connection.close()
        raise _Hangup

    def _send(self, answer: Message) -> None:
        self.wfile.write(answer.head + answer.framed)
        if answer.closes:
            raise _Hangup

    def _forward(self, request: Request) -> Message:
        if not request.expects_continue:
            self._send_upstream(request.head)
        self._send_upstream(request.framed)
        while (answer := read_answer(self._stream, request.method)).interim:
            self.wfile.write(answer.head)
        return answer

    def _send_upstream(self, content: bytes) -> None:
        if self._upstream is None:
            url = urlsplit(self.server.upstream())
            self._upstream = socket.create_connection((url.hostname or "", url.port or 80))
            self._upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._stream = self._upstream.makefile("rb")
        self._upstream.sendall(content)
