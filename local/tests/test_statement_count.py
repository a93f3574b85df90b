"""What a batch costs: one COPY a table, and no request at all when there is nothing to load."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from local.stack import ROOT, Stack
from local.tests.pipeline import TIMING, Pipeline, Row, deployed, snowline

EVENTS = ROOT / "events"
COPIES = ["copy into staging.orders", "copy into staging.orders_hourly", "copy into ops.ledger"]
ORDERS = 50


@pytest.fixture
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Its queue gathers for longer than a test takes: load gets no batches but the test's."""
    folder = tmp_path_factory.mktemp("stack")
    stack = Stack(timing=replace(TIMING, batch_window_s=600), run_directory=folder)
    with deployed(folder, stack=stack) as pipeline:
        yield pipeline


def notifications(pipeline: Pipeline, objects: int, seed: int) -> list[Row]:
    """Lands and transforms objects; returns the notifications of the files that are to be loaded."""
    history, stack = pipeline.stack.events, pipeline.stack
    known = len(history.history)
    for number in range(objects):
        lines = snowline("generate", "--count", str(ORDERS), "--seed", str(seed + number), "--bad", "0")
        key = pipeline.land(f"orders-{seed + number}", lines)
        landed = next(one.record for one in history.history if one.key == key)
        stack.invoke("TransformFunction", {"Records": [landed]})
    return [one.record for one in history.history[known:] if one.key.startswith(("processed/", "ledger/"))]


def batch(notified: list[Row]) -> Row:
    """The event in which SQS hands notifications over."""
    message = json.loads((EVENTS / "load-batch.json").read_text())["Records"][0]
    return {
        "Records": [
            message | {"messageId": str(uuid.uuid4()), "body": json.dumps({"Records": [record]})} for record in notified
        ]
    }


def load(pipeline: Pipeline, event: Row) -> tuple[Any, list[str]]:
    """Gives load a batch; returns its answer and what each statement it sent is."""
    known = len(pipeline.snowflake.history)
    answer = pipeline.stack.invoke("LoadFunction", event)
    sent = pipeline.snowflake.history[known:]
    tags = {job.query_tag for job in sent}
    assert len(tags) <= 1 and all(json.loads(tag)["function"] == "load" for tag in tags)
    return answer, [summary(job.statement) for job in sent]


def summary(statement: str) -> str:
    """What a statement is; one that is not known stands as it is."""
    text = " ".join(line for line in statement.splitlines() if not line.startswith("--"))
    if found := re.match(r"copy into \S+", text):
        return found[0]
    return "columns" if "information_schema.columns" in text else text


def start_anew(pipeline: Pipeline) -> None:
    for instance in pipeline.stack.instances("LoadFunction"):
        assert instance.kill()


def staged(pipeline: Pipeline) -> int:
    [(count,)] = pipeline.snowflake.query("select count(*) from snowline.staging.orders")
    return int(count)


def test_a_batch_costs_one_copy_a_table(pipeline: Pipeline) -> None:
    good = {"batchItemFailures": []}
    first = batch(notifications(pipeline, objects=5, seed=1))
    assert load(pipeline, first) == (good, ["columns", *COPIES]), "the columns are listed once an instance"
    assert staged(pipeline) == 5 * ORDERS
    assert load(pipeline, batch(notifications(pipeline, objects=3, seed=6))) == (good, COPIES)
    assert staged(pipeline) == 8 * ORDERS
    assert load(pipeline, first) == (good, COPIES), "files already loaded cost nothing more"
    start_anew(pipeline)
    only_ledger = [one for one in notifications(pipeline, objects=1, seed=9) if "ledger_" in one["s3"]["object"]["key"]]
    assert load(pipeline, batch(only_ledger)) == (good, ["columns", "copy into ops.ledger"])
    assert staged(pipeline) == 8 * ORDERS


def test_nothing_is_sent_when_there_is_nothing_to_load(pipeline: Pipeline) -> None:
    test_event = json.loads((EVENTS / "load-test-event.json").read_text())
    refused = json.loads((EVENTS / "load-refused.json").read_text())
    failures = [{"itemIdentifier": record["messageId"]} for record in refused["Records"]]
    before = list(pipeline.snowflake.requests)
    for _ in ("cold", "warm"):
        for event, failed in (({"Records": []}, []), (test_event, []), (refused, failures)):
            assert load(pipeline, event) == ({"batchItemFailures": failed}, [])
    assert pipeline.snowflake.requests == before, "not even a request that was refused"
    load(pipeline, batch(notifications(pipeline, objects=1, seed=1)))
    assert len(pipeline.snowflake.requests) >= len(before) + 4, "requests are counted"
