"""The audit names every object whose accounts do not agree, once there was time for them to."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from moto.s3.models import s3_backends

from local.aws.cloudformation import ACCOUNT
from local.stack import FunctionFailed
from local.tests.orders_at_rest import AS_OWNER, ROWS, orders, results
from local.tests.pipeline import Pipeline, Row

SLA = timedelta(minutes=15)
"""The freshness that the contract promises."""
KINDS = ["not_transformed", "rows_missing", "rows_superfluous", "no_ledger_entry"]


def as_owner(pipeline: Pipeline, script: str) -> None:
    pipeline.snowflake.run_script(f"{AS_OWNER} {script}")


def age(pipeline: Pipeline, key: str, by: timedelta) -> None:
    """Lets an object have landed earlier."""
    bucket = s3_backends[ACCOUNT]["aws"].buckets[pipeline.bucket]
    bucket.keys[key].last_modified -= by


def findings(pipeline: Pipeline, run_id: str) -> dict[str, list[Row]]:
    """What an audit that fails finds, by kind, as it stores it; its error names all of it."""
    with pytest.raises(FunctionFailed) as failed:
        pipeline.publish("audit", run_id)
    message = failed.value.payload["errorMessage"]
    stored = results(pipeline, run_id)
    assert sorted(stored) == sorted(KINDS)
    found = {}
    for kind, row in stored.items():
        keys = json.loads(row["failing_keys"] or "[]")
        assert (row["task"], row["severity"], row["threshold"]) == ("audit", "error", "= 0")
        assert (row["value"], row["passed"]) == (len(keys), not keys)
        assert (f"{kind} is {len(keys)}, must be = 0" in message) == bool(keys)
        assert all(f'"source_object":"{key["source_object"]}"' in message for key in keys)
        if keys:
            found[kind] = keys
    return found


def finding(pipeline: Pipeline, kind: str, name: str, table: str, expected: int, found: int) -> Row:
    key = f"landing/year=2026/month=11/day=22/hour=09/{name}"
    return {
        "finding": kind, "source_object": f"s3://{pipeline.bucket}/{key}", "table": table,
        "contract_version": "1.0.0", "rows_expected": expected, "rows_found": found,
    }


def test_rows_missing_and_rows_twice_are_found_at_once(pipeline: Pipeline) -> None:
    for name, seed in (("twice", 2), ("whole", 3)):
        pipeline.land(name, orders(seed))
    pipeline.settle()
    pipeline.publish("audit", "before")
    assert all(row["passed"] and row["failing_keys"] is None for row in results(pipeline, "before").values())

    def hours(name: str) -> int:
        return sum(row["_source_object"].endswith(f"/{name}") for row in pipeline.rows("staging.orders_hourly"))

    as_owner(pipeline, """
        delete from staging.orders where _source_object like '%/orders' and _source_line <= 7;
        insert into staging.orders_hourly
        select * from staging.orders_hourly where _source_object like '%/twice';
    """)
    assert findings(pipeline, "after") == {
        "rows_missing": [finding(pipeline, "rows_missing", "orders", "orders", ROWS, ROWS - 7)],
        "rows_superfluous": [
            finding(pipeline, "rows_superfluous", "twice", "orders_hourly", hours("twice") // 2, hours("twice"))
        ],
    }
    assert pipeline.metric("AuditFindings") == 2


def test_an_aggregate_file_that_never_loads_is_pending_and_then_found(pipeline: Pipeline) -> None:
    hours = len(pipeline.rows("staging.orders_hourly"))
    as_owner(pipeline, "delete from staging.orders_hourly")
    audit = pipeline.publish("audit")
    assert (audit["objects"], audit["pending"], audit["rows_loaded"]) == (1, 1, ROWS)
    as_owner(pipeline, "update ops.ledger set _loaded_at = dateadd(minute, -61, _loaded_at)")
    assert findings(pipeline, "later") == {
        "rows_missing": [finding(pipeline, "rows_missing", "orders", "orders_hourly", hours, 0)]
    }


def test_rows_without_a_ledger_entry_are_pending_and_then_found(pipeline: Pipeline) -> None:
    as_owner(pipeline, "delete from ops.ledger")
    audit = pipeline.publish("audit")
    assert (audit["objects"], audit["pending"], audit["rows_accepted"]) == (1, 1, 0)
    for table in ("orders", "orders_hourly"):
        as_owner(pipeline, f"update staging.{table} set _loaded_at = dateadd(minute, -61, _loaded_at)")
    hours = len(pipeline.rows("staging.orders_hourly"))
    assert findings(pipeline, "later") == {
        "no_ledger_entry": [
            finding(pipeline, "no_ledger_entry", "orders", "orders", 0, ROWS),
            finding(pipeline, "no_ledger_entry", "orders", "orders_hourly", 0, hours),
        ]
    }


def test_an_object_the_ledger_does_not_know_is_found_once_the_freshness_has_passed(pipeline: Pipeline) -> None:
    unreadable = pipeline.land("unreadable", b"\x1f\x8b\x08 no gzip")
    unbooked = pipeline.land("unbooked", orders(2))
    known = pipeline.land("known", orders(3))
    pipeline.settle()
    assert len(pipeline.stack.messages(pipeline.stack.outputs["TransformFailuresUrl"])) == 1
    as_owner(pipeline, "delete from ops.ledger where key like '%/unbooked'")
    for key in (unreadable, unbooked, known):
        age(pipeline, key, SLA - timedelta(minutes=2))
    pipeline.publish("audit", "in time")

    for key in (unreadable, unbooked, known):
        age(pipeline, key, timedelta(minutes=3))
    expected = [
        {"finding": "not_transformed", "source_object": f"s3://{pipeline.bucket}/{key}"}
        for key in sorted([unreadable, unbooked])
    ]
    assert findings(pipeline, "late") == {"not_transformed": expected}

    for key in (unreadable, unbooked):
        age(pipeline, key, timedelta(days=7))
    assert pipeline.publish("audit", "expired")["findings"] == [], "landing no longer keeps it"


def test_a_landing_object_written_anew_is_found_though_the_ledger_knows_its_key(pipeline: Pipeline) -> None:
    key = pipeline.land("orders", b"\x1f\x8b\x08 no gzip")
    pipeline.settle()
    age(pipeline, key, SLA + timedelta(minutes=1))
    expected = {"finding": "not_transformed", "source_object": f"s3://{pipeline.bucket}/{key}"}
    assert findings(pipeline, "late") == {"not_transformed": [expected]}
