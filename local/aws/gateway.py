"""One loopback port for every AWS service: our stand-ins where we have one, moto for the rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from functools import cache
from http.client import responses
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import ThreadedWSGIServer

from local.aws.http import Request, Response, signer
from local.aws.meter import Meter
from local.aws.wsgi import WsgiHandler
from local.connections import Connections

Handler = Callable[[Request], Response]
Refusal = Callable[[Request], Response | None]


class Gateway:
    """Routes by path prefix, by the service in X-Amz-Target, or by service and action; the rest goes to moto.

    `refusal` is asked first, and answers what the caller may not do. What it is shown of a request
    to S3 has no body. `meter` counts what answering takes, by service; by method too for S3.
    """

    def __init__(self, refusal: Refusal = lambda _: None, meter: Meter | None = None) -> None:
        self._refusal = refusal
        self._paths: dict[str, Handler] = {}
        self._targets: dict[str, Handler] = {}
        self._actions: dict[tuple[str, str], Handler] = {}
        self.requests: list[tuple[float, str, str]] = []
        """Time, method and path of every request that went to moto."""
        self._moto = _Dispatcher(create_backend_app)
        self._server = _Server("127.0.0.1", 0, self._serve, _QuietHandler)
        self._server.meter = meter or Meter()
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self) -> str:
        """The value of AWS_ENDPOINT_URL."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def route_path(self, prefix: str, handler: Handler) -> None:
        """Sends requests whose path starts with `prefix` to `handler`."""
        self._paths[prefix] = handler

    def route_target(self, service: str, handler: Handler) -> None:
        """Sends requests whose X-Amz-Target is `service`.Operation to `handler`."""
        self._targets[service] = handler

    def route_action(self, service: str, action: str, handler: Handler) -> None:
        """Sends one action of a service that speaks the query protocol to `handler`; its others stay with moto."""
        self._actions[service, action] = handler

    def stop(self) -> None:
        """Stops listening and waits for the answers under way."""
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()

    def _serve(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = _request(environ)
        response = self._refusal(request)
        if response is None:
            handler = self._handler(request)
            if handler is None:
                self.requests.append((time.time(), request.method, request.path))
                return self._moto(environ, start_response)
            response = handler(request)
        headers = [("Content-Length", str(len(response.body))), *response.headers.items()]
        start_response(f"{response.status} {responses.get(response.status, '')}", headers)
        return [b"" if request.method == "HEAD" else response.body]

    def _handler(self, request: Request) -> Handler | None:
        target = request.headers.get("x-amz-target", "").partition(".")[0]
        if target in self._targets:
            return self._targets[target]
        service = signer(request.headers)[1]
        if any(service == one for one, _ in self._actions):
            action = parse_qs(request.body.decode(errors="replace")).get("Action", [""])[0]
            return self._actions.get((service, action))
        return next((handler for prefix, handler in self._paths.items() if request.path.startswith(prefix)), None)


def _request(environ: dict[str, Any]) -> Request:
    """Reads a request and, unless it is one to S3, its body, which stays for whoever answers."""
    headers, body = _headers(environ), b""
    if signer(headers)[1] != "s3":
        body = environ["wsgi.input"].getvalue()
        environ["CONTENT_LENGTH"] = str(len(body))
    query = dict(reversed(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)))
    # WSGI has the bytes of the path as characters of Latin-1.
    path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
    return Request(environ["REQUEST_METHOD"], path, headers, body, query)


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    return {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }


class _Dispatcher(DomainDispatcherApplication):
    """moto's applications, one a service. moto lists the folders of its package for every request."""

    def __init__(self, create_app: Callable[[Any], Any]) -> None:
        super().__init__(create_app)
        self.get_backend_for_host = cache(super().get_backend_for_host)


class _Server(Connections, ThreadedWSGIServer):
    """The WSGI server that moto uses itself."""

    meter: Meter


class _QuietHandler(WsgiHandler):
    """Counts what requests take, and logs none."""

    server: _Server

    def run_wsgi(self) -> None:
        """Answers one request."""
        service = signer({"authorization": self.headers.get("Authorization", "")})[1] or "unsigned"
        with self.server.meter.of(f"{service} {self.command}" if service == "s3" else service):
            super().run_wsgi()

    def log(self, type: str, message: str, *args: Any) -> None:
        """Does nothing."""
