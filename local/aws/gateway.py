"""One loopback port for every AWS service: our stand-ins where we have one, moto for the rest."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterable
from http.client import responses
from typing import Any
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import ThreadedWSGIServer

from local.aws.http import Request, Response, signer
from local.connections import Connections

Handler = Callable[[Request], Response]


class Gateway:
    """Routes by path prefix, by the service in X-Amz-Target, or by service and action; the rest goes to moto."""

    def __init__(self) -> None:
        self._paths: dict[str, Handler] = {}
        self._targets: dict[str, Handler] = {}
        self._actions: dict[tuple[str, str], Handler] = {}
        self.requests: list[tuple[float, str, str]] = []
        """Time, method and path of every request that went to moto."""
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = _Server("127.0.0.1", 0, self._serve, _QuietHandler)
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
        handler = self._handler(environ) or self._action(environ)
        if handler is None:
            self.requests.append((time.time(), environ["REQUEST_METHOD"], environ["PATH_INFO"]))
            return self._moto(environ, start_response)
        response = handler(_request(environ))
        headers = [("Content-Length", str(len(response.body))), *response.headers.items()]
        start_response(f"{response.status} {responses.get(response.status, '')}", headers)
        return [response.body]

    def _handler(self, environ: dict[str, Any]) -> Handler | None:
        target = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")[0]
        if target in self._targets:
            return self._targets[target]
        path = environ["PATH_INFO"]
        return next((handler for prefix, handler in self._paths.items() if path.startswith(prefix)), None)

    def _action(self, environ: dict[str, Any]) -> Handler | None:
        """Reads the form of a query, and puts it back for whoever answers."""
        service = signer(_headers(environ))[1]
        if not any(service == one for one, _ in self._actions):
            return None
        body = _body(environ)
        environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        action = parse_qs(body.decode(errors="replace")).get("Action", [""])[0]
        return self._actions.get((service, action))


def _request(environ: dict[str, Any]) -> Request:
    return Request(environ["REQUEST_METHOD"], environ["PATH_INFO"], _headers(environ), _body(environ))


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    return {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }


def _body(environ: dict[str, Any]) -> bytes:
    # A chunked body has no length; the server marks its stream as ending by itself.
    length = int(environ.get("CONTENT_LENGTH") or (-1 if environ.get("wsgi.input_terminated") else 0))
    body = environ["wsgi.input"].read(length)
    if len(body) < length:
        raise ConnectionAbortedError("the client went away before its request was complete")
    return body


class _Server(Connections, ThreadedWSGIServer):
    """The WSGI server that moto uses itself."""


class _QuietHandler(MotoRequestHandler):
    """Logs no requests; answers are small, so they must not wait for one another."""

    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Does nothing."""
