"""Records of a person among those of others, the search for the person, and runs of `snowline erase`."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import io
import json
import subprocess
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq

from local.faults.plan import Fault
from local.faults.proxy import Proxy
from local.faults.wire import Request
from local.tests import rides_oracle
from local.tests.expected import Landed, Validate, an_order
from local.tests.lake import Lake
from local.tests.pipeline import SNOWLINE, Pipeline, Row

ZONES = ("landing/", "processing/", "processed/", "quarantine/", "errors/")
ERRORS = "errors/processing-failed/year=2026/month=11/day=22/failed"
TABLES = ("staging.{0}", "analytics.processed_{0}", "ops.ledger", "ops.check_results", "ops.erasures")


@dataclass(frozen=True)
class Subject:
    """The person of a dataset, and how records of theirs and of others are made."""

    dataset: str
    column: str
    field: str
    value: str
    validate: Validate

    def where(self) -> str:
        return f"{self.column}={self.value}"

    def row(self, number: int, **changes: Any) -> Row:
        """A good record; every fifth is the person's."""
        other = f"C-{number % 5}" if self.dataset == "orders" else str(uuid.UUID(int=number % 5))
        who = self.value if number % 5 == 0 else other
        made = an_order_of(number) if self.dataset == "orders" else a_ride_of(number)
        return made | {self.field: who} | changes


def an_order_of(number: int) -> Row:
    at = datetime.now(UTC) - timedelta(minutes=10, seconds=number)
    return {
        "order_id": str(uuid.UUID(int=0xFACE << 64 | number)), "order_timestamp": at.isoformat(),
        "order_amount": 10 + number / 4, "currency": "EUR", "quantity": number % 9 + 1,
        "product_id": f"P-{number}", "product_category": "books", "order_status": "paid", "shipping_country": "DE",
        "customer_email": f"mail{number % 5}@example.org",
    }


def a_ride_of(number: int) -> Row:
    at = datetime.now(UTC) - timedelta(minutes=10, seconds=number)
    return {
        "city": ("berlin", "hamburg")[number % 2], "rideNumber": 70_000_000_000 + number,
        "updatedAt": int(at.timestamp() * 1000), "status": "completed", "vehicle": "bike",
        "riderPhone": f"+49151123456{number % 5:02}", "deviceIp": "203.0.113.7",
        "pickup": {"lat": 53.5503, "lon": 9.992, "zone": "HH-ALT"},
        "dropoff": {"lat": 53.5, "lon": 10.0, "zone": None}, "distanceKm": 7.213, "fare": 18.45, "tip": 2,
        "currency": "EUR", "bookedFor": "07:45:00", "rating": 5, "tags": ["airport"],
    }


ORDERS = Subject("orders", "customer_id", "customer_id", "C-0004217", an_order)
RIDES = Subject("rides", "rider_id", "riderId", "0b6f2c2e-94a3-4f06-9d0c-6f6a3c1f8e55", rides_oracle.validate)


@dataclass
class Run:
    """Records at rest, and what the oracle says of them."""

    subject: Subject
    pipeline: Pipeline
    folder: Path
    lake: Lake
    marks: list[str]
    """Texts that only records of the person hold, in small letters."""

    def events(self) -> list[Landed]:
        """All accepted records but the person's."""
        return [event for event in self.lake.events if not self.is_theirs(event)]

    def is_theirs(self, event: Landed) -> bool:
        return event.processing_row()[self.subject.column] == self.subject.value


def land_all(pipeline: Pipeline, subject: Subject) -> None:
    good = [subject.row(number) for number in range(200)]
    land(pipeline, "many", good)
    land(pipeline, "others", [subject.row(number) for number in range(300, 340) if number % 5])
    land(pipeline, "alone", [subject.row(number) for number in (400, 405)])
    bad = {"quantity": 0} if subject.dataset == "orders" else {"rating": 9}
    broken = json.dumps(subject.row(500))
    land(pipeline, "rejects", [
        subject.row(501), subject.row(505, **bad), subject.row(506, **bad), broken[:-1], broken + ", trailing",
        json.dumps(subject.row(507))[:-1], subject.row(508),
    ])
    changed = {"order_amount": 99, "op": "U"} if subject.dataset == "orders" else {"fare": 99}
    land(pipeline, "changes", [subject.row(number, **changed) for number in range(0, 20)])
    undelivered = [
        {"rawData": base64.b64encode(json.dumps(subject.row(number)).encode()).decode(), "errorCode": "x"}
        for number in (600, 601)
    ]
    body = b"".join(json.dumps(one).encode() + b"\n" for one in undelivered)
    pipeline.s3.put_object(Bucket=pipeline.bucket, Key=ERRORS, Body=body)
    pipeline.settle()


def land(pipeline: Pipeline, name: str, rows: list[Row | str]) -> str:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    return pipeline.land(f"{name}.gz", gzip.compress("\n".join(lines).encode()))


def marks(pipeline: Pipeline, subject: Subject, theirs: list[Landed]) -> list[str]:
    """What tells of the person: their id, their keys, what is hashed of them, and the hash."""
    if subject.dataset == "orders":
        hashed = "mail0@example.org"
        keys = [event.record.order_id for event in theirs]
    else:
        hashed = "+4915112345600"
        keys = [str(event.processing_row()["ride_number"]) for event in theirs]
    digest = hmac.new(pipeline.salt, hashed.encode(), hashlib.sha256).hexdigest()
    return [subject.value.lower(), hashed, digest, *keys]


