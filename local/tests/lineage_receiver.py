"""An endpoint that takes lineage events, strictly, and misbehaves when told to."""

from __future__ import annotations

import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

PATH = "/api/v1/lineage"
SLOW_S = 4.0


class Receiver(ThreadingHTTPServer):
    """Listens on a loopback port. `behaviour` is what it does with an event: `accept`, `fail` (500),
    `stall` (answers after `SLOW_S`), `hang_up` (no answer), `hang_up_once` or `redirect`. With a certificate it
    speaks TLS."""

    daemon_threads = True

    def __init__(self, api_key: str | None = None, certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.api_key = api_key
        self.behaviour = "accept"
        self.events: list[Any] = []
        self.refused: list[str] = []
        self.asked = 0
        self._scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
            self._scheme = "https"

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.server_address[1]}{PATH}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """A client that breaks off is what some tests are about."""


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        self.server.asked += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        refusal = self._refusal()
        if refusal:
            self.server.refused.append(refusal)
            return self._answer(401 if refusal == "authorization" else 400)
        match self.server.behaviour:
            case "accept":
                self.server.events.append(json.loads(body))
                return self._answer(201)
            case "fail":
                return self._answer(500)
            case "redirect":
                return self._answer(307, {"Location": self.server.url + "/elsewhere"})
            case "stall":
                time.sleep(SLOW_S)
                return self._answer(201)
            case hang_up:
                if hang_up == "hang_up_once":
                    self.server.behaviour = "accept"
                self.close_connection = True
                return None

    def _refusal(self) -> str | None:
        expected = f"Bearer {self.server.api_key}" if self.server.api_key else None
        if self.headers["Authorization"] != expected:
            return "authorization"
        if self.path != PATH:
            return f"path {self.path}"
        if self.headers["Content-Type"] != "application/json":
            return f"content type {self.headers['Content-Type']}"
        return None

    def _answer(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": "0"} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Logs nothing."""
