"""Stand-in for AWS X-Ray as a function sees it: trace headers, and the daemon that takes subsegments.

Every invocation of a function with active tracing is sampled; the service samples a few.
"""

from __future__ import annotations

import json
import re
import secrets
import socket
import threading
import time
from typing import Any

HEADER = b'{"format":"json","version":1}\n'
MAX_DOCUMENT_BYTES = 64 * 1024
MAX_NAME_CHARS = 200
MAX_ANNOTATION_CHARS = 1000

_ID = re.compile(r"[0-9a-f]{16}")
_TRACE_ID = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
_NAME = re.compile(r"[\w\s.:/%&#=+\\\-@]+")
_ANNOTATION_KEY = re.compile(r"[A-Za-z0-9_]{1,500}")
_SUBSEGMENT = {
    "name": str, "id": str, "trace_id": str, "parent_id": str, "type": str, "start_time": float, "end_time": float,
}
_OPTIONAL = {
    "annotations": dict, "metadata": dict, "fault": bool, "error": bool, "throttle": bool, "cause": dict,
    "namespace": str, "http": dict, "aws": dict, "sql": dict, "subsegments": list, "precursor_ids": list,
}
_EXCEPTION = {"id", "message", "type", "remote", "truncated", "skipped", "cause", "stack"}


class InvalidDocument(ValueError):
    """X-Ray would not take the document."""


def trace_header(sampled: bool) -> str:
    """The header of a new trace, as Lambda hands it to an invocation."""
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled={int(sampled)};Lineage=1:{secrets.token_hex(4)}:0"


class Daemon:
    """Takes documents over UDP on a free loopback port, and keeps them.

    What X-Ray would refuse is kept in `refused`, each with the reason.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024**2)
        self._socket.bind(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._documents: list[dict[str, Any]] = []
        self._refused: list[str] = []
        self._closed = False
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Host and port, the value of AWS_XRAY_DAEMON_ADDRESS."""
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def documents(self) -> list[dict[str, Any]]:
        """Every subsegment so far, in the order of their ends."""
        with self._lock:
            return list(self._documents)

    @property
    def refused(self) -> list[str]:
        """What was refused, and why."""
        with self._lock:
            return list(self._refused)

    def stop(self) -> None:
        """Takes no more; idempotent."""
        if self._closed:
            return
        self._closed = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _receive(self) -> None:
        while True:
            datagram = self._socket.recv(MAX_DOCUMENT_BYTES + len(HEADER) + 1)
            if self._closed:
                return
            try:
                document = read(datagram)
            except InvalidDocument as error:
                with self._lock:
                    self._refused.append(f"{error}: {datagram[:1000]!r}")
            else:
                with self._lock:
                    self._documents.append(document)


def read(datagram: bytes) -> dict[str, Any]:
    """The document of a datagram; raises `InvalidDocument` for what is no complete subsegment.

    Follows https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html for a
    subsegment that is sent on its own.
    """
    if not datagram.startswith(HEADER):
        raise InvalidDocument("the daemon's header is missing")
    body = datagram[len(HEADER) :]
    if len(body) > MAX_DOCUMENT_BYTES:
        raise InvalidDocument("larger than 64 KB")
    try:
        document = json.loads(body)
    except ValueError as error:
        raise InvalidDocument(f"not JSON ({error})") from error
    if not isinstance(document, dict):
        raise InvalidDocument("not an object")
    _check_fields(document)
    _check_annotations(document.get("annotations", {}))
    _check_cause(document.get("cause", {"exceptions": []}))
    return document


def _check_fields(document: dict[str, Any]) -> None:
    for name, kind in _SUBSEGMENT.items():
        if not isinstance(document.get(name), kind):
            raise InvalidDocument(f"{name} is missing or no {kind.__name__}")
    for name, value in document.items():
        if name not in _SUBSEGMENT | _OPTIONAL:
            raise InvalidDocument(f"unknown field {name}")
        if name in _OPTIONAL and not isinstance(value, _OPTIONAL[name]):
            raise InvalidDocument(f"{name} is no {_OPTIONAL[name].__name__}")
    for name, pattern in (("id", _ID), ("parent_id", _ID), ("trace_id", _TRACE_ID), ("name", _NAME)):
        if not pattern.fullmatch(document[name]):
            raise InvalidDocument(f"{name} {document[name]!r} is malformed")
    if len(document["name"]) > MAX_NAME_CHARS:
        raise InvalidDocument("the name is too long")
    if document["type"] != "subsegment":
        raise InvalidDocument("only Lambda sends segments")
    if not 0 < document["start_time"] <= document["end_time"] < time.time() + 60:
        raise InvalidDocument("the times are no seconds, or not in order")
    if document.get("namespace", "aws") not in ("aws", "remote"):
        raise InvalidDocument("the namespace is neither aws nor remote")


def _check_annotations(annotations: dict[str, Any]) -> None:
    for key, value in annotations.items():
        if not _ANNOTATION_KEY.fullmatch(key):
            raise InvalidDocument(f"annotation {key!r} is malformed")
        if not isinstance(value, str | int | float | bool) or len(str(value)) > MAX_ANNOTATION_CHARS:
            raise InvalidDocument(f"annotation {key} is no short text, number or boolean")


def _check_cause(cause: dict[str, Any]) -> None:
    if cause.keys() - {"working_directory", "paths", "exceptions"}:
        raise InvalidDocument("unknown fields in the cause")
    for exception in cause.get("exceptions", []):
        if exception.keys() - _EXCEPTION or not _ID.fullmatch(exception.get("id", "")):
            raise InvalidDocument("a malformed exception")
