"""No restricted value leaves landing, processing and quarantine, whatever becomes of its record.

Canaries stand in the restricted columns of records that are accepted, rejected by another column's
rule, rejected by the restricted column's own rule, unreadable, or in objects that are. They are then
looked for in everything the pipeline writes. That the same search finds them in processing and
quarantine shows that it can.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from local.aws.cloudformation import ACCOUNT, REGION
from local.aws.iam import Session
from local.aws.policy import Call
from local.stack import Stack
from local.tests.pipeline import TIMING, Pipeline, Row, deployed, snowline

PERSONAL_ZONES = ("landing", "processing", "quarantine")
READERS = {"landing": {"TransformRole"}, "processing": set(), "quarantine": set()}
"""The roles that may read personal data. What was rejected is replayed by people, as themselves."""


@dataclass(frozen=True)
class Canaries:
    """Lines of a dataset with canaries in restricted columns."""

    dataset: str
    marks: list[str]
    """What every canary contains, in small letters; no other value does."""
    hashed: dict[str, str]
    """Column and field of the values that leave as hashes."""
    accepted: list[Row]
    other_rule: list[Row]
    own_rule: list[Row]

    def good(self) -> list[bytes]:
        return [json.dumps(row).encode() for row in self.accepted]

    def bad(self) -> list[bytes]:
        """Rejected records, the unreadable ones among them."""
        whole = [json.dumps(row).encode() for row in self.other_rule + self.own_rule]
        first = json.dumps(self.accepted[0]).encode()
        return [*whole, first[:-1], first[:-1] + b',"x":"\xff"}', b"[" + first + b"]", first + b" trailing"]


def orders() -> Canaries:
    start = datetime.now(UTC) - timedelta(minutes=5)
    lines = snowline("generate", "--count", "40", "--seed", "3", "--bad", "0", "--duplicates", "0",
                     "--start", f"{start:%Y-%m-%dT%H:%M:%SZ}")
    rows = [json.loads(line) for line in lines.splitlines()]
    addresses = ["Canary7f3a-One@Example.com", " canary7f3a.two@example.org\t", "canary7f3a-three@example.net"]
    accepted = [row | {"customer_email": addresses[at % 3]} for at, row in enumerate(rows)]
    first = accepted[0]
    return Canaries(
        "orders", ["canary7f3a"], {"customer_email": "customer_email"}, accepted,
        other_rule=[first | {"quantity": 0}, first | {"order_status": "lost"}, first | {"order_id": None}],
        own_rule=[first | {"customer_email": bad} for bad in (
            "canary7f3a.at.nowhere", "canary7f3a@localhost", {"address": "canary7f3a@example.com"},
            "canary7f3a" * 30 + "@example.com",
        )],
    )


def rides() -> Canaries:
    start = datetime.now(UTC) - timedelta(minutes=5)
    lines = snowline("generate", "--dataset", "rides", "--count", "40", "--seed", "3", "--bad", "0",
                     "--duplicates", "0", "--start", f"{start:%Y-%m-%dT%H:%M:%SZ}")
    rows = [json.loads(line) for line in lines.splitlines()]
    phones = ["+4977019001142", " +4977019001143\t", "+4977019001144"]
    accepted = [row | {"riderPhone": phones[at % 3], "deviceIp": "198.51.100.213"} for at, row in enumerate(rows)]
    first = accepted[0]
    return Canaries(
        "rides", ["7701900114", "198.51.100.213"], {"rider_phone": "riderPhone"}, accepted,
        other_rule=[first | {"rating": 6}, first | {"pickup": {"lat": 91}}, first | {"city": None}],
        own_rule=[
            first | {"riderPhone": "07701900114"}, first | {"riderPhone": "+7701900114" * 3},
            first | {"riderPhone": 7701900114}, first | {"deviceIp": "198.51.100.213.9"},
            first | {"deviceIp": ["198.51.100.213"]},
        ],
    )


class Overheard(Stack):
    """A stack that remembers every message that is put into a queue."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.overheard: list[str] = []

    def _send(self, queue_arn: str, body: str) -> None:
        self.overheard.append(body)
        super()._send(queue_arn, body)

    def _send_as(self, session: Session, queue_arn: str, body: str) -> None:
        self.overheard.append(body)
        super()._send_as(session, queue_arn, body)


