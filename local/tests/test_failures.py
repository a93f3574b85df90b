"""Poisoned files end in the dead letter queue; audits and checks that fail say so and are recorded."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote_plus

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.stack import FunctionFailed
from local.tests.pipeline import Pipeline, Row, deployed, snowline

DAY = "processed/year=2026/month=11/day=22"
ROWS = 300
AS_OWNER = "use role sysadmin; use database snowline; use warehouse snowline_wh;"


@pytest.fixture
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """One landing object of new orders at rest."""
    with deployed(tmp_path_factory.mktemp("stack")) as pipeline:
        pipeline.land("orders", orders(1))
        pipeline.settle()
        yield pipeline


def orders(seed: int) -> bytes:
    start = datetime.now(UTC) - timedelta(minutes=5)
    return snowline(
        "generate", "--count", str(ROWS), "--seed", str(seed), "--bad", "0", "--duplicates", "0",
        "--start", f"{start:%Y-%m-%dT%H:%M:%SZ}",
    )


def results(pipeline: Pipeline, run_id: str) -> dict[str, Row]:
    rows = [row for row in pipeline.rows("ops.check_results") if row["run_id"] == run_id]
    return {row["check_id"]: row for row in rows}


def test_a_poisoned_file_is_parked_and_its_neighbours_load(pipeline: Pipeline) -> None:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"unrelated": [1, 2]}), buffer, compression="zstd")
    poison = {
        f"{DAY}/final_00000000000000aa.parquet": b"PAR1 this is no Parquet file PAR1",
        f"{DAY}/final_00000000000000bb.parquet": buffer.getvalue(),
        f"{DAY}/orders_hourly_00000000000000cc.parquet": b"",
    }
    for key, body in poison.items():
        pipeline.stack.client("s3").put_object(Bucket=pipeline.bucket, Key=key, Body=body)
    for seed in (2, 3):
        pipeline.land(f"neighbour-{seed}", orders(seed))
    pipeline.settle()

    parked = pipeline.stack.messages(pipeline.stack.outputs["LoadDeadLetterQueueUrl"])
    keys = [unquote_plus(one["Records"][0]["s3"]["object"]["key"]) for one in parked]
    assert sorted(keys) == sorted(poison)
    assert len(pipeline.rows("staging.orders")) == 3 * ROWS
    audit = pipeline.publish("audit")
    assert (audit["objects"], audit["rows_loaded"], audit["findings"]) == (3, 3 * ROWS, [])
    logged = json.dumps(pipeline.errors("LoadFunction"))
    assert all(key in logged for key in poison), "each is named with its cause"


def test_an_audit_that_finds_rows_missing_fails_and_says_where(pipeline: Pipeline) -> None:
    pipeline.land("whole", orders(2))
    pipeline.settle()
    pipeline.publish("audit", "before")
    pipeline.snowflake.run_script(
        f"{AS_OWNER} delete from staging.orders where _source_object like '%/orders' and _source_line <= 7"
    )
    with pytest.raises(FunctionFailed, match=rf"/orders \({ROWS} accepted, {ROWS - 7} loaded\)") as failed:
        pipeline.publish("audit", "after")
    assert "whole" not in str(failed.value)
    for run_id, found in (("before", 0), ("after", 1)):
        (result,) = results(pipeline, run_id).values()
        assert (result["check_id"], result["task"]) == ("ledger_equals_staging", "audit")
        assert (result["passed"], result["value"]) == (not found, found)


def test_a_failed_check_of_severity_error_fails_the_task_after_all_are_stored(pipeline: Pipeline) -> None:
    pipeline.publish("merge")
    good = {check["check_id"]: check for check in pipeline.publish("check", "good")["checks"]}
    assert all(check["passed"] for check in good.values())

    pipeline.snowflake.run_script(
        f"{AS_OWNER} insert into analytics.processed_orders "
        "select * from analytics.processed_orders where _source_line = 1"
    )
    with pytest.raises(FunctionFailed, match="order_id_duplicates is [12], must be = 0"):
        pipeline.publish("check", "bad")
    stored = results(pipeline, "bad")
    assert stored.keys() == good.keys(), "the others ran and are stored too"
    assert [name for name, row in stored.items() if not row["passed"]] == ["order_id_duplicates"]
    failing = pipeline.snowflake.query(absolute(stored["order_id_duplicates"]["failing_rows_query"]))
    assert failing, "the query finds the rows that made the check fail"


def absolute(query: str) -> str:
    """A stored query as it runs without a current database."""
    return query.replace("analytics.processed_orders", "snowline.analytics.processed_orders")


def test_a_failed_check_of_severity_warning_lets_the_task_succeed(pipeline: Pipeline) -> None:
    line = json.loads(orders(4).splitlines()[0])
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    future = line | {"order_id": str(uuid.uuid4()), "order_timestamp": tomorrow.isoformat()}
    pipeline.land("future", json.dumps(future).encode())
    pipeline.settle()
    pipeline.publish("merge")
    checks = {check["check_id"]: check for check in pipeline.publish("check", "warned")["checks"]}
    warned = checks["orders_from_the_future"]
    assert (warned["severity"], warned["passed"], warned["value"]) == ("warning", False, 1)
    assert not results(pipeline, "warned")["orders_from_the_future"]["passed"]
