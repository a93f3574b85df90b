"""Poisoned files end in the dead letter queue; checks that fail say so and are recorded."""

from __future__ import annotations

import io
import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote_plus

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.stack import FunctionFailed
from local.tests.orders_at_rest import AS_OWNER, ROWS, orders, results
from local.tests.pipeline import Pipeline

DAY = "processed/year=2026/month=11/day=22"


def test_a_poisoned_file_is_parked_and_its_neighbours_load(pipeline: Pipeline) -> None:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"unrelated": [1, 2]}), buffer, compression="zstd")
    poison = {
        f"{DAY}/final_00000000000000aa.parquet": b"PAR1 this is no Parquet file PAR1",
        f"{DAY}/final_00000000000000bb.parquet": buffer.getvalue(),
        f"{DAY}/orders_hourly_00000000000000cc.parquet": b"",
    }
    for key, body in poison.items():
        pipeline.stack.client("s3").put_object(
            Bucket=pipeline.bucket, Key=key, Body=body, ServerSideEncryption="AES256"
        )
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


def test_a_failed_check_of_severity_error_fails_the_task_after_all_are_stored(pipeline: Pipeline) -> None:
    pipeline.publish("merge")
    good = {check["check_id"]: check for check in pipeline.publish("check", "good")["checks"]}
    assert all(check["passed"] for check in good.values())

    pipeline.snowflake.run_script(
        f"{AS_OWNER} insert into analytics.processed_orders "
        "select * from analytics.processed_orders where _source_line = 1"
    )
    with pytest.raises(FunctionFailed, match="order_id_duplicates is [12], must be = 0") as failed:
        pipeline.publish("check", "bad")
    stored = results(pipeline, "bad")
    assert stored.keys() == good.keys(), "the others ran and are stored too"
    assert [name for name, row in stored.items() if not row["passed"]] == ["order_id_duplicates"]

    stored_query = stored["order_id_duplicates"]["failing_rows_query"]
    absolute = stored_query.replace("analytics.processed_orders", "snowline.analytics.processed_orders")
    failing = {row[0] for row in pipeline.snowflake.query(absolute)}
    keys = json.loads(stored["order_id_duplicates"]["failing_keys"])
    assert keys and {key["order_id"] for key in keys} == failing
    (message,) = re.findall("order_id_duplicates.*", failed.value.payload["errorMessage"])
    assert all(key["order_id"] in message for key in keys)
    printed = message.partition("to list the rows: ")[2]
    pipeline.snowflake.run_script(f"use role sysadmin; use warehouse snowline_wh; {printed}")


def test_a_repeated_run_appends_another_attempt(pipeline: Pipeline) -> None:
    pipeline.publish("merge")
    checks = {check["check_id"] for check in pipeline.publish("check", "again")["checks"]}
    pipeline.publish("check", "again")
    attempts = [row for row in pipeline.rows("ops.check_results") if row["run_id"] == "again"]
    for check in checks:
        moments = {row["measured_at"] for row in attempts if row["check_id"] == check}
        assert len(moments) == 2, "each attempt has its own moment"
    assert len(attempts) == 2 * len(checks)


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
