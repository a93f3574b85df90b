"""The stub S3 as a process of its own, and clients that only read or only write.

They do what the function does with the network, and nothing else.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from http.client import HTTPConnection
from itertools import groupby
from pathlib import Path
from threading import local
from typing import Any

from bench.invocation.function import BUCKET
from bench.invocation.stub_s3 import Network, Request

# What functions/transform/src/body.rs reads with.
READERS = 4
RANGE_BYTES = 8 << 20
BUFFER_BYTES = 1 << 20


class Stub:
    """The stub S3 in a process of its own, so that it does not share a lock with who measures."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.invocation.stub_s3", folder], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Stub:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def connect(self) -> HTTPConnection:
        """A new connection."""
        return HTTPConnection("127.0.0.1", self.port)

    def set_network(self, network: Network) -> None:
        """Changes the speed."""
        self._admin("PUT", "/-/network", json.dumps(asdict(network)))

    def take_requests(self) -> list[Request]:
        """The requests since the last call."""
        return [Request(**request) for request in json.loads(self._admin("GET", "/-/requests"))]

    def _admin(self, method: str, path: str, body: str | None = None) -> bytes:
        connection = self.connect()
        connection.request(method, path, body)
        answer = connection.getresponse().read()
        connection.close()
        return answer


def read(stub: Stub, key: str, size: int, connections: int) -> None:
    """Drains an object over one connection, or range by range over several."""
    step = size if connections == 1 else RANGE_BYTES
    ranges = [(first, min(first + step, size)) for first in range(0, size, step)]
    thread = local()

    def drain(first_end: tuple[int, int]) -> None:
        if not hasattr(thread, "connection"):
            thread.connection, thread.buffer = stub.connect(), bytearray(BUFFER_BYTES)
        first, end = first_end
        thread.connection.request("GET", f"/{BUCKET}/{key}", headers={"Range": f"bytes={first}-{end - 1}"})
        answer = thread.connection.getresponse()
        while answer.readinto(thread.buffer):
            pass

    in_parallel(drain, ranges, connections)


def write(stub: Stub, requests: list[Request]) -> None:
    """Sends such requests again: the objects at once, those of one object in turn, the ledger last."""
    ledger = [request for request in requests if request.key.startswith("ledger/")]
    by_key = sorted((request for request in requests if request not in ledger), key=lambda request: request.key)
    objects = [list(of_key) for _, of_key in groupby(by_key, key=lambda request: request.key)]

    def send(of_key: list[Request]) -> None:
        connection = stub.connect()
        for request in of_key:
            query = {"uploads": "?uploads", "part": "?partNumber=1&uploadId=1", "complete": "?uploadId=1", "": ""}
            body = memoryview(bytes(request.bytes))
            connection.request(request.method, f"/{BUCKET}/{request.key}{query[request.upload]}", body)
            connection.getresponse().read()
        connection.close()

    in_parallel(send, objects, len(objects))
    send(ledger)


def in_parallel(work: Callable[[Any], None], items: Iterable[Any], threads: int) -> None:
    """Does all items on so many threads, and waits; the first error is raised."""
    with ThreadPoolExecutor(max(1, threads)) as pool:
        list(pool.map(work, items))