@dataclass
class Run:
    """Canaries at rest."""

    canaries: Canaries
    pipeline: Pipeline
    stack: Overheard
    folder: Path


@pytest.fixture(scope="module", params=[orders, rides], ids=["orders", "rides"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    canaries, folder = request.param(), tmp_path_factory.mktemp("stack")
    stack = Overheard(timing=TIMING, run_directory=folder)
    # At the most talkative level that a log can have, and with events of lineage in a zone of theirs.
    parameters = {"LogLevel": "trace", "LineageTo": f"s3://snowline-{ACCOUNT}-{REGION}/lineage/"}
    with deployed(folder, stack=stack, dataset=canaries.dataset, parameters=parameters) as pipeline:
        lines = b"".join(line + b"\n" for line in canaries.good() + canaries.bad())
        pipeline.land("mixed", lines)
        pipeline.land("rejected.gz", gzip.compress(b"".join(line + b"\n" for line in canaries.bad())))
        pipeline.land("unreadable.gz", gzip.compress(lines)[:-20])
        pipeline.send([line + b"\n" for line in canaries.good()[:5]])
        pipeline.settle()
        for task in ("merge", "check"):
            pipeline.publish(task)
        yield Run(canaries, pipeline, stack, folder)


def text_of(key: str, body: bytes) -> str:
    """All that an object says, in small letters: bytes, cells of Parquet, records in base64."""
    said = [body.decode("latin-1")]
    if key.endswith(".parquet"):
        said.append(repr(pq.read_table(io.BytesIO(body)).to_pylist()))
    elif key.endswith(".ndjson"):
        records = [json.loads(line) for line in body.splitlines()]
        said += [base64.b64decode(one["record_base64"]).decode("latin-1") for one in records if "record_base64" in one]
    elif body.startswith(b"\x1f\x8b") and not key.endswith("unreadable.gz"):
        said.append(gzip.decompress(body).decode("latin-1"))
    return "\n".join(said).lower()


def zones(run: Run) -> dict[str, dict[str, str]]:
    """All that each zone says, by key."""
    found: dict[str, dict[str, str]] = {}
    for key in run.pipeline.etags():
        found.setdefault(key.partition("/")[0], {})[key] = text_of(key, run.pipeline.read(key))
    return found


def marks_in(run: Run, text: str) -> list[str]:
    return [mark for mark in run.canaries.marks if mark in text.lower()]


def test_personal_data_is_in_the_zones_that_hold_it(run: Run) -> None:
    """Else the search of the other tests would prove nothing."""
    found = zones(run)
    for zone in PERSONAL_ZONES:
        assert marks_in(run, "\n".join(found[zone].values())) == run.canaries.marks, zone
    rejects = [one for entry in run.pipeline.ledger().values() for one in run.pipeline.quarantine(entry)]
    assert len(rejects) == 2 * len(run.canaries.bad())
    restricted = {one["column"] for one in rejects if one["column"]} & {"customer_email", "rider_phone", "device_ip"}
    assert restricted == ({"customer_email"} if run.canaries.dataset == "orders" else {"rider_phone", "device_ip"})
    assert {"json", "utf8", "not_an_object"} <= {one["rule"] for one in rejects}
    assert all(marks_in(run, json.dumps(one) + str(base64.b64decode(one.get("record_base64", "")))) for one in rejects)


def test_no_other_zone_holds_any(run: Run) -> None:
    found = zones(run)
    assert {"processed", "ledger", "lineage"} <= found.keys() - set(PERSONAL_ZONES)
    for zone in found.keys() - set(PERSONAL_ZONES):
        for key, text in found[zone].items():
            assert not marks_in(run, text), key


def test_a_hash_stands_for_what_is_hashed(run: Run) -> None:
    files = [key for key in run.pipeline.etags("processed/") if "/final_" in key]
    tables = [pq.read_table(io.BytesIO(run.pipeline.read(key))) for key in files]
    for column, field in run.canaries.hashed.items():
        values = [row[field].strip(" \t") for row in run.canaries.accepted]
        values = [value.lower() for value in values] if column == "customer_email" else values
        expected = {hmac.new(run.pipeline.salt, value.encode(), hashlib.sha256).hexdigest() for value in values}
        found = {one for table in tables for one in table.column(f"{column}_hash").to_pylist()}
        assert found == expected and len(expected) == 3


def test_no_log_line_and_no_metric_tells_any(run: Run) -> None:
    logs = {path: path.read_bytes().decode("latin-1") for path in run.stack.logs.rglob("*") if path.is_file()}
    spoken = {path.parent.name for path, text in logs.items() if text}
    assert spoken == {run.stack.resources[name].physical_id for name in run.stack.functions}
    assert any("unreadable.gz" in text for text in logs.values()), "the failure is logged"
    for path, text in logs.items():
        assert not marks_in(run, text), path
    metrics = list(run.stack.metrics())
    assert metrics and not marks_in(run, json.dumps(metrics))


def test_no_trace_tells_any(run: Run) -> None:
    traces = run.stack.xray.documents
    assert any(one.get("fault") for one in traces) and not run.stack.xray.refused
    assert not marks_in(run, json.dumps(traces))


def test_no_message_carries_any(run: Run) -> None:
    parked = [one for one in run.stack.overheard if "unreadable.gz" in one]
    assert parked and len(run.stack.overheard) > 6
    assert not marks_in(run, "\n".join(run.stack.overheard))


def test_the_warehouse_knows_of_none(run: Run) -> None:
    snowflake = run.pipeline.snowflake
    relations = snowflake.query(
        "select lower(table_schema) || '.' || lower(table_name) from snowline.information_schema.tables"
        " where lower(table_schema) <> 'information_schema'"
    )
    names = {name for (name,) in relations}
    dataset = run.pipeline.dataset
    assert {dataset.staging, dataset.analytics, dataset.live, "ops.ledger", "ops.check_results"} <= names
    for name in names:
        assert not marks_in(run, repr(run.pipeline.rows(name))), name
    assert len(run.pipeline.rows(dataset.analytics)) > 10
    statements = [job.statement for job in snowflake.history]
    assert any("copy into" in statement.lower() for statement in statements)
    assert not marks_in(run, "\n".join(statements))
    results = [job.result.python_rows() for job in snowflake.history if job.result is not None]
    assert not marks_in(run, repr([list(rows) for rows in results]))


def test_only_who_must_may_read_personal_data(run: Run) -> None:
    roles = {resource.logical_id: resource.arn for resource in run.stack.resources.values()}
    for zone, readers in READERS.items():
        for action in ("s3:GetObject", "s3:GetObjectVersion"):
            read = Call(action, f"arn:aws:s3:::{run.pipeline.bucket}/{zone}/a")
            found = {
                logical_id for logical_id, arn in roles.items() if arn in run.stack.iam.roles
                and any(one.effect == "Allow" and one.matching(read) for one in run.stack.iam.roles[arn].statements)
            }
            assert found == readers, (zone, action)


def test_personal_data_is_under_the_key_and_what_has_none_is_not(run: Run) -> None:
    for one in run.pipeline.listed():
        head = run.pipeline.s3.head_object(Bucket=run.pipeline.bucket, Key=one["Key"])
        has_none = one["Key"].startswith(("processed/", "ledger/", "lineage/"))
        assert head["ServerSideEncryption"] == ("AES256" if has_none else "aws:kms"), one["Key"]
        assert has_none or head["SSEKMSKeyId"] == run.stack.outputs["DataKeyArn"], one["Key"]


def test_snowflake_is_kept_out_of_personal_data(run: Run) -> None:
    bucket = run.pipeline.bucket
    setup = snowline("sql", "--dataset", run.canaries.dataset, "--only", "setup", "--bucket", bucket,
                     "--storage-role-arn", "arn:aws:iam::123456789012:role/snowflake-read").decode()
    blocked = setup[setup.index("storage_blocked_locations") :]
    blocked = blocked[: blocked.index(")")]
    for zone in PERSONAL_ZONES:
        assert f"'s3://{bucket}/{zone}/'" in blocked
