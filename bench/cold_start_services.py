"""The services that one instance of the transform talks to, on one loopback port: Runtime API,
Secrets Manager and S3. They answer at once and note when they were asked for what.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

BUCKET = "snowline-lake"
EVENT = Path(__file__).parent.parent / "events" / "transform-s3-put.json"
ETAG = "0123456789abcdef0123456789abcdef"
ORDER = {
    "order_id": "7f1f2c0a-58a5-4d1c-9d8e-2d2f0c7b1a01",
    "customer_id": "C-1",
    "order_timestamp": "2026-11-22T09:15:00Z",
    "order_amount": 12.5,
    "currency": "EUR",
    "quantity": 1,
    "product_id": "P-1",
    "product_category": "books",
    "order_status": "placed",
    "shipping_country": "DE",
    "customer_email": "a@example.com",
}
OBJECT = b"".join(json.dumps(ORDER | {"customer_id": f"C-{n}"}).encode() + b"\n" for n in range(100))
TIMEOUT_S = 10


class Services(ThreadingHTTPServer):
    """Serves one instance. A context manager."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"127.0.0.1:{self.server_address[1]}"
        self._changed = threading.Condition()
        self._waiting = False
        self._event: bytes | None = None
        self._moments: dict[str, float] = {}
        self._error: bytes | None = None

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def wait_for_instance(self) -> None:
        """Returns once the instance asks for work."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._waiting, TIMEOUT_S):
                raise RuntimeError("the function does not ask for work")

    def invoke(self) -> dict[str, float]:
        """Hands over one event and returns when the instance did what first."""
        self.wait_for_instance()
        with self._changed:
            self._moments, self._event = {}, event()
            self._changed.notify_all()
            answered = self._changed.wait_for(lambda: "answered" in self._moments, TIMEOUT_S)
            if not answered or self._error:
                raise RuntimeError(f"the invocation failed: {self._error!r}")
            return dict(self._moments)

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing of connections that ended with their instance."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    # For the connections.

    def note(self, what: str, error: bytes | None = None) -> None:
        """Notes the moment at which something happened for the first time in an invocation."""
        with self._changed:
            self._moments.setdefault(what, time.perf_counter())
            self._error = error
            self._changed.notify_all()

    def next_event(self) -> bytes:
        """Blocks until there is work."""
        with self._changed:
            self._waiting = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._event is not None)
            payload, self._event, self._waiting = self._event or b"", None, False
        self.note("given")
        return payload


def event() -> bytes:
    """The event of an object of this bucket."""
    notification = json.loads(EVENT.read_text())
    notification["Records"][0]["s3"]["bucket"]["name"] = BUCKET
    notification["Records"][0]["s3"]["object"] |= {"eTag": ETAG, "size": len(OBJECT)}
    return json.dumps(notification).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: Services

    def do_GET(self) -> None:
        if self.path.endswith("/runtime/invocation/next"):
            headers = {
                "Lambda-Runtime-Aws-Request-Id": "request",
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + 300) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:function",
            }
            return self._answer(self.server.next_event(), headers)
        self.server.note("object")
        headers = {"ETag": f'"{ETAG}"', "Last-Modified": "Sun, 22 Nov 2026 09:16:05 GMT"}
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        part = OBJECT[int(first) : int(last or len(OBJECT)) + 1]
        if "Range" in self.headers:
            headers["Content-Range"] = f"bytes {first}-{int(first) + len(part) - 1}/{len(OBJECT)}"
        return self._answer(part, headers, 206 if "Range" in self.headers else 200)

    def do_PUT(self) -> None:
        self._body()
        self._answer(b"", {"ETag": f'"{ETAG}"'})

    def do_POST(self) -> None:
        body = self._body()
        if self.headers.get("X-Amz-Target") == "secretsmanager.GetSecretValue":
            self.server.note("secret")
            return self._answer(b'{"Name": "salt", "SecretString": "pepper"}')
        if self.path.endswith(("/response", "/error")):
            self.server.note("answered", body if self.path.endswith("/error") else None)
        return self._answer(b"{}")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _chunk(self) -> bytes:
        chunk = self.rfile.read(int(self.rfile.readline().split(b";")[0], 16))
        self.rfile.readline()
        return chunk

    def _answer(self, body: bytes, headers: dict[str, str] | None = None, status: int = 200) -> None:
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Says nothing."""
