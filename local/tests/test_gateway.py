"""How the gateway speaks HTTP, by what goes over the wire."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from local.aws.gateway import Gateway
from local.aws.http import Request, Response

BODY = bytes(range(256)) * 1000


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """Answers what it is sent under /echo, and refuses all that goes to /refused."""

    def refusal(request: Request) -> Response | None:
        return Response(403, b"no") if request.path.startswith("/refused") else None

    gateway = Gateway(refusal)
    gateway.route_path("/echo", lambda request: Response(200, request.body))
    gateway.route_path("/broken", lambda _: Response(200, 1 // 0))
    yield gateway
    gateway.stop()


@pytest.fixture
def connection(gateway: Gateway) -> Iterator[HTTPConnection]:
    connection = HTTPConnection(gateway.url.removeprefix("http://"), timeout=10)
    yield connection
    connection.close()


def test_a_connection_serves_one_request_after_the_other(connection: HTTPConnection) -> None:
    """Whatever became of the one before: its body is no request."""
    sockets = set()
    for path, body, expected in (
        ("/echo", BODY, (200, BODY)), ("/refused", BODY, (403, b"no")), ("/echo", b"", (200, b"")),
        ("/broken", BODY, (500, b"")), ("/echo", iter([BODY, b"more"]), (200, BODY + b"more")),
    ):
        connection.request("PUT", path, body, encode_chunked=not isinstance(body, bytes),
                           headers={} if isinstance(body, bytes) else {"Transfer-Encoding": "chunked"})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == expected
        sockets.add(connection.sock)
    assert len(sockets) == 1 and None not in sockets


def test_a_head_has_no_body_and_tells_its_length(connection: HTTPConnection) -> None:
    connection.request("HEAD", "/refused")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Length"], answer.read()) == (403, "2", b"")
    connection.request("GET", "/refused")
    assert connection.getresponse().read() == b"no"


def test_a_client_that_wants_no_other_request_is_hung_up_on(connection: HTTPConnection) -> None:
    connection.request("PUT", "/echo", b"a", headers={"Connection": "close"})
    answer = connection.getresponse()
    assert (answer.headers["Connection"], answer.read()) == ("close", b"a")
    assert connection.sock is None


def test_a_request_that_ends_too_soon_is_not_served(gateway: Gateway) -> None:
    seen: list[bytes] = []
    gateway.route_path("/seen", lambda request: seen.append(request.body) or Response(200, b""))
    host, port = gateway.url.removeprefix("http://").split(":")
    for head in (b"Content-Length: 10\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc"):
        with socket.create_connection((host, int(port)), timeout=10) as client:
            client.sendall(b"PUT /seen HTTP/1.1\r\nHost: x\r\n" + head)
            client.shutdown(socket.SHUT_WR)
            assert client.recv(100) == b""
    assert seen == []
