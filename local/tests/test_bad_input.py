"""Bad rows go to quarantine, bad objects to the failure queue, and good rows past both."""

from __future__ import annotations

import base64
import gzip
import json
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

import pyarrow as pa
import pytest

from local.tests.pipeline import HOUR, Pipeline, Row, deployed

Rejected = tuple[int, str, str | None]
"""Line, rule and column."""

LONG_LINE_BYTES = 50_000_000


def order(number: int, **changes: Any) -> bytes:
    """A good line, or one with these changes; a change to `...` leaves the field out."""
    fields = {
        "order_id": str(uuid.UUID(int=number)),
        "customer_id": f"C-{number}",
        "order_timestamp": "2026-11-22T09:00:00Z",
        "order_amount": 12.5,
        "currency": "EUR",
        "quantity": 2,
        "product_id": "P-1",
        "product_category": "books",
        "order_status": "paid",
        "shipping_country": "DE",
    } | changes
    return json.dumps({name: value for name, value in fields.items() if value is not ...}).encode()


BAD_LINES: list[tuple[bytes, str, str | None]] = [
    (order(1)[:-9], "json", None),
    (b"\x1b[0m plain words", "json", None),
    (order(2).replace(b"C-2", b"C-\xff\xfe"), "utf8", None),
    (b"[1, 2]", "not_an_object", None),
    (order(3, customer_id={"id": 1}), "type", "customer_id"),
    (order(4, order_timestamp="yesterday"), "type", "order_timestamp"),
    (order(5, order_timestamp="2026-02-30T00:00:00Z"), "type", "order_timestamp"),
    (order(6, order_id=...), "required", "order_id"),
    (order(7, order_amount=None), "required", "order_amount"),
    (order(8, quantity=0), "minimum", "quantity"),
    (order(9, quantity=10_001), "maximum", "quantity"),
    (order(10, order_amount=-0.01), "minimum", "order_amount"),
    (order(11, order_amount=10_000_000_000), "precision", "order_amount"),
    (order(12, order_amount=1.005), "precision", "order_amount"),
    (order(13, order_status="lost"), "one_of", "order_status"),
    (order(14, payment_method="cash"), "one_of", "payment_method"),
    (order(15, op="X"), "one_of", "op"),
    (order(16, order_id="not-a-uuid"), "format", "order_id"),
    (order(17, currency="EURO"), "max_length", "currency"),
    (order(18, shipping_country="1x"), "pattern", "shipping_country"),
    (order(19, customer_id=""), "min_length", "customer_id"),
    (order(20, customer_email="nobody"), "format", "customer_email"),
    (b'{"deep":' + b"[" * 5_000 + b"]" * 5_000 + b"}", "json", None),
    (order(21, quantity=0, currency="?"), "pattern", "currency"),
]

CSV = """\ufefforder_status,order_id,customer_id,order_timestamp,order_amount,currency,\
quantity,product_id,product_category,shipping_country,note
paid,00000000-0000-0000-0000-000000000001,"C ""1"", Ltd",2026-11-22T09:00:00Z,12.50,eur,2,P-1,books,de,"two
lines"
paid,00000000-0000-0000-0000-000000000002,C-2,2026-11-22T09:00:00Z,12.50,EUR,2,P-1,books

paid,00000000-0000-0000-0000-000000000003,C-3,2026-11-22T09:00:00Z,,EUR,2,P-1,books,DE,
paid,00000000-0000-0000-0000-000000000004,C-4,2026-11-22T09:00:00Z,12.50,EUR,2,P-1,books,DE,
"""


@dataclass(frozen=True)
class Readable:
    """An object, how many of its rows are good, and which are not."""

    name: str
    body: bytes
    accepted: int
    rejected: tuple[Rejected, ...] = ()