def versions(pipeline: Pipeline) -> list[tuple[str, str, bytes]]:
    """Key, version and bytes of every version of every object."""
    found = []
    for page in pipeline.s3.get_paginator("list_object_versions").paginate(Bucket=pipeline.bucket):
        for one in page.get("Versions", []):
            which = {"Bucket": pipeline.bucket, "Key": one["Key"], "VersionId": one["VersionId"]}
            found.append((one["Key"], one["VersionId"], pipeline.s3.get_object(**which)["Body"].read()))
    return found


def text_of(key: str, body: bytes) -> str:
    """All that an object says, in small letters."""
    said = [body.decode("latin-1")]
    if body.startswith(b"\x1f\x8b"):
        said.append(gzip.decompress(body).decode("latin-1"))
    if key.endswith(".parquet"):
        file = pq.ParquetFile(io.BytesIO(body))
        said += [repr(file.read().to_pylist()), repr(statistics(file))]
    for line in body.splitlines() if key.startswith(("quarantine/", "errors/")) else []:
        record = json.loads(line)
        said += [base64.b64decode(record.get(name, "")).decode("latin-1") for name in ("record_base64", "rawData")]
    return "\n".join(said).lower()


def statistics(file: pq.ParquetFile) -> list[tuple[int, str, Any, Any]]:
    """Group, column, minimum and maximum of every column chunk that has them."""
    found = []
    for group in range(file.metadata.num_row_groups):
        for at in range(file.metadata.num_columns):
            chunk = file.metadata.row_group(group).column(at)
            if chunk.statistics is not None and chunk.statistics.has_min_max:
                found.append((group, chunk.path_in_schema, chunk.statistics.min, chunk.statistics.max))
    return found


def places(run: Run) -> set[str]:
    """Where anything tells of the person: zones and tables."""
    texts = [(key.split("/")[0] + "/", text_of(key, body)) for key, _, body in versions(run.pipeline)]
    tables = [table.format(run.subject.dataset) for table in TABLES]
    texts += [(table, repr(run.pipeline.rows(table)).lower()) for table in tables]
    return {place for place, text in texts if any(mark in text for mark in run.marks)}


class Killer:
    """Ends a process at the first request that writes after `writes` of them went through."""

    def __init__(self, writes: int) -> None:
        self.left = writes
        self.process: subprocess.Popen[bytes] | None = None

    def take(self, request: Request) -> SimpleNamespace | None:
        """Stands where the proxy asks for a plan."""
        is_write = request.method in ("PUT", "DELETE") or b"delete from" in request.body
        if not is_write:
            return None
        self.left -= 1
        if self.left >= 0:
            return None
        assert self.process is not None
        self.process.kill()
        return SimpleNamespace(fault=Fault.REFUSED)


def signed_in(run: Run) -> dict[str, str]:
    """The environment of somebody who may erase and nothing else."""
    token = run.folder / "token"
    if not token.exists():
        run.pipeline.snowflake.run_script(
            "use role useradmin; create user privacy default_role = snowline_erase;"
            "grant role snowline_erase to user privacy;"
        )
        token.write_text(run.pipeline.snowflake.add_access_token("PRIVACY", "SNOWLINE_ERASE"))
    settings = run.pipeline.stack.functions["PublishFunction"].environment
    names = ("ACCOUNT", "URL", "WAREHOUSE", "DATABASE")
    return run.pipeline.stack.environment | {f"SNOWFLAKE_{name}": settings[f"SNOWFLAKE_{name}"] for name in names} | {
        "SNOWFLAKE_USER": "PRIVACY", "SNOWFLAKE_ROLE": "SNOWLINE_ERASE",
        "SNOWFLAKE_AUTHENTICATION": "access-token", "SNOWFLAKE_ACCESS_TOKEN_FILE": str(token),
    }


def erase(run: Run, *options: str, code: int | None = 0, wait: int = 0) -> Any:
    """Erases the person as an operator does; returns the report."""
    done = subprocess.run(
        [*command(run), "--wait-minutes", str(wait), "--json", *options],
        env=signed_in(run), capture_output=True, timeout=300, check=False,
    )
    assert code in (None, done.returncode), (done.stdout + done.stderr).decode()
    run.pipeline.settle()
    return json.loads(done.stdout)


def command(run: Run) -> list[str]:
    where = ["--where", run.subject.where()]
    return [str(SNOWLINE), "erase", "--dataset", run.subject.dataset, "--bucket", run.pipeline.bucket, *where]


def erase_until_killed(run: Run, writes: int) -> bool:
    """Runs until so many requests have written something; returns whether it came to its end."""
    killer = Killer(writes)
    environment = signed_in(run)
    services = {name: environment[name] for name in ("AWS_ENDPOINT_URL", "SNOWFLAKE_URL")}
    proxies = {name: Proxy(killer, lambda url=url: url) for name, url in services.items()}
    try:
        urls = {name: proxy.url for name, proxy in proxies.items()}
        killer.process = subprocess.Popen(
            [*command(run), "--wait-minutes", "0"], env=environment | urls,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        code = killer.process.wait(timeout=300)
    finally:
        for proxy in proxies.values():
            proxy.stop()
    assert code in (0, -9), code
    return code == 0
