"""The routes of the SQL API v2 over HTTP."""

from __future__ import annotations

import json
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from local.connections import Connections

from . import errors, request_body, results
from .auth import Identity
from .errors import ApiError
from .jobs import Job

if TYPE_CHECKING:
    from .server import SnowflakeServer

ROOT = "/api/v2/statements"
_CANCEL_SECONDS = 2


class HttpServer(Connections, HTTPServer):
    """Listens on loopback; the handlers find the stand-in in `owner`."""

    request_queue_size = 64

    def __init__(self, port: int, owner: SnowflakeServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", port), Handler)


class Handler(BaseHTTPRequestHandler):
    """One connection, any number of requests."""

    protocol_version = "HTTP/1.1"
    server: HttpServer

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what was asked is in `SnowflakeServer.history`."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date of an answer is by the account's clock."""
        return super().date_time_string(self.server.owner.engine.clock() if timestamp is None else timestamp)

    def do_GET(self) -> None:
        self._respond("GET")

    def do_POST(self) -> None:
        self._respond("POST")

    def do_PUT(self) -> None:
        self._respond("PUT")

    def do_DELETE(self) -> None:
        self._respond("DELETE")

    def _respond(self, method: str) -> None:
        self.server.owner.requests.append(f"{method} {self.path}")
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            self._route(method, body)
        except ApiError as error:
            self._send_error(error)
        except errors.SqlError as error:
            self._send(error.status, _failure(error, None))

    def _route(self, method: str, body: bytes) -> None:
        url = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        parts = url.path.removeprefix(ROOT).strip("/").split("/")
        if not url.path.startswith(ROOT) or len(parts) > 2 or (len(parts) == 2 and parts[1] != "cancel"):
            raise ApiError(404)
        action = "submit" if parts == [""] else "cancel" if len(parts) == 2 else "poll"
        if method != ("GET" if action == "poll" else "POST"):
            raise ApiError(405)
        headers = {name.lower(): value for name, value in self.headers.items()}
        owner = self.server.owner
        identity = owner.authentication.identify(headers)
        if action == "submit":
            self._submit(identity, headers, query, body)
        elif action == "poll":
            self._poll(identity.user, parts[0], query)
        else:
            self._cancel(identity.user, parts[0])

    def _submit(
        self, identity: Identity, headers: dict[str, str], query: dict[str, str], body: bytes
    ) -> None:
        owner = self.server.owner
        if headers.get("content-type", "").split(";")[0].strip() != "application/json":
            raise ApiError(415)
        fields = request_body.read_body(body)
        request = request_body.request(fields, query.get("nullable", "true") != "false")
        context = request_body.context(owner.engine, identity, fields)
        retry = query.get("retry") == "true"
        job = owner.jobs.submit(context, request, query.get("requestId"), retry)
        if query.get("async") != "true":
            job.done.wait(owner.sync_seconds)
            pending = not job.done.is_set()
        else:
            pending = True
        if pending:
            self._send(202, _running(job))
        else:
            self._answer(job, {})

    def _poll(self, user: str, handle: str, query: dict[str, str]) -> None:
        job = self.server.owner.jobs.find(handle, user)
        if job is None:
            raise ApiError(404)
        if not job.done.is_set():
            self._send(202, _running(job))
        else:
            self._answer(job, query)

    def _cancel(self, user: str, handle: str) -> None:
        job = self.server.owner.jobs.find(handle, user)
        if job is None:
            raise errors.SqlError("000709", "02000", f"Statement {handle} not found")
        if job.done.is_set():
            message = "Identified SQL statement is not currently executing."
            raise errors.SqlError("000605", "57014", message)
        job.cancel(errors.canceled())
        # The answer says that it no longer runs.
        job.done.wait(_CANCEL_SECONDS)
        self._send(200, {
            "code": "000604", "sqlState": "57014", "message": "SQL execution canceled",
            **_address(job),
        })

    def _answer(self, job: Job, query: dict[str, str]) -> None:
        if job.error is not None or job.result is None:
            error = job.error or errors.canceled()
            self._send(error.status, _failure(error, job))
            return
        bounds = results.partitions(job.result.rows.num_rows, self.server.owner.partition_rows)
        number = query.get("partition", "0")
        if not number.isdigit() or int(number) >= len(bounds):
            raise ApiError(400, "390142", f"no partition {number}")
        if int(number) > 0:
            self._send_gzip(results.partition_body(job.result, bounds[int(number)]))
            return
        self._send(200, _success(job, job.result, bounds))

    def _send(self, status: int, body: dict[str, Any]) -> None:
        self._write(status, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _send_gzip(self, body: bytes) -> None:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        self._write(200, body, headers)

    def _send_error(self, error: ApiError) -> None:
        headers = {"Retry-After": "1"} if error.status in (429, 503) else {}
        if not error.code:
            self._write(error.status, b"", headers)
            return
        body = json.dumps({"code": error.code, "message": error.message}).encode()
        self._write(error.status, body, {"Content-Type": "application/json"} | headers)

    def _write(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _address(job: Job) -> dict[str, Any]:
    return {"statementHandle": job.handle, "statementStatusUrl": f"{ROOT}/{job.handle}"}


def _running(job: Job) -> dict[str, Any]:
    return {
        "code": "333334",
        "message": "Asynchronous execution in progress. Use provided query id to perform query"
        " monitoring and management.",
        **_address(job),
    }


def _failure(error: errors.SqlError, job: Job | None) -> dict[str, Any]:
    body = {"code": error.code, "sqlState": error.sql_state, "message": error.message}
    if job:
        body |= _address(job) | {"createdOn": int(job.created_on * 1000)}
    return body


def _success(job: Job, result: results.Result, bounds: list[tuple[int, int]]) -> dict[str, Any]:
    data = result.encoded(*bounds[0])
    if not job.nullable:
        data = [["null" if value is None else value for value in row] for row in data]
    body: dict[str, Any] = {
        "resultSetMetaData": {
            "numRows": result.rows.num_rows,
            "format": "jsonv2",
            "partitionInfo": [
                {"rowCount": stop - start, "uncompressedSize": 0, "compressedSize": 0}
                for start, stop in bounds
            ],
            "rowType": [column.describe() for column in result.columns],
        },
        "data": data,
        "code": "090001",
        "sqlState": "00000",
        "message": "Statement executed successfully.",
        "createdOn": int(job.created_on * 1000),
        **_address(job),
    }
    if result.stats is not None:
        body["stats"] = result.stats
    if result.children:
        body["statementHandles"] = result.children
    return body
