"""What each fault is on the wire, and that a proxy without one is not there."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from xml.etree import ElementTree

import pytest

from local.connections import Connections
from local.faults import Fault, Faults, Proxy, calls
from local.faults.proxy import SLOW_S
from local.faults.refusals import AWS_JSON, S3, SNOWFLAKE
from local.faults.wire import Request
from local.stack import Stack

BODY = b'{"data": [["1", null]]}'
OBJECT = "/lake/landing/orders?x-id=GetObject"


class Origin(Connections, HTTPServer):
    """Answers every request with BODY and keeps what it got."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[tuple[str, str, bytes]] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Origin

    def do_GET(self) -> None:
        self._answer(b"")

    def do_PUT(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def do_POST(self) -> None:
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        assert self.rfile.readline() == b"\r\n"
        self._answer(b"".join(chunks))

    def _answer(self, body: bytes) -> None:
        self.server.received.append((self.command, self.path, body))
        chunked = "chunked" in self.path
        self.send_response_only(204 if "nothing" in self.path else 200)
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif "nothing" not in self.path:
            self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        if chunked:
            halves = (BODY[:9], BODY[9:], b"")
            self.wfile.write(b"".join(b"%x\r\n%s\r\n" % (len(half), half) for half in halves))
        elif "nothing" not in self.path:
            self.wfile.write(BODY)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Client:
    """One connection through the proxy, kept alive; `received` is what came through."""

    def __init__(self, proxy: Proxy, origin: Origin) -> None:
        self.proxy = proxy
        self.received = origin.received
        self.connection = http.client.HTTPConnection(proxy.address, timeout=5)

    def ask(self, path: str = OBJECT, method: str = "GET", **options: Any) -> tuple[int, bytes]:
        self.connection.request(method, path, **options)
        self.answer = self.connection.getresponse()
        return self.answer.status, self.answer.read()


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def client(faults: Faults) -> Iterator[Client]:
    origin = Origin()
    thread = Thread(target=origin.serve_forever, args=(0.05,))
    thread.start()
    with Proxy(faults, lambda: f"http://127.0.0.1:{origin.server_port}") as proxy:
        client = Client(proxy, origin)
        yield client
        client.connection.close()
    origin.shutdown()
    thread.join()
    origin.hang_up()
    origin.server_close()


def test_without_a_plan_everything_passes_on_one_connection(client: Client) -> None:
    def parts() -> Iterator[bytes]:
        yield from (b"one", b"two")

    assert client.ask() == (200, BODY)
    first = client.connection.sock
    assert client.ask(method="PUT", body=b"x" * 1_000_000) == (200, BODY)
    assert client.ask("/chunked?a=%20b", "POST", body=parts(), encode_chunked=True) == (200, BODY)
    assert client.answer.headers["Transfer-Encoding"] == "chunked"
    assert client.ask("/nothing") == (204, b"")
    assert client.connection.sock is first
    assert client.received == [
        ("GET", OBJECT, b""), ("PUT", OBJECT, b"x" * 1_000_000), ("POST", "/chunked?a=%20b", b"onetwo"),
        ("GET", "/nothing", b""),
    ]


def test_a_client_that_waits_to_be_asked_for_the_body_is_asked(client: Client) -> None:
    with socket.create_connection(client.proxy.server_address) as plain:
        plain.sendall(b"PUT /lake/a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 100 ")
        plain.sendall(b"abc")
        assert plain.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert client.received == [("PUT", "/lake/a", b"abc")]


def test_refused_is_a_reset_before_anything_is_done(client: Client, faults: Faults) -> None:
    faults.plan(calls.GET_OBJECT, Fault.REFUSED)
    with pytest.raises(ConnectionResetError):
        client.ask()
    assert client.received == []
    assert client.ask() == (200, BODY)


def test_lost_is_a_reset_after_all_is_done(client: Client, faults: Faults) -> None:
    faults.plan(calls.GET_OBJECT, Fault.LOST)
    with pytest.raises(ConnectionResetError):
        client.ask()
    assert len(client.received) == 1


def test_reset_comes_in_the_middle_of_the_body(client: Client, faults: Faults) -> None:
    faults.plan(calls.GET_OBJECT, Fault.RESET)
    client.connection.request("GET", OBJECT)
    answer = client.connection.getresponse()
    assert (answer.status, answer.length) == (200, len(BODY))
    assert answer.read1(1000) == BODY[: len(BODY) // 2]
    with pytest.raises(ConnectionResetError):
        answer.read1(1000)


def test_reset_comes_in_the_head_where_there_is_no_body(client: Client, faults: Faults) -> None:
    faults.plan(calls.PUT_OBJECT, Fault.RESET)
    with socket.create_connection(client.proxy.server_address) as plain:
        plain.sendall(b"PUT /lake/nothing HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            while got := plain.recv(1000):
                assert b"\r\n\r\n" not in got


def test_timeout_lasts_until_the_client_gives_up(client: Client, faults: Faults) -> None:
    plan = faults.plan(calls.GET_OBJECT, Fault.TIMEOUT)
    client.connection.timeout = 0.2
    with pytest.raises(TimeoutError):
        client.ask()
    client.connection.close()
    assert client.ask() == (200, BODY)
    assert len(plan.struck) == 1 and not plan.outlasted
    assert len(client.received) == 1


def test_slow_is_the_same_answer_later(client: Client, faults: Faults) -> None:
    faults.plan(calls.GET_OBJECT, Fault.SLOW)
    begun = time.monotonic()
    assert client.ask() == (200, BODY)
    assert time.monotonic() - begun >= SLOW_S


@pytest.mark.parametrize("path", [OBJECT, "/lake/chunked"])
def test_truncated_and_garbled_bodies_are_whole_messages(client: Client, faults: Faults, path: str) -> None:
    faults.plan(calls.GET_OBJECT, Fault.TRUNCATED)
    assert client.ask(path) == (200, BODY[: len(BODY) // 2])
    faults.plan(calls.GET_OBJECT, Fault.GARBLED)
    status, garbled = client.ask(path)
    assert (status, len(garbled)) == (200, len(BODY))
    assert all(one != other for one, other in zip(garbled, BODY, strict=True))
    with pytest.raises(ValueError):
        json.loads(garbled)
    assert client.ask(path) == (200, BODY)


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault.status], ids=lambda fault: str(fault.value))
def test_every_service_refuses_with_a_body_of_its_own(fault: Fault) -> None:
    bodies = {refusals.content_type: refusals.body(fault.status or 0) for refusals in (S3, AWS_JSON, SNOWFLAKE)}
    xml, aws, snowflake = bodies.values()
    assert ElementTree.fromstring(xml).findtext("Code")
    assert json.loads(aws)["__type"]
    assert not snowflake or {"code", "message"} <= json.loads(snowflake).keys()
    assert bool(snowflake) == (fault.status not in (404, 500, 503))


def test_a_refusal_keeps_the_connection_and_is_not_passed_on(client: Client, faults: Faults) -> None:
    faults.plan(calls.GET_OBJECT, Fault.UNAVAILABLE)
    faults.plan(calls.GET_OBJECT, Fault.THROTTLED_FOR)
    faults.plan(calls.GET_OBJECT, Fault.THROTTLED)
    status, body = client.ask()
    assert status == 503 and b"<Code>SlowDown</Code>" in body
    first = client.connection.sock
    assert client.ask()[0] == 429 and client.answer.headers["Retry-After"] == "1"
    assert client.ask()[0] == 429 and "Retry-After" not in client.answer.headers
    assert client.ask() == (200, BODY)
    assert client.connection.sock is first and len(client.received) == 1


def test_a_plan_strikes_its_call_as_often_as_planned(client: Client, faults: Faults) -> None:
    plan = faults.plan(calls.GET_OBJECT, Fault.NOT_FOUND, times=2, about=b"/orders")
    assert client.ask("/lake/landing/other")[0] == 200
    assert client.ask(method="PUT", body=b"")[0] == 200
    assert [client.ask()[0] for _ in range(3)] == [404, 404, 200]
    assert plan.resent and len(plan.struck) == 2
    lasting = faults.plan(calls.PUT_OBJECT, Fault.FORBIDDEN, times=None)
    assert [client.ask(method="PUT", body=b"")[0] for _ in range(3)] == [403] * 3
    faults.clear()
    assert client.ask(method="PUT", body=b"")[0] == 200
    assert len(lasting.struck) == 3


HANDLE = "/api/v2/statements/01b2-77"


@pytest.mark.parametrize(
    ("line", "target", "name"),
    [
        ("GET /lake/landing/a%20b?versionId=3&x-id=GetObject", "", "GetObject"),
        ("PUT /lake/a?x-id=PutObject", "", "PutObject"),
        ("POST /lake/a?uploads", "", "CreateMultipartUpload"),
        ("PUT /lake/a?partNumber=1&uploadId=x&x-id=UploadPart", "", "UploadPart"),
        ("POST /lake/a?uploadId=x", "", "CompleteMultipartUpload"),
        ("DELETE /lake/a?uploadId=x", "", None),
        ("GET /lake?list-type=2&prefix=landing%2F", "", "ListObjectsV2"),
        ("GET /", "", None),
        ("POST /", "secretsmanager.GetSecretValue", "GetSecretValue"),
        ("POST /", "secretsmanager.PutSecretValue", None),
        ("POST /", "AmazonSQS.DeleteMessageBatch", "DeleteMessageBatch"),
        ("POST /2018-06-01/runtime/invocation/8-4-4/response", "", "answer of an invocation"),
        ("POST /2018-06-01/runtime/invocation/8-4-4/error", "", None),
        ("GET /2018-06-01/runtime/invocation/next", "", None),
        ("POST /api/v2/statements?requestId=1&async=true&retry=true", "", "submit"),
        (f"GET {HANDLE}", "", "poll"),
        (f"GET {HANDLE}?partition=1", "", "partition"),
        (f"POST {HANDLE}/cancel", "", "cancel"),
    ],
)
def test_a_call_is_recognised(line: str, target: str, name: str | None) -> None:
    request = Request(f"{line} HTTP/1.1\r\nX-Amz-Target: {target}\r\n\r\n".encode())
    assert [call.name for call in calls.CALLS if call.matches(request)] == ([name] if name else [])


def test_a_query_is_recognised_by_its_body() -> None:
    request = Request(b"POST / HTTP/1.1\r\n\r\n", b"Action=GetWebIdentityToken&Version=2011-06-15")
    assert [call.name for call in calls.CALLS if call.matches(request)] == ["GetWebIdentityToken"]


def test_a_resend_is_the_same_request() -> None:
    def submission(query: str) -> Request:
        return Request(f"POST /api/v2/statements?{query} HTTP/1.1\r\n\r\n".encode())

    first = submission("requestId=1&async=true")
    assert first.same_as == submission("requestId=1&async=true&retry=true").same_as
    assert first.same_as != submission("requestId=2&async=true").same_as


def test_boto_reaches_the_services_through_a_proxy(stack: Stack, faults: Faults) -> None:
    with Proxy(faults, lambda: stack.endpoint_url) as proxy:
        s3, bucket = stack.client("s3", proxy.url), stack.outputs["LakeBucketName"]
        body = gzip.compress(b"line\n" * 1000)
        s3.put_object(Bucket=bucket, Key="other/a b", Body=body)
        assert s3.get_object(Bucket=bucket, Key="other/a b")["Body"].read() == body
        upload = s3.create_multipart_upload(Bucket=bucket, Key="other/c")["UploadId"]
        part = {"Bucket": bucket, "Key": "other/c", "UploadId": upload}
        etag = s3.upload_part(**part, PartNumber=1, Body=body)["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
        plan = faults.plan(calls.COMPLETE_UPLOAD, Fault.SERVER_ERROR)
        with pytest.raises(s3.exceptions.ClientError, match="InternalError"):
            s3.complete_multipart_upload(**part, MultipartUpload=parts)
        s3.complete_multipart_upload(**part, MultipartUpload=parts)
        assert len(plan.struck) == 1 and plan.resent
        assert s3.get_object(Bucket=bucket, Key="other/c")["Body"].read() == body
