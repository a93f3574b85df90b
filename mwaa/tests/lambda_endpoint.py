"""The Invoke API of Lambda on a loopback port, with answers a test chooses."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote


@dataclass
class LambdaEndpoint:
    """What was invoked, and which tasks answer with a function error."""

    url: str = ""
    failing: set[str] = field(default_factory=set)
    invoked: list[tuple[str, dict]] = field(default_factory=list)

    def tasks(self) -> list[str]:
        """The tasks in the order of their invocations, repetitions included."""
        return [payload["task"] for _, payload in self.invoked]


@contextmanager
def serve() -> Iterator[LambdaEndpoint]:
    """Runs an endpoint for as long as the context lasts."""
    endpoint = LambdaEndpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            # /2015-03-31/functions/{name}/invocations
            name = unquote(self.path.split("/")[3])
            payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            endpoint.invoked.append((name, payload))
            failed = payload["task"] in endpoint.failing
            answer = {"errorType": "CheckFailed", "errorMessage": "order_id_unique: 3 rows"} if failed else payload
            body = json.dumps(answer).encode()
            self.send_response(200)
            if failed:
                self.send_header("X-Amz-Function-Error", "Unhandled")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keeps the test output free of access lines."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
