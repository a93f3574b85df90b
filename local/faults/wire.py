"""HTTP/1.1 messages as they are on the wire, so that a proxy can pass them on untouched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO
from urllib.parse import parse_qsl, urlsplit

WITHOUT_BODY = (b"204", b"304")


@dataclass(frozen=True)
class Message:
    """`head` is the start line and the headers with the empty line that ends them; `framed` is the
    body with the framing of a chunked one."""

    head: bytes
    framed: bytes = b""

    @cached_property
    def start_line(self) -> list[bytes]:
        """Its three parts."""
        return self.head.split(b"\r\n", 1)[0].split(b" ", 2)

    @cached_property
    def headers(self) -> dict[str, str]:
        """By lower-case names."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        pairs = (line.partition(":") for line in lines if line)
        return {name.lower(): value.strip() for name, _, value in pairs}

    @property
    def chunked(self) -> bool:
        return self.headers.get("transfer-encoding", "").lower() == "chunked"

    @property
    def body(self) -> bytes:
        """The body without framing."""
        if not self.chunked:
            return self.framed
        content, rest = [], self.framed
        while True:
            line, _, rest = rest.partition(b"\r\n")
            size = int(line.split(b";")[0], 16)
            if size == 0:
                return b"".join(content)
            content.append(rest[:size])
            rest = rest[size + 2 :]

    @property
    def interim(self) -> bool:
        """Whether it is an answer that announces another one."""
        return self.start_line[1].startswith(b"1")

    @property
    def closes(self) -> bool:
        """Whether the sender closes the connection behind it."""
        return self.headers.get("connection", "").lower() == "close" or not self._delimited

    @property
    def _delimited(self) -> bool:
        return self.chunked or "content-length" in self.headers or self.start_line[1] in WITHOUT_BODY

    def with_body(self, body: bytes) -> Message:
        """The message with another body, its length told truly."""
        lines = self.head.rstrip(b"\r\n").split(b"\r\n")
        framing = (b"content-length:", b"transfer-encoding:")
        kept = [line for line in lines if not line.lower().startswith(framing)]
        return Message(b"\r\n".join([*kept, b"Content-Length: %d" % len(body), b"", b""]), body)


@dataclass(frozen=True)
class Request(Message):
    """A request; `text` is where plans look for what they are about."""

    @property
    def method(self) -> str:
        return self.start_line[0].decode()

    @cached_property
    def path(self) -> str:
        return urlsplit(self.start_line[1].decode()).path

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.start_line[1].decode()).query, keep_blank_values=True))

    @property
    def target(self) -> str:
        """The service and operation that AWS's JSON protocols name in a header."""
        return self.headers.get("x-amz-target", "")

    @property
    def expects_continue(self) -> bool:
        return self.headers.get("expect", "").lower() == "100-continue"

    @property
    def same_as(self) -> tuple[object, ...]:
        """Equal for a request and the same request sent again."""
        # Snowflake tells a repetition by its `retry`, and each request to S3 may name another range.
        content = self.body if self.target else b""
        return self.method, self.path, self.target, content, tuple(sorted((self.query | {"retry": ""}).items()))


def read_head(stream: BinaryIO) -> bytes:
    """Reads up to the empty line; nothing if the other side has closed."""
    lines = []
    while line := stream.readline():
        lines.append(line)
        if line == b"\r\n" and len(lines) > 1:
            return b"".join(lines)
    return b""


def read_request_body(stream: BinaryIO, head: Request) -> Request:
    """The request with its body."""
    length = 0 if head.chunked else int(head.headers.get("content-length", 0))
    return Request(head.head, _chunks(stream) if head.chunked else _exactly(stream, length))


def read_answer(stream: BinaryIO, method: str) -> Message:
    """Reads the answer to a request of this method. Raises `ConnectionError` where it breaks off."""
    head = Message(read_head(stream))
    if not head.head:
        raise ConnectionAbortedError("no answer")
    if method == "HEAD" or head.interim or head.start_line[1] in WITHOUT_BODY:
        return head
    if head.chunked:
        return Message(head.head, _chunks(stream))
    if "content-length" in head.headers:
        return Message(head.head, _exactly(stream, int(head.headers["content-length"])))
    return Message(head.head, stream.read())


def _exactly(stream: BinaryIO, length: int) -> bytes:
    content = stream.read(length) if length else b""
    if len(content) < length:
        raise ConnectionAbortedError("a body broke off")
    return content


def _chunks(stream: BinaryIO) -> bytes:
    """Reads chunks and trailers, framing and all."""
    parts = []
    while True:
        line = stream.readline()
        parts.append(line)
        size = int(line.split(b";")[0], 16)
        if size == 0:
            break
        parts.append(_exactly(stream, size + 2))
    while (line := stream.readline()) != b"\r\n":
        if not line:
            raise ConnectionAbortedError("a body broke off")
        parts.append(line)
    return b"".join([*parts, line])