def members(text: bytes) -> Iterator[bytes]:
    """The text in two parts, cut in the middle of a record."""
    yield text[: len(text) // 2 + 7]
    yield text[len(text) // 2 + 7 :]


GOOD_LINES = b"\n".join(order(number) for number in range(50, 60))
READABLE = [
    Readable(
        "rejects.json",
        b"\n".join([line for line, _, _ in BAD_LINES] + [order(99)]),
        1,
        tuple((at, rule, column) for at, (_, rule, column) in enumerate(BAD_LINES, start=1)),
    ),
    Readable(
        "long-line.json",
        order(1) + b'\n{"note":"' + b"x" * LONG_LINE_BYTES + b'"}\n' + order(2),
        2,
        ((2, "record_too_long", None),),
    ),
    Readable("empty", b"", 0),
    Readable("empty.gz", gzip.compress(b""), 0),
    Readable("blank-lines", b"\n \r\n\t\n", 0),
    # A record that follows another without a line end counts as a line.
    Readable(
        "concatenated", order(1) + order(2) + b" " + order(3, quantity=0) + order(4), 3, ((3, "minimum", "quantity"),)
    ),
    Readable(
        "bom-crlf", b"\xef\xbb\xbf" + order(1) + b"\r\n\r\n{\r\n" + order(2) + b"\r\n", 2, ((3, "json", None),)
    ),
    Readable("members.gz", b"".join(gzip.compress(part) for part in members(GOOD_LINES)), 10),
    Readable("frames.zst", b"".join(pa.compress(part, "zstd", asbytes=True) for part in members(GOOD_LINES)), 10),
    Readable("orders.csv", CSV.encode(), 2, ((4, "csv_fields", None), (6, "required", "order_amount"))),
    Readable("été 1+1=2 & 100%/a b.json", order(1), 1),
]

NOISE = random.Random(4).randbytes(60_000)
UNREADABLE = {
    "truncated.gz": (gzip.compress(NOISE.hex().encode())[:-2_000], "reading or decompressing the object"),
    "damaged.zst": (pa.compress(GOOD_LINES, "zstd", asbytes=True)[:-3], "reading or decompressing the object"),
    "picture.json": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + NOISE, "the object is not text"),
}


@dataclass(frozen=True)
class Outcome:
    """The stack after all objects have landed, and what arrived in the failure queue by landing key."""

    pipeline: Pipeline
    ledger: dict[str, Row]
    failures: dict[str, Row]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    with deployed(tmp_path_factory.mktemp("stack")) as pipeline:
        for readable in READABLE:
            pipeline.land(readable.name, readable.body)
        for name, (body, _) in UNREADABLE.items():
            pipeline.land(name, body)
        pipeline.settle()
        yield Outcome(pipeline, pipeline.ledger(), failures(pipeline))


def failures(pipeline: Pipeline) -> dict[str, Row]:
    records = pipeline.stack.messages(pipeline.stack.outputs["TransformFailuresUrl"])
    keys = [record["requestPayload"]["Records"][0]["s3"]["object"]["key"] for record in records]
    return {unquote_plus(key): record for key, record in zip(keys, records, strict=True)}


def test_only_readable_objects_have_a_ledger_entry(outcome: Outcome) -> None:
    assert outcome.ledger.keys() == {f"{HOUR}/{readable.name}" for readable in READABLE}


@pytest.mark.parametrize("readable", READABLE, ids=lambda readable: readable.name)
def test_bad_rows_are_quarantined_and_good_ones_loaded(outcome: Outcome, readable: Readable) -> None:
    key = f"{HOUR}/{readable.name}"
    entry = outcome.ledger[key]
    quarantined = outcome.pipeline.quarantine(entry)
    assert tuple((one["line"], one["rule"], one["column"]) for one in quarantined) == readable.rejected
    assert all(one["message"] for one in quarantined)
    assert entry["rejected_by_rule"] == Counter(rule for _, rule, _ in readable.rejected)
    assert entry["rows_accepted"] == readable.accepted
    assert entry["rows_read"] == readable.accepted + len(readable.rejected)
    source = f"s3://{outcome.pipeline.bucket}/{key}"
    staged = [row for row in outcome.pipeline.rows("staging.orders") if row["_source_object"] == source]
    assert len(staged) == readable.accepted
    if not readable.accepted and not readable.rejected:
        assert entry["outputs"] == []


def test_quarantine_keeps_the_record_as_delivered(outcome: Outcome) -> None:
    rejects = outcome.pipeline.quarantine(outcome.ledger[f"{HOUR}/rejects.json"])
    for one, (line, rule, _) in zip(rejects, BAD_LINES, strict=True):
        kept = base64.b64decode(one["record_base64"]) if rule == "utf8" else one["record"].encode()
        assert kept == line
    (long,) = outcome.pipeline.quarantine(outcome.ledger[f"{HOUR}/long-line.json"])
    assert long["record_bytes"] == LONG_LINE_BYTES + len(b'{"note":""}')
    assert long["record"] == '{"note":"' + "x" * (4096 - 9)


def test_csv_fields_are_read_by_their_header(outcome: Outcome) -> None:
    source = f"s3://{outcome.pipeline.bucket}/{HOUR}/orders.csv"
    staged = outcome.pipeline.rows("staging.orders")
    rows = {row["customer_id"]: row for row in staged if row["_source_object"] == source}
    assert rows.keys() == {'C "1", Ltd', "C-4"}
    first = rows['C "1", Ltd']
    assert (first["currency"], first["shipping_country"], first["_source_line"]) == ("EUR", "DE", 2)
    assert json.loads(first["_extra"]) == {"note": "two\nlines"}


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_object_fails_loudly_and_is_parked(outcome: Outcome, name: str) -> None:
    record = outcome.failures[f"{HOUR}/{name}"]
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    location, cause = f"s3://{outcome.pipeline.bucket}/{HOUR}/{name}", UNREADABLE[name][1]
    assert location in record["responsePayload"]["errorMessage"]
    logged = [line for line in outcome.pipeline.errors("TransformFunction") if location in json.dumps(line)]
    assert len(logged) == 3, "once an attempt"
    assert all(cause in json.dumps(line) for line in logged)


def test_only_unreadable_objects_are_parked(outcome: Outcome) -> None:
    assert outcome.failures.keys() == {f"{HOUR}/{name}" for name in UNREADABLE}


def test_nothing_panics_and_nothing_is_left_behind(outcome: Outcome) -> None:
    logs = b"".join(log.read_bytes() for log in outcome.pipeline.stack.logs.rglob("*.log"))
    assert b"panicked" not in logs
    failed = [report for report in outcome.pipeline.stack.reports if report.error]
    assert len(failed) == 3 * len(UNREADABLE)
    uploads = outcome.pipeline.stack.client("s3").list_multipart_uploads(Bucket=outcome.pipeline.bucket)
    assert "Uploads" not in uploads
    listed = {output["key"] for entry in outcome.ledger.values() for output in entry["outputs"]}
    written = {key for key in outcome.pipeline.etags() if not key.startswith(("landing/", "ledger/"))}
    assert written == listed, "an object that fails leaves no output"


def test_a_parked_failure_can_be_replayed(outcome: Outcome) -> None:
    """The failure record goes back to the function as it is, or in the body of an SQS message."""
    pipeline, s3 = outcome.pipeline, outcome.pipeline.stack.client("s3")
    key = pipeline.land("lost.json", GOOD_LINES)
    pipeline.settle()
    s3.delete_object(Bucket=pipeline.bucket, Key=key)
    pipeline.stack.events.redeliver(key)
    pipeline.settle()
    record = failures(pipeline)[key]
    assert f"s3://{pipeline.bucket}/{key}" in record["responsePayload"]["errorMessage"]

    pipeline.land("lost.json", GOOD_LINES)
    pipeline.settle()
    entry = pipeline.ledger()[key]
    outputs = [output["key"] for output in entry["outputs"]]
    message = {
        "messageId": str(uuid.uuid4()), "receiptHandle": "handle", "body": json.dumps(record), "attributes": {},
        "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs",
        "eventSourceARN": pipeline.stack.resources["TransformFailures"].arn, "awsRegion": "us-east-1",
    }
    for replay in (record, {"Records": [message]}):
        written = {lost: pipeline.read(lost) for lost in outputs}
        for lost in outputs:
            s3.delete_object(Bucket=pipeline.bucket, Key=lost)
        assert pipeline.stack.invoke("TransformFunction", replay)["rows_accepted"] == 10
        assert {lost: pipeline.read(lost) for lost in outputs} == written
        for output in entry["outputs"]:
            etag = pipeline.etags()[output["key"]].strip('"')
            assert output["etag"] == (etag if output["table"] else None)
    pipeline.settle()
