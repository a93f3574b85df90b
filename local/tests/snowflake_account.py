"""A small account on the Snowflake stand-in, its lake, and an HTTP client of its SQL API."""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.client
import io
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.server import ThreadedMotoServer

from local import jwt
from local.snowflake import SnowflakeServer

BUCKET = "standin-lake"

SETUP = f"""
use role sysadmin;
create warehouse wh warehouse_size = xsmall auto_suspend = 60;
create database db;
create schema db.s;
use role accountadmin;
create storage integration lake type = external_stage storage_provider = 'S3' enabled = true
    storage_aws_role_arn = 'arn:aws:iam::123456789012:role/lake'
    storage_allowed_locations = ('s3://{BUCKET}/')
    storage_blocked_locations = ('s3://{BUCKET}/landing/');
create stage db.s.lake url = 's3://{BUCKET}/' storage_integration = lake;
create file format db.s.parquet_files
    type = parquet use_logical_type = true use_vectorized_scanner = true;
create file format db.s.json_files type = json;
create role worker;
grant role worker to user service;
grant usage on integration lake to role sysadmin;
"""


@dataclass
class Response:
    """An answer of the SQL API."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["code"])

    def data(self) -> list[list[str | None]]:
        assert self.status == 200, self.body
        return self.json["data"]


class Client:
    """Signs and sends requests; whatever a test wants wrong can be overridden."""

    def __init__(self, url: str, key: rsa.RSAPrivateKey, user: str) -> None:
        self._host = url.removeprefix("http://")
        self.key = key
        self.user = user
        self.ahead_s = 0.0

    def token(self, sign_with: rsa.RSAPrivateKey | None = None, **claims: Any) -> str:
        der = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        fingerprint = base64.b64encode(hashlib.sha256(der).digest()).decode()
        now = int(time.time() + self.ahead_s)
        subject = f"LOCAL.{self.user}"
        standard = {"iss": f"{subject}.SHA256:{fingerprint}", "sub": subject, "iat": now, "exp": now + 300}
        merged = {name: value for name, value in (standard | claims).items() if value is not None}
        return jwt.sign(merged, sign_with or self.key)

    def send(
        self, method: str, path: str, body: Any = None, token: str | None = None, **headers: str | None
    ) -> Response:
        standard = {
            "Authorization": f"Bearer {token or self.token()}",
            "X-Snowflake-Authorization-Token-Type": "KEYPAIR_JWT",
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "tests/1.0",
        }
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        merged = {name: value for name, value in (standard | given).items() if value is not None}
        connection = http.client.HTTPConnection(self._host, timeout=30)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
            for name, value in (merged | {"Content-Length": str(len(content))}).items():
                connection.putheader(name, value)
            connection.endheaders(content)
            answer = connection.getresponse()
            received = answer.read()
            return Response(answer.status, {k.lower(): v for k, v in answer.getheaders()}, received)
        finally:
            connection.close()

    def submit(
        self, statement: str, query: str = "", parameters: dict[str, str] | None = None, **fields: Any
    ) -> Response:
        body = {
            "statement": statement, "database": "DB", "schema": "S", "warehouse": "WH",
            "parameters": {"TIMEZONE": "UTC"} if parameters is None else parameters,
        } | fields
        body = {name: value for name, value in body.items() if value is not None}
        return self.send("POST", f"/api/v2/statements{query}", body)

    def poll(self, handle: str, query: str = "") -> Response:
        return self.send("GET", f"/api/v2/statements/{handle}{query}")

    def cancel(self, handle: str) -> Response:
        return self.send("POST", f"/api/v2/statements/{handle}/cancel")

    def wait(self, handle: str) -> Response:
        for _ in range(500):
            answer = self.poll(handle)
            if answer.status != 202:
                return answer
            time.sleep(0.01)
        raise AssertionError("the statement does not end")


class Account:
    """The stand-in, its administrator and its service user, and the bucket of its stage."""

    def __init__(self, server: SnowflakeServer, s3: Any, admin: Client, service: Client) -> None:
        self.server = server
        self.s3 = s3
        self.admin = admin
        self.service = service
        self.parquet_types: dict[str, pa.DataType] = {}
        """Types of columns of Parquet files; without one it follows from the values."""

    def run(self, script: str) -> None:
        self.server.run_script(f"use role sysadmin; use schema db.s; use warehouse wh; {script}")

    def shift_clock(self, seconds: float) -> None:
        """Lets time pass for the account and those who sign in."""
        self.server.shift_clock(seconds)
        self.admin.ahead_s = self.service.ahead_s = seconds

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def put_parquet(self, key: str, columns: dict[str, Any], **options: Any) -> None:
        buffer = io.BytesIO()
        arrays = {name: pa.array(values, self.parquet_types.get(name.lower())) for name, values in columns.items()}
        pq.write_table(pa.table(arrays), buffer, **({"compression": "zstd"} | options))
        self.put(key, buffer.getvalue())

    def copy(self, table: str, *files: str, **options: str) -> Response:
        """COPY of files with the options load uses, unless overridden."""
        listed = ", ".join(f"'{file}'" for file in files)
        standard = {
            "file_format": "(format_name = 's.parquet_files')",
            "match_by_column_name": "case_insensitive",
            "on_error": "skip_file",
        }
        text = " ".join(f"{name} = {value}" for name, value in (standard | options).items() if value)
        return self.admin.submit(f"copy into {table} from @lake/ files = ({listed}) {text}")


def rows(account: Account, table: str = "t") -> list[tuple[Any, ...]]:
    """What a table of the schema holds, ordered."""
    return account.server.query(f"select * from db.s.{table} order by 1")


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[rsa.RSAPrivateKey, Path]]:
    folder = tmp_path_factory.mktemp("keys")
    found = {}
    for user in ("ADMIN", "SERVICE"):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        file = folder / f"{user}.pem"
        file.write_bytes(key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ))
        found[user] = (key, file)
    return found


@pytest.fixture(scope="module")
def lake() -> Iterator[str]:
    """The endpoint of an S3 stand-in."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture
def account(lake: str, keys: dict[str, tuple[rsa.RSAPrivateKey, Path]]) -> Iterator[Account]:
    s3 = boto3.client(
        "s3", endpoint_url=lake, region_name="us-east-1", aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    s3.create_bucket(Bucket=BUCKET)
    files = {user: file for user, (_, file) in keys.items()}
    with SnowflakeServer(lake, files, account="local", partition_rows=100) as server:
        server.run_script(SETUP)
        clients = {user: Client(server.url, key, user) for user, (key, _) in keys.items()}
        yield Account(server, s3, clients["ADMIN"], clients["SERVICE"])


def request_id() -> str:
    return str(uuid.uuid4())


def unzip(response: Response) -> dict[str, Any]:
    assert response.headers["content-encoding"] == "gzip"
    return json.loads(gzip.decompress(response.body))
