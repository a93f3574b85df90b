"""Producers that compress each record: a stream that does not compress, objects of what was sent."""

from __future__ import annotations

import gzip
import json
import subprocess
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from local.tests.expected import Landed, comparable, judge, without_stamps
from local.tests.oracle_values import Reject
from local.tests.pipeline import SNOWLINE, Pipeline, Row, deployed

EVENTS = 3000
FORMATS = ("gzip", "zstd", "none")
GZIP, ZSTD = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"


@dataclass
class Run:
    """What was sent, by format and in one object of all formats, and what landed of it."""

    pipeline: Pipeline
    sent: dict[str, list[bytes]]
    summaries: dict[str, Row]
    bodies: dict[str, bytes]
    mixed: str
    """The key of the object that has every kind of record."""
    accepted: dict[str, list[Landed]]
    rejects: dict[str, list[tuple[int, Reject]]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    uncompressed = {"LandingCompression": "UNCOMPRESSED"}
    with deployed(tmp_path_factory.mktemp("stack"), parameters=uncompressed) as pipeline:
        folder = tmp_path_factory.mktemp("generated")
        sent, summaries = {}, {}
        for seed, form in enumerate(FORMATS):
            lines, summaries[form] = pipeline.generate(
                folder, "--compress", form, "--count", str(EVENTS), "--seed", str(seed), "--bad", "0.02"
            )
            sent[form] = lines.splitlines(keepends=True)
            pipeline.settle()
        before = set(pipeline.etags("landing/"))
        sent["mixed"] = send_mixed(pipeline, folder)
        pipeline.settle()
        (mixed,) = set(pipeline.etags("landing/")) - before
        yield landed(pipeline, sent, summaries, mixed)


def send_mixed(pipeline: Pipeline, folder: Path) -> list[bytes]:
    """Sends records of every kind in one call, so that they land in one object; returns their lines."""
    lines = folder / "mixed"
    with lines.open("wb") as file:
        command = [SNOWLINE, "generate", "--count", "500", "--seed", "9"]
        subprocess.run(command, stdout=file, stderr=subprocess.DEVNULL, check=True)
    sent = lines.read_bytes().splitlines(keepends=True)
    parts = [b"".join(sent[at : at + 100]) for at in range(0, len(sent), 100)]
    records = [parts[0], gzip.compress(parts[1]), parts[2], zstd(parts[3]), gzip.compress(parts[4])]
    pipeline.stack.client("firehose").put_record_batch(
        DeliveryStreamName=pipeline.stack.outputs["LandingStreamName"], Records=[{"Data": one} for one in records]
    )
    return sent


def zstd(text: bytes) -> bytes:
    frame = pa.BufferOutputStream()
    with pa.CompressedOutputStream(frame, "zstd") as stream:
        stream.write(text)
    return frame.getvalue().to_pybytes()


def landed(pipeline: Pipeline, sent: dict[str, list[bytes]], summaries: dict[str, Row], mixed: str) -> Run:
    run = Run(pipeline, sent, summaries, {}, mixed, {}, {})
    for key in pipeline.etags("landing/"):
        answer = pipeline.s3.get_object(Bucket=pipeline.bucket, Key=key)
        run.bodies[key] = answer["Body"].read()
        text = b"".join(sent["mixed"]) if key == mixed else text_of(run.bodies[key])
        source = f"s3://{pipeline.bucket}/{key}"
        run.accepted[key], run.rejects[key] = judge(text, source, answer["LastModified"])
    return run


def text_of(body: bytes) -> bytes:
    """The text of an object of one kind, however many records it has."""
    if body.startswith(ZSTD):
        return pa.input_stream(pa.py_buffer(body), compression="zstd").read()
    text = b""
    while body.startswith(GZIP):
        member = zlib.decompressobj(wbits=31)
        text += member.decompress(body)
        assert member.eof
        body = member.unused_data
    return text + body


# Before the others: there can be one stack at a time.
def test_a_stream_that_compresses_is_sent_no_compressed_record(tmp_path: Path) -> None:
    with deployed(tmp_path) as pipeline:
        stream = pipeline.stack.outputs["LandingStreamName"]
        command = [SNOWLINE, "generate", "--to", f"firehose:{stream}", "--compress", "zstd", "--count", "10"]
        done = subprocess.run(command, env=pipeline.stack.environment, capture_output=True, timeout=60, check=False)
        assert done.returncode == 1
        assert all(word in done.stderr.decode() for word in (stream, "GZIP", "LandingCompression=UNCOMPRESSED"))
        assert not pipeline.stack.firehose.measurements


def test_objects_are_what_producers_sent(run: Run) -> None:
    kinds = Counter(body[:1] for key, body in run.bodies.items() if key != run.mixed)
    assert set(kinds) == {GZIP[:1], ZSTD[:1], b"{"}
    texts = [text_of(body) for key, body in run.bodies.items() if key != run.mixed]
    lines = Counter(line for text in texts for line in text.splitlines(keepends=True))
    assert lines == Counter(line for form in FORMATS for line in run.sent[form])
    assert not any(key.endswith(".gz") for key in run.bodies)


def test_compressed_records_are_billed_by_what_is_sent(run: Run) -> None:
    incoming = sum(
        value for _, _, name, value in run.pipeline.stack.firehose.measurements if name == "IncomingBytes"
    )
    mixed = len(run.pipeline.read(run.mixed))
    assert incoming == mixed + sum(summary["record_bytes"] for summary in run.summaries.values())
    plain = run.summaries["none"]["record_bytes"]
    assert all(run.summaries[form]["record_bytes"] * 3 < plain for form in ("gzip", "zstd"))


def test_staging_holds_every_accepted_row_with_its_line(run: Run) -> None:
    expected = [event.processed_row(run.pipeline.salt) for events in run.accepted.values() for event in events]
    assert without_stamps(run.pipeline.rows("staging.orders")) == comparable(expected)


def test_the_ledger_adds_up(run: Run) -> None:
    ledger = run.pipeline.ledger()
    assert ledger.keys() == run.bodies.keys()
    for key, entry in ledger.items():
        assert entry["rows_read"] == entry["rows_accepted"] + entry["rows_rejected"]
        assert entry["rows_accepted"] == len(run.accepted[key])
        assert entry["rejected_by_rule"] == Counter(reject.rule for _, reject in run.rejects[key])
    assert sum(entry["rows_read"] for entry in ledger.values()) == sum(map(len, run.sent.values()))


def test_trace_finds_the_record_in_whatever_it_was_sent(run: Run) -> None:
    settings = run.pipeline.stack.functions["PublishFunction"].environment
    signed_in = {name: value for name, value in settings.items() if name.startswith("SNOWFLAKE_")}
    for key, events in run.accepted.items():
        text = b"".join(run.sent["mixed"]) if key == run.mixed else text_of(run.bodies[key])
        event = events[-1]
        done = subprocess.run(
            [SNOWLINE, "trace", "--order-id", event.record.order_id, "--json"],
            env=run.pipeline.stack.environment | signed_in, capture_output=True, timeout=300, check=True,
        )
        versions = json.loads(done.stdout)["versions"]
        (version,) = [
            one for one in versions
            if (one["source_object"], one["source_line"]) == (event.source_object, event.source_line)
        ]
        assert version["record"]["text"].encode() == text.splitlines()[event.source_line - 1]
