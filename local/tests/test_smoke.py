"""`snowline smoke` takes ten records all the way and removes them, or says which stage stopped them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from local.stack import ROOT, Stack
from local.tests.orders_at_rest import orders
from local.tests.pipeline import SNOWLINE, TIMING, Pipeline, deployed
from local.tests.state import state

AS_OWNER = "use role sysadmin; use database snowline; use warehouse snowline_wh;"
ORDERS = "analytics.processed_orders"


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    with deployed(tmp_path_factory.mktemp("stack")) as pipeline:
        pipeline.land("orders", orders(1))
        pipeline.settle()
        pipeline.publish("merge")
        yield pipeline


def smoke(pipeline: Pipeline, *options: str, code: int = 0, role: str | None = None, without: str = "") -> str:
    """Runs the test as CI does, with the stack's outputs on standard input; returns all that it prints."""
    settings = pipeline.stack.functions["PublishFunction"].environment
    signed_in = {name: value for name, value in settings.items() if name.startswith("SNOWFLAKE_")}
    environment = pipeline.stack.environment | signed_in | ({"SNOWFLAKE_ROLE": role} if role else {})
    outputs = [
        {"OutputKey": name, "OutputValue": value, "Description": "for readers"}
        for name, value in pipeline.stack.outputs.items() if name != without
    ]
    done = subprocess.run(
        [SNOWLINE, "smoke", "--outputs", "-", "--dataset", pipeline.dataset.name, *options],
        input=json.dumps(outputs).encode(), env=environment, capture_output=True, timeout=300, check=False,
    )
    printed = (done.stdout + done.stderr).decode()
    assert done.returncode == code, printed
    return printed


def in_order(printed: str, steps: list[str]) -> None:
    """Asserts that each of these steps ended, one after another."""
    ended = [line.split(" s  ", 1)[1] for line in printed.splitlines() if " s  " in line]
    assert [step for step in ended if any(step.startswith(one) for one in steps)] == ended
    assert len(ended) == len(steps), printed


def test_ten_orders_go_all_the_way_and_none_stays(pipeline: Pipeline) -> None:
    before, staged = pipeline.rows(ORDERS), len(pipeline.rows("staging.orders"))
    assert before
    for runs in (1, 2):
        printed = smoke(pipeline)
        in_order(printed, [
            "signed in", "sent 10 to snowline-landing", "loaded into staging", "audit", "merge", "check",
            "found in analytics", "loaded a delete of each", "merged", "in all",
        ])
        rows = pipeline.rows("staging.orders")
        assert len(rows) == staged + runs * 20, "ten orders and ten deletes a run"
        assert sum(row["op"] == "D" for row in rows[staged:]) == runs * 10
        assert pipeline.rows(ORDERS) == before
    merged = pipeline.snowflake.query("select count(*) from snowline.ops.check_results where run_id like 'smoke__%'")
    assert merged[0][0] > 0, "checks of a smoke test are told apart by their run"


def test_the_outputs_are_those_that_sam_lists(pipeline: Pipeline) -> None:
    listed = subprocess.run(
        [ROOT / "target/venv/tools/bin/sam", "list", "stack-outputs", "--stack-name", "snowline", "--output", "json"],
        env=os.environ | pipeline.stack.environment, capture_output=True, timeout=120, check=True,
    )
    found = {one["OutputKey"]: one["OutputValue"] for one in json.loads(listed.stdout)}
    assert found == pipeline.stack.outputs


def test_an_audit_that_fails_for_other_rows_is_only_printed(pipeline: Pipeline) -> None:
    lost = pipeline.land("lost", orders(2))
    pipeline.settle()
    pipeline.snowflake.run_script(
        f"{AS_OWNER} delete from staging.orders where _source_object like '%/{Path(lost).name}' and _source_line = 1"
    )
    printed = smoke(pipeline)
    assert "audit failed: failed checks: " in printed and "rows_missing" in printed
    assert "they are gone from analytics" in printed


