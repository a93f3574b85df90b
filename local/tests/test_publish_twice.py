"""Merges that run at the same time, and one that is cancelled, apply every arrival once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from pathlib import Path

import pytest

from local.snowflake.jobs import Job
from local.stack import ROOT, FunctionFailed, Stack
from local.tests import oracle
from local.tests.orders_at_rest import orders
from local.tests.pipeline import TIMING, Pipeline, deployed

TIMEOUT_SECONDS = 12
"""Of the publish function, which gives a statement all of it but eight seconds."""


def merges(pipeline: Pipeline) -> list[Job]:
    return [job for job in pipeline.snowflake.history if "merge into analytics.processed_orders" in job.statement]


def test_two_merges_at_once_apply_every_arrival_once(tmp_path: Path) -> None:
    with deployed(tmp_path) as pipeline:
        lines, _ = pipeline.generate(tmp_path, "--count", "2000", "--seed", "5", "--bad", "0")
        pipeline.settle()
        # Each lists the columns of its tables before it merges.
        pipeline.snowflake.slow_next(1.0, count=4)
        with ThreadPoolExecutor(2) as both:
            reports = list(both.map(lambda run: pipeline.publish("merge", run), ["one", "two"]))

        first, second = merges(pipeline)
        assert max(first.created_on, second.created_on) < min(first.ended_on, second.ended_on)
        live = oracle.replay(lines).live
        assert sum(report["inserted"] for report in reports) == len(live)
        assert all((report["updated"], report["deleted"]) == (0, 0) for report in reports)
        rows = pipeline.rows("analytics.processed_orders")
        merged = {row["order_id"]: row["order_timestamp"].replace(tzinfo=UTC) for row in rows}
        assert merged == {key: order.order_timestamp for key, order in live.items()}


def test_a_merge_that_outlives_its_invocation_is_cancelled_and_the_next_applies_all(tmp_path: Path) -> None:
    text = (ROOT / "template.yaml").read_text()
    template = tmp_path / "template.yaml"
    template.write_text(text.replace("Timeout: 870", f"Timeout: {TIMEOUT_SECONDS}"))
    stack = Stack(template, timing=TIMING, run_directory=tmp_path)
    with deployed(tmp_path, stack=stack) as pipeline:
        assert pipeline.stack.functions["PublishFunction"].timeout_s == TIMEOUT_SECONDS
        pipeline.publish("merge")
        lines = orders(1)
        pipeline.land("orders", lines)
        pipeline.settle()
        pipeline.snowflake.slow_next(600)
        with pytest.raises(FunctionFailed) as failed:
            pipeline.publish("merge")
        _, merge = merges(pipeline)
        assert merge.done.is_set() and merge.result is None, "Snowflake runs it no longer"
        message = failed.value.payload["errorMessage"]
        assert f"statement {merge.handle} was stopped: it was still running at the deadline" in message
        assert pipeline.rows("analytics.processed_orders") == []
        live = len(oracle.replay(lines).live)
        assert pipeline.publish("merge") == {"task": "merge", "inserted": live, "updated": 0, "deleted": 0}
