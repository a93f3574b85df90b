"""Notifications that come again, in another order, and at once change nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.tests.pipeline import Pipeline, deployed, snowline
from local.tests.state import state

AT_ONCE = 3


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Four landing objects at rest, three of them merged."""
    with deployed(tmp_path_factory.mktemp("stack")) as pipeline:
        lines = snowline("generate", "--count", "2000", "--seed", "5", "--bad", "0.02", "--span", "8h")
        parts = [b"".join(lines.splitlines(keepends=True)[at::4]) for at in range(4)]
        for at, part in enumerate(parts[:3]):
            pipeline.land(f"part-{at}", part)
        pipeline.settle()
        pipeline.publish("merge")
        pipeline.land("part-3", parts[3])
        pipeline.settle()
        yield pipeline


def files_loaded(pipeline: Pipeline) -> tuple[int, int]:
    return pipeline.metric("FilesLoaded"), pipeline.metric("FilesAlreadyLoaded")


def test_landing_notifications_again_and_in_another_order(pipeline: Pipeline) -> None:
    before, (loaded, skipped) = state(pipeline), files_loaded(pipeline)
    assert len(before.tables["staging.orders"]) > len(before.tables["analytics.processed_orders"]) > 1000
    transformed = pipeline.metric("ObjectsTransformed")

    assert pipeline.stack.events.redeliver("landing/", times=2, shuffle=random.Random(1)) == 8
    pipeline.settle()

    assert pipeline.metric("ObjectsTransformed") == transformed + 8, "each delivery was worked on"
    now_loaded, now_skipped = files_loaded(pipeline)
    assert (now_loaded, now_skipped > skipped) == (loaded, True), "COPY skips what it has loaded"
    assert state(pipeline) == before


def test_one_notification_several_times_at_once(pipeline: Pipeline) -> None:
    before = state(pipeline)
    event = {"Records": [next(one.record for one in pipeline.stack.events.history if one.key.startswith("landing/"))]}

    def deliver(_: int) -> Any:
        return pipeline.stack.invoke("TransformFunction", event)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(deliver, range(AT_ONCE)))
    assert answers == [answers[0]] * AT_ONCE
    pipeline.settle()
    assert state(pipeline) == before


def test_notifications_of_files_again_and_in_another_order(pipeline: Pipeline) -> None:
    before, (loaded, skipped) = state(pipeline), files_loaded(pipeline)
    for prefix in ("processed/", "ledger/"):
        assert pipeline.stack.events.redeliver(prefix, times=2, shuffle=random.Random(2)) >= 8
    pipeline.settle()
    now_loaded, now_skipped = files_loaded(pipeline)
    assert now_loaded == loaded and now_skipped > skipped
    assert state(pipeline) == before


def test_publishing_again_changes_nothing(pipeline: Pipeline) -> None:
    audit = pipeline.publish("audit")
    assert (audit["objects"], audit["findings"]) == (4, [])
    assert audit["rows_accepted"] == audit["rows_loaded"] == len(pipeline.rows("staging.orders"))
    waiting = pipeline.rows("analytics.orders_live")
    assert pipeline.publish("merge")["inserted"] > 0
    merged = pipeline.rows("analytics.processed_orders")
    assert {row["order_id"] for row in waiting} == {row["order_id"] for row in merged}

    pipeline.stack.events.redeliver("landing/", shuffle=random.Random(3))
    pipeline.settle()
    pipeline.publish("audit")
    assert pipeline.publish("merge") == {"task": "merge", "inserted": 0, "updated": 0, "deleted": 0}
    assert pipeline.rows("analytics.processed_orders") == merged
