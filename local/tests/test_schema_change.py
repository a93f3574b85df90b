"""A column that the contract gains has its place before the first file that has it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from local.tests.pipeline import Pipeline, deployed, snowline

ROWS = 200


def without(column: str) -> Callable[[str], str]:
    """Sets tables and the live view up as they were before the contract had the column."""
    added = rf"^alter table \S+\nadd column if not exists {column} .*;\n"
    shown = rf"^ +(\w+\.)?{column}( .*)?,\n"
    return lambda script: re.sub(f"{added}|{shown}", "", script, flags=re.MULTILINE)


def columns_of(pipeline: Pipeline, table: str) -> set[str]:
    schema, _, name = table.partition(".")
    listed = pipeline.snowflake.query(
        "select lower(column_name) from snowline.information_schema.columns "
        f"where lower(table_schema) = '{schema}' and lower(table_name) = '{name}'"
    )
    return {column for (column,) in listed}


def land(pipeline: Pipeline, seed: int) -> dict[tuple[str, int], dict[str, str]]:
    """Lands orders; returns them by object and line."""
    lines = snowline("generate", "--count", str(ROWS), "--seed", str(seed), "--bad", "0", "--duplicates", "0")
    key = pipeline.land(f"object-{seed}", lines)
    pipeline.settle()
    source = f"s3://{pipeline.bucket}/{key}"
    return {(source, number): json.loads(line) for number, line in enumerate(lines.splitlines(), start=1)}


def test_a_nullable_column_adds_itself_and_no_value_is_lost(tmp_path: Path) -> None:
    with deployed(tmp_path, edit_setup=without("payment_method")) as pipeline:
        assert "payment_method" not in columns_of(pipeline, "staging.orders")
        sent = land(pipeline, 1)
        staged = pipeline.rows("staging.orders")
        found = {(row["_source_object"], row["_source_line"]): row["payment_method"] for row in staged}
        assert found == {place: order.get("payment_method") for place, order in sent.items()}
        assert len(set(found.values())) > 2
        assert pipeline.publish("merge")["inserted"] > 0
        assert {row["payment_method"] for row in pipeline.rows("analytics.processed_orders")} == set(found.values())
        added = [job for job in pipeline.snowflake.history if job.statement.startswith("alter table")]
        assert len(added) == 2 and all(job.error is None for job in added)


def test_the_merge_does_not_wait_for_a_file_to_bring_the_column(tmp_path: Path) -> None:
    with deployed(tmp_path, edit_setup=without("payment_method")) as pipeline:
        assert pipeline.publish("merge") == {"task": "merge", "inserted": 0, "updated": 0, "deleted": 0}
        for table in ("staging.orders", "analytics.processed_orders"):
            assert "payment_method" in columns_of(pipeline, table)


def test_setting_up_again_brings_the_column_and_the_view_that_shows_it(tmp_path: Path) -> None:
    with deployed(tmp_path, edit_setup=without("payment_method")) as pipeline:
        setup = snowline("sql", "--bucket", pipeline.bucket, "--storage-role-arn", pipeline.storage_role)
        pipeline.snowflake.run_script(setup.decode())
        assert "payment_method" in columns_of(pipeline, "analytics.orders_live")
        land(pipeline, 1)
        assert pipeline.publish("merge")["inserted"] > 0


def test_a_required_column_is_named_and_nothing_is_loaded(tmp_path: Path) -> None:
    with deployed(tmp_path, edit_setup=without("product_id")) as pipeline:
        land(pipeline, 1)
        assert pipeline.snowflake.query("select count(*) from snowline.staging.orders") == [(0,)]
        assert "staging.orders.product_id" in json.dumps(pipeline.errors("LoadFunction"))
        parked = pipeline.stack.messages(pipeline.stack.outputs["LoadDeadLetterQueueUrl"])
        assert len([message for message in parked if "Records" in message]) == 3
