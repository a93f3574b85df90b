"""The Firehose stand-in through its API: limits, faults, buffering, names."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.aws.firehose import TARGET, Firehose, StreamConfig
from local.aws.gateway import Gateway
from local.aws.prefix import InvalidPrefix, check_prefixes, evaluate

PREFIX = "landing/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"
ERRORS = "errors/!{firehose:error-output-type}/"
STREAM = StreamConfig("landing", "arn", "lake", PREFIX, ERRORS, True, 1024**2, 900)


class Run:
    """A Firehose, its client, and what it delivered."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.firehose = Firehose(lambda _bucket, key, body: self.objects.update({key: body}))
        self.gateway = Gateway()
        self.gateway.route_target(TARGET, self.firehose.handle)
        self.client = boto3.client(
            "firehose",
            endpoint_url=self.gateway.url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def put(self, *records: bytes) -> dict[str, Any]:
        """Calls PutRecordBatch."""
        entries = [{"Data": record} for record in records]
        return self.client.put_record_batch(DeliveryStreamName="landing", Records=entries)

    def wait(self) -> None:
        """Waits until everything is delivered."""
        end = time.monotonic() + 5
        while self.firehose.pending:
            assert time.monotonic() < end, "timed out"
            time.sleep(0.01)


@pytest.fixture
def run() -> Iterator[Run]:
    """One stream named landing, which delivers at 1 MiB or after 900 s."""
    run = Run()
    run.firehose.create(STREAM)
    yield run
    run.firehose.stop()
    run.gateway.stop()


def test_records_are_joined_without_a_delimiter_and_compressed(run: Run) -> None:
    answer = run.put(b'{"a":1}\n', b'{"b":2}')
    assert answer["FailedPutCount"] == 0 and len(answer["RequestResponses"]) == 2
    run.client.put_record(DeliveryStreamName="landing", Record={"Data": b"{}\n"})
    assert run.firehose.pending == 1 and not run.objects
    run.firehose.flush()
    run.wait()
    [(key, body)] = run.objects.items()
    assert gzip.decompress(body) == b'{"a":1}\n{"b":2}{}\n'
    name = r"landing-1-\d{4}(-\d\d){5}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.gz"
    assert re.fullmatch(rf"landing/year=\d{{4}}/month=\d\d/day=\d\d/hour=\d\d/{name}", key)


def test_a_buffer_is_delivered_at_its_size(run: Run) -> None:
    run.put(*[b"x" * 300_000] * 5)
    # Of two buffers one is delivered: the other is open.
    while run.firehose.pending > 1:
        time.sleep(0.01)
    assert len(run.objects) == 1
    assert len(gzip.decompress(next(iter(run.objects.values())))) == 1_200_000


def test_a_buffer_is_delivered_at_its_age(run: Run) -> None:
    run.firehose.create(replace(STREAM, buffer_seconds=0.2, gzip=False))
    run.put(b"a\n")
    run.wait()
    assert list(run.objects.values()) == [b"a\n"]


@pytest.mark.parametrize(
    ("records", "error"),
    [
        ([b"x"] * 501, "ValidationException.*less than or equal to 500"),
        ([b"x" * (1000 * 1024 + 1)], "ValidationException.*less than or equal to 1024000"),
        ([b"x" * 1000 * 1024] * 5, "InvalidArgumentException.*4 MB"),
    ],
)
def test_requests_beyond_the_limits_are_refused_whole(run: Run, records: list[bytes], error: str) -> None:
    with pytest.raises(ClientError, match=error):
        run.put(*records)
    assert run.firehose.pending == 0


def test_the_limits_themselves_are_accepted(run: Run) -> None:
    run.put(*[b"x"] * 500)
    run.put(*[b"x" * 1000 * 1024] * 4)


def test_failed_records_are_named_by_position_and_not_delivered(run: Run) -> None:
    run.firehose.fault_rate = 0.3
    records = [f"{index}\n".encode() for index in range(200)]
    answer = run.put(*records)
    failed = [index for index, entry in enumerate(answer["RequestResponses"]) if "ErrorCode" in entry]
    assert answer["FailedPutCount"] == len(failed) and 30 < len(failed) < 90
    assert answer["RequestResponses"][failed[0]]["ErrorCode"] == "ServiceUnavailableException"
    run.firehose.flush()
    run.wait()
    delivered = gzip.decompress(next(iter(run.objects.values())))
    assert delivered == b"".join(record for index, record in enumerate(records) if index not in failed)


def test_whole_calls_can_be_refused(run: Run) -> None:
    run.firehose.refuse_next(1)
    with pytest.raises(ClientError, match="ServiceUnavailableException"):
        run.put(b"x")
    assert run.put(b"x")["FailedPutCount"] == 0


def test_an_unknown_stream_is_not_found(run: Run) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        run.client.put_record(DeliveryStreamName="other", Record={"Data": b"x"})
    described = run.client.describe_delivery_stream(DeliveryStreamName="landing")["DeliveryStreamDescription"]
    assert described["DeliveryStreamStatus"] == "ACTIVE"


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        (PREFIX, "landing/year=2026/month=03/day=07/hour=05/"),
        ("a/!{timestamp:yyyy/MM/dd/HH}/", "a/2026/03/07/05/"),
        ("!{timestamp:'year='yyyy}/", "year=2026/"),
        ("landing/", "landing/2026/03/07/05/"),
    ],
)
def test_prefix_expressions(prefix: str, expected: str) -> None:
    assert evaluate(prefix, datetime(2026, 3, 7, 5, 6, 7)) == expected


@pytest.mark.parametrize(
    ("prefix", "error_prefix"),
    [
        (PREFIX, "errors/"),
        (f"!{{firehose:error-output-type}}/{PREFIX}", ERRORS),
        ("!{timestamp:QQ}/", ERRORS),
        ("!{partitionKeyFromQuery:a}/", ERRORS),
    ],
)
def test_prefixes_that_firehose_refuses(prefix: str, error_prefix: str) -> None:
    with pytest.raises(InvalidPrefix):
        check_prefixes(prefix, error_prefix)
