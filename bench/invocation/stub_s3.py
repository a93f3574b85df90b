"""S3 as a network of a chosen speed: objects read from a folder, uploads counted and dropped.

It moves bytes with `sendfile` and into one reused buffer, so that on a small machine
the processors stay with the program that is measured. It keeps each connection at the
given rate, and all of them together at another, and waits before the first byte of an
answer. Run as `python -m bench.invocation.stub_s3 FOLDER`; it prints its port.

Beside S3, for the measuring program: `PUT /-/network` sets the speed, and
`GET /-/requests` gives and forgets the requests since the last call.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

LAST_MODIFIED = "Sun, 22 Nov 2026 09:16:05 GMT"
# What travels between two looks at the clock; 5 ms of a connection at 100 MB/s.
SLICE_BYTES = 512 << 10
SOCKET_BUFFER_BYTES = 256 << 10
# How late a sleeping thread may wake without losing its share of the line.
LATE_S = 0.02


@dataclass(frozen=True)
class Network:
    """How fast the network is; a rate of 0 means without a limit."""

    connection_mb_per_s: float = 0
    total_mb_per_s: float = 0
    first_byte_ms: float = 0


@dataclass(frozen=True)
class Request:
    """One request as it was served. `upload` is empty but for multipart uploads."""

    method: str
    key: str
    upload: str
    bytes: int


class Line:
    """A line of a given rate, shared by whoever books it. Time not used is lost, but for a moment."""

    def __init__(self, mb_per_s: float) -> None:
        self._seconds_per_byte = 1 / (mb_per_s * 1e6) if mb_per_s else 0.0
        self._free_at = time.monotonic()
        self._lock = threading.Lock()

    def book(self, count: int) -> float:
        """Books the transfer of `count` bytes and returns when it ends."""
        with self._lock:
            start = max(self._free_at, time.monotonic() - LATE_S)
            self._free_at = start + count * self._seconds_per_byte
            return self._free_at


class StubS3(ThreadingHTTPServer):
    """Serves one folder as a bucket of any name, on a free loopback port."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        # Inherited by connections: else the kernel takes in megabytes ahead of the rate.
        for option in (7, 8):  # SO_SNDBUF, SO_RCVBUF
            self.socket.setsockopt(1, option, SOCKET_BUFFER_BYTES)
        self.server_bind()
        self.server_activate()
        self.folder = folder
        self.set_network(Network())
        self.requests: list[Request] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing of clients that hang up, as they do when they are done."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def set_network(self, network: Network) -> None:
        """Changes the speed, for requests that start from now on."""
        self.network, self.line = network, Line(network.total_mb_per_s)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: StubS3

    def do_GET(self) -> None:
        if self.path == "/-/requests":
            requests, self.server.requests = self.server.requests, []
            return self._answer(json.dumps([asdict(request) for request in requests]).encode())
        with (self.server.folder / self._target()[0]).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            wanted = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")
            first, end = int(wanted[0]), min(size, int(wanted[1] or size - 1) + 1)
            self._log(end - first)
            self._wait()
            self.send_response_only(206 if "Range" in self.headers else 200)
            if "Range" in self.headers:
                self.send_header("Content-Range", f"bytes {first}-{end - 1}/{size}")
            self._end_headers(end - first, etag(size))
            line = Line(self.server.network.connection_mb_per_s)
            while first < end:
                count = min(SLICE_BYTES, end - first)
                self._pace(line, count)
                while count:
                    sent = os.sendfile(self.wfile.fileno(), file.fileno(), first, count)
                    first, count = first + sent, count - sent

    def do_PUT(self) -> None:
        if self.path == "/-/network":
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.set_network(Network(**json.loads(body)))
            return self._answer()
        size = int(self.headers["Content-Length"])
        line = Line(self.server.network.connection_mb_per_s)
        buffer, left = memoryview(bytearray(SLICE_BYTES)), size
        while left:
            count = self.rfile.readinto(buffer[: min(SLICE_BYTES, left)])
            if not count:
                raise ConnectionError("the body ends early")
            self._pace(line, count)
            left -= count
        self._log(size)
        self._wait()
        return self._answer(headers={"ETag": etag(size)})

    def do_POST(self) -> None:
        key, upload = self._target()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._log(0)
        self._wait()
        if upload == "uploads":
            xml = f"<InitiateMultipartUploadResult><UploadId>{len(key)}</UploadId></InitiateMultipartUploadResult>"
        else:
            xml = f"<CompleteMultipartUploadResult><ETag>{etag(0)}</ETag></CompleteMultipartUploadResult>"
        self._answer(xml.encode())

    def do_DELETE(self) -> None:
        self._log(0)
        self._answer()

    def _target(self) -> tuple[str, str]:
        """The key, and what the request is to a multipart upload: `uploads`, `part` or `complete`."""
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        upload = "uploads" if "uploads" in query else "part" if "partNumber" in query else ""
        if "uploadId" in query and not upload:
            upload = "complete"
        return parts.path.split("/", 2)[2].replace("%3D", "="), upload

    def _log(self, size: int) -> None:
        self.server.requests.append(Request(self.command, *self._target(), size))

    def _wait(self) -> None:
        time.sleep(self.server.network.first_byte_ms / 1000)

    def _pace(self, line: Line, count: int) -> None:
        """Waits until `count` more bytes may have passed, on this connection and on all."""
        until = max(line.book(count), self.server.line.book(count))
        time.sleep(max(0.0, until - time.monotonic()))

    def _answer(self, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response_only(200)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self._end_headers(len(body))
        self.wfile.write(body)
        self.wfile.flush()

    def _end_headers(self, size: int, etag: str | None = None) -> None:
        self.send_header("Content-Length", str(size))
        self.send_header("Last-Modified", LAST_MODIFIED)
        if etag:
            self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.flush()

    log_message: Callable[..., None] = lambda *_: None


def etag(size: int) -> str:
    """An eTag; nobody here reads the content, so it says no more than its length."""
    return f'"{size:032x}"'


if __name__ == "__main__":
    server = StubS3(Path(sys.argv[1]))
    print(server.server_address[1], flush=True)
    server.serve_forever()
