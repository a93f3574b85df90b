"""How the gateway speaks HTTP: each request read whole, one WSGI call, and the connection kept.

werkzeug's own handler ends every connection after its answer, and waits for what the client might still
send, since it does not know whether the application read the whole body.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler

Headers = list[tuple[str, str]]

WITHOUT_LENGTH = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class WsgiHandler(MotoRequestHandler):
    """Answers the requests of one connection. Answers are small, so they must not wait for one another."""

    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def make_environ(self) -> dict[str, Any]:
        """The request, whose body is in memory; applications read it to its end, whatever its headers say.

        Raises `ConnectionAbortedError` for a body that is not complete.
        """
        environ = super().make_environ()
        if environ.get("wsgi.input_terminated"):
            try:
                body = environ["wsgi.input"].read()
            except (OSError, ValueError) as error:
                # A piece that is not whole shows in either way.
                raise ConnectionAbortedError(f"the chunks of a request are not complete ({error})") from error
        else:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                raise ConnectionAbortedError("the client went away before its request was complete")
        return environ | {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True}

    def run_wsgi(self) -> None:
        """Answers one request; with 500 if the application fails."""
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        environ = self.make_environ()
        try:
            status, headers, body = _call(self.server.app, environ)
        except ConnectionError:
            raise
        except Exception as error:
            self.log("error", f"{self.command} {self.path}: {error!r}")
            status, headers, body = "500 INTERNAL SERVER ERROR", [], b""
        self._send(status, headers, body)

    def _send(self, status: str, headers: Headers, body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        named = {name.lower() for name, _ in headers}
        if "content-length" not in named and int(code) not in WITHOUT_LENGTH:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and int(code) not in WITHOUT_LENGTH:
            self.wfile.write(body)
        self.wfile.flush()


def _call(application: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> tuple[str, Headers, bytes]:
    """What an application answers."""
    started: list[tuple[str, Headers]] = []

    def start_response(status: str, headers: Headers, _failure: Any = None) -> Callable[[bytes], None]:
        started.append((status, headers))
        return _written

    answer = application(environ, start_response)
    try:
        # One piece, as most answers are, is not copied.
        body = b"".join(answer)
    finally:
        if hasattr(answer, "close"):
            answer.close()
    return *started[-1], body


def _written(_data: bytes) -> None:
    raise NotImplementedError("no application here writes instead of returning its answer")
