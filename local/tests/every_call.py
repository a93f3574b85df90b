"""A scenario in which the pipeline makes every call that it ever makes."""

from __future__ import annotations

import base64
import gzip
import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from local.tests.pipeline import Pipeline, snowline

DATASET = "rides"
"""One with a column for JSON, which may be long."""
ACCEPTED, REJECTED, TAG_BYTES = 1200, 800, 20_000
"""Of a large object: each is longer than one request takes, also without the last 8 MiB of the text."""
WAIT_S = 30


def rides(seed: int, count: int = 20) -> list[dict[str, object]]:
    """New rides, all of them good."""
    start = datetime.now(UTC) - timedelta(minutes=5)
    lines = snowline(
        "generate", "--dataset", DATASET, "--count", str(count), "--seed", str(seed), "--bad", "0",
        "--duplicates", "0", "--start", f"{start:%Y-%m-%dT%H:%M:%SZ}",
    )
    return [json.loads(line) for line in lines.splitlines()]


def text(records: list[dict[str, object]]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def normal_flow(pipeline: Pipeline) -> None:
    """From the producer to trusted rows; the lake as it is versioned, and as it was before."""
    pipeline.send([text(rides(1))])
    pipeline.settle()
    for seed, status in ((2, "Suspended"), (3, "Enabled")):
        pipeline.s3.put_bucket_versioning(Bucket=pipeline.bucket, VersioningConfiguration={"Status": status})
        pipeline.land(status, text(rides(seed)) + b"no ride\n")
        pipeline.settle()
    for task in ("audit", "merge"):
        pipeline.publish(task)


def large_objects(pipeline: Pipeline) -> None:
    """One that is written in parts, and one whose end is missing, which is given up on."""
    body = gzip.compress(_large_object(), compresslevel=0)
    pipeline.land("large.gz", body)
    pipeline.land("cut.gz", body[:-1000])
    pipeline.settle()


def _large_object() -> bytes:
    """What it holds does not compress."""
    chance = random.Random(1)
    records = rides(4, ACCEPTED + REJECTED)
    for number, record in enumerate(records):
        record["tags"] = [base64.b64encode(chance.randbytes(TAG_BYTES)).decode()]
        record["rating"] = 5 if number < ACCEPTED else 6
    chance.shuffle(records)
    return text(records)


def failed_delivery(pipeline: Pipeline) -> None:
    """Firehose may not write for a while, says so in its log, and delivers in the end."""
    iam = pipeline.stack.iam
    with without_action(pipeline, "LandingStreamRole", "s3:PutObject"):
        pipeline.send([text(rides(5))])
        pipeline.stack.firehose.flush()
        end = time.monotonic() + WAIT_S
        while not iam.refused and time.monotonic() < end:
            time.sleep(0.01)
    pipeline.settle()
    assert {"s3:PutObject" in one and "/landing/" in one for one in iam.refused} == {True}
    iam.refused.clear()


@contextmanager
def without_action(pipeline: Pipeline, logical_id: str, action: str) -> Iterator[None]:
    """Takes the statements that name an action from a role for a while."""
    iam, arn = pipeline.stack.iam, pipeline.stack.resources[logical_id].arn
    role = iam.roles[arn]
    left = tuple(one for one in role.statements if action not in one.actions)
    assert left != role.statements, f"{logical_id} names no {action}"
    iam.roles[arn] = replace(role, statements=left)
    try:
        yield
    finally:
        iam.roles[arn] = role
