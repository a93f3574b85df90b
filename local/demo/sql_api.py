"""A client of Snowflake's SQL API, for what people do in a worksheet: scripts and queries."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

STATEMENTS = "/api/v2/statements"
TOKEN_SECONDS = 300
POLL_S = 0.05
EPOCH = datetime(1970, 1, 1)


class SqlFailed(Exception):
    """Snowflake refused a request: its HTTP status, code and message."""


@dataclass(frozen=True)
class Table:
    """A result: column names in lower case, and rows of Python values."""

    columns: list[str]
    rows: list[list[Any]]

    def records(self) -> list[dict[str, Any]]:
        """The rows by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class SqlApi:
    """Sends statements as one user, with a key-pair token of its own for every request."""

    def __init__(self, url: str, account: str, user: str, key: rsa.RSAPrivateKey) -> None:
        self._url = url
        self._subject = f"{account}.{user}".upper()
        self._key = key

    def run_script(self, script: str) -> list[Table]:
        """Runs the statements of a script in one session; returns the result of each."""
        parameters = {"MULTI_STATEMENT_COUNT": "0", "TIMEZONE": "UTC"}
        answer = self._submit({"statement": script, "parameters": parameters})
        handles = answer.get("statementHandles")
        return [self._result(self._wait(handle)) for handle in handles] if handles else [self._result(answer)]

    def query(self, statement: str, **session: str) -> Table:
        """Runs one statement; `session` may name role, warehouse, database and schema."""
        return self._result(self._submit({"statement": statement, "parameters": {"TIMEZONE": "UTC"}} | session))

    def _submit(self, body: dict[str, Any]) -> dict[str, Any]:
        path = f"{STATEMENTS}?requestId={uuid.uuid4()}&retry=true"
        status, answer = self._request("POST", path, json.dumps(body).encode())
        return self._wait(answer["statementHandle"]) if status == 202 else answer

    def _wait(self, handle: str) -> dict[str, Any]:
        while True:
            status, answer = self._request("GET", f"{STATEMENTS}/{handle}")
            if status == 200:
                return answer
            time.sleep(POLL_S)

    def _result(self, answer: dict[str, Any]) -> Table:
        meta = answer["resultSetMetaData"]
        data = list(answer["data"])
        for partition in range(1, len(meta["partitionInfo"])):
            path = f"{STATEMENTS}/{answer['statementHandle']}?partition={partition}"
            data += self._request("GET", path)[1]["data"]
        types = meta["rowType"]
        rows = [[_value(text, of) for text, of in zip(row, types, strict=True)] for row in data]
        return Table([column["name"].lower() for column in types], rows)

    def _request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, Any]]:
        headers = {
            "Authorization": f"Bearer {self._token()}",
            "X-Snowflake-Authorization-Token-Type": "KEYPAIR_JWT",
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "snowline-demo/1.0",
        }
        request = urllib.request.Request(self._url + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                content = response.read()
                if response.headers.get("Content-Encoding") == "gzip":
                    content = gzip.decompress(content)
                return response.status, json.loads(content)
        except urllib.error.HTTPError as error:
            detail = error.read().decode(errors="replace")
            raise SqlFailed(f"Snowflake answered {error.code} to {method} {path}: {detail}") from None

    def _token(self) -> str:
        public = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        fingerprint = base64.b64encode(hashlib.sha256(public).digest()).decode()
        now = int(time.time())
        claims = {
            "iss": f"{self._subject}.SHA256:{fingerprint}",
            "sub": self._subject,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
        }
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_base64url(signature)}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _value(text: str | None, column: dict[str, Any]) -> Any:
    """Reads the text form of a value; what has no Python type of its own stays text."""
    if text is None:
        return None
    match column["type"]:
        case "fixed":
            return Decimal(text) if column["scale"] else int(text)
        case "real":
            return float(text)
        case "boolean":
            return text.lower() in ("true", "1")
        case "date":
            return date(1970, 1, 1) + timedelta(days=int(text))
        case "timestamp_ntz":
            return EPOCH + timedelta(microseconds=int(Decimal(text) * 1_000_000))
        case "timestamp_ltz":
            return (EPOCH + timedelta(microseconds=int(Decimal(text) * 1_000_000))).replace(tzinfo=UTC)
        case "time":
            return (EPOCH + timedelta(microseconds=int(Decimal(text) * 1_000_000))).time()
        case "variant":
            return json.loads(text)
    return text