def test_nothing_is_sent_by_who_may_not_look(pipeline: Pipeline) -> None:
    before = state(pipeline)
    assert "cannot ask Snowflake" in smoke(pipeline, role="SNOWLINE_READER", code=1)
    assert "there is no output LoadFunctionName" in smoke(pipeline, without="LoadFunctionName", code=1)
    pipeline.settle()
    assert state(pipeline) == before


def test_a_load_that_is_refused_is_named_and_leaves_nothing_once_it_is_mended(pipeline: Pipeline) -> None:
    before, staged = pipeline.rows(ORDERS), len(pipeline.rows("staging.orders"))
    dead, queue = (pipeline.stack.outputs[name] for name in ("LoadDeadLetterQueueUrl", "LoadQueueUrl"))
    pipeline.snowflake.run_script(f"{AS_OWNER} revoke insert on table staging.orders from role snowline_load;")
    printed = smoke(pipeline, "--timeout", "5s", code=1)
    assert f"landed and transformed, not loaded: files gather for LoadBatchWindowSeconds, then look into " \
        f"LoadDeadLetterQueue ({dead}) and the log /aws/lambda/snowline-load" in printed
    assert "sent a delete of each" in printed
    pipeline.settle()

    pipeline.snowflake.run_script(f"{AS_OWNER} grant insert on table staging.orders to role snowline_load;")
    subprocess.run([SNOWLINE, "replay", "--queue", dead, "--to", queue], env=pipeline.stack.environment, check=True)
    pipeline.settle()
    assert len(pipeline.rows("staging.orders")) == staged + 20, "orders and deletes got through together"
    pipeline.publish("merge")
    assert pipeline.rows(ORDERS) == before


def test_a_merge_that_fails_is_named(pipeline: Pipeline) -> None:
    before = pipeline.rows(ORDERS)
    granted = f"insert on table {ORDERS}"
    pipeline.snowflake.run_script(f"{AS_OWNER} revoke {granted} from role snowline_publish;")
    printed = smoke(pipeline, code=1)
    assert "loaded, not merged: the merge failed: " in printed and "Insufficient privileges" in printed
    pipeline.snowflake.run_script(f"{AS_OWNER} grant {granted} to role snowline_publish;")
    pipeline.settle()
    pipeline.publish("merge")
    assert pipeline.rows(ORDERS) == before


def test_a_transform_that_does_not_start_is_named(tmp_path: Path) -> None:
    stack = Stack(timing=TIMING, run_directory=tmp_path, commands={"transform": ("/bin/false",)})
    with deployed(tmp_path, stack=stack) as pipeline:
        printed = smoke(pipeline, "--timeout", "5s", code=1)
        failures = pipeline.stack.outputs["TransformFailuresUrl"]
        assert "landed, not transformed: s3://" in printed and f"TransformFailures ({failures})" in printed
        assert "/aws/lambda/snowline-transform" in printed


def test_a_stream_that_does_not_deliver_is_named(tmp_path: Path) -> None:
    stack = Stack(timing=replace(TIMING, firehose_interval_s=600), run_directory=tmp_path)
    with deployed(tmp_path, stack=stack) as pipeline:
        printed = smoke(pipeline, "--timeout", "2s", code=1)
        assert f"sent, not landed: nothing has come to s3://{pipeline.bucket}/landing/" in printed
        assert "/aws/kinesisfirehose/snowline-landing" in printed


def test_records_that_nothing_deletes_stay_and_are_named(tmp_path: Path) -> None:
    with deployed(tmp_path, dataset="rides") as pipeline:
        printed = smoke(pipeline)
        in_order(printed, [
            "signed in", "sent 10", "loaded", "audit", "merge", "check", "found in analytics", "in all",
        ])
        rows = pipeline.rows(pipeline.dataset.analytics)
        assert len(rows) == 10
        assert "rides has no deletes" in printed
        assert all(row["_source_object"] in printed for row in rows)
