"""What failed or was rejected is sent again by `snowline replay`, and counts once."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.tests.pipeline import HOUR, SNOWLINE, Pipeline, Row, deployed
from local.tests.state import state

DAY = "year=2026/month=11/day=22"
AS_OWNER = "use role sysadmin; use database snowline; use warehouse snowline_wh;"
CSV_COLUMNS = (
    "order_id", "customer_id", "order_timestamp", "order_amount", "currency", "quantity", "product_id",
    "product_category", "order_status", "shipping_country",
)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    with deployed(tmp_path_factory.mktemp("stack")) as pipeline:
        yield pipeline


def run(pipeline: Pipeline, *arguments: str, code: int | None = 0) -> str:
    """Runs the command line as an operator does, and returns all that it prints."""
    settings = pipeline.stack.functions["PublishFunction"].environment
    signed_in = {name: value for name, value in settings.items() if name.startswith("SNOWFLAKE_")}
    environment = pipeline.stack.environment | signed_in
    done = subprocess.run([SNOWLINE, *arguments], env=environment, capture_output=True, timeout=300, check=False)
    assert code in (None, done.returncode), done.stderr.decode()
    return (done.stdout + done.stderr).decode()


def replay(pipeline: Pipeline, *arguments: str, code: int | None = 0) -> str:
    printed = run(pipeline, "replay", *arguments, code=code)
    pipeline.settle()
    return printed


def trace(pipeline: Pipeline, order: Row) -> list[Row]:
    """The versions of an order, the oldest first."""
    return json.loads(run(pipeline, "trace", "--order-id", order["order_id"], "--json"))["versions"]


def order(**changes: Any) -> Row:
    return {
        "order_id": str(uuid.uuid4()), "customer_id": "C-1", "order_timestamp": "2026-11-22T09:00:00Z",
        "order_amount": 12.5, "currency": "EUR", "quantity": 2, "product_id": "P-1", "product_category": "books",
        "order_status": "paid", "shipping_country": "DE",
    } | changes


def line(row: Row) -> bytes:
    return json.dumps(row).encode()


def uri(pipeline: Pipeline, key: str) -> str:
    return f"s3://{pipeline.bucket}/{key}"


def staged(pipeline: Pipeline, row: Row) -> list[Row]:
    return [found for found in pipeline.rows("staging.orders") if found["order_id"] == row["order_id"]]


def quarantine_key(pipeline: Pipeline, landing_key: str) -> str:
    outputs = pipeline.ledger()[landing_key]["outputs"]
    return next(output["key"] for output in outputs if output["zone"] == "quarantine")


def mend(pipeline: Pipeline, key: str, change: Callable[[Row], Row]) -> None:
    """Changes the rejects of a quarantine file, as if another contract would now take them."""
    rejects = [change(json.loads(reject)) for reject in pipeline.read(key).splitlines()]
    body = b"".join(line(reject) + b"\n" for reject in rejects)
    pipeline.stack.client("s3").put_object(Bucket=pipeline.bucket, Key=key, Body=body)


def replays(pipeline: Pipeline) -> set[str]:
    return {key for key in pipeline.etags(f"landing/{DAY}/hour=00/replay_")}


def test_landing_objects_sent_again_change_nothing(pipeline: Pipeline) -> None:
    rows = [order() for _ in range(3)]
    for name in ("plain", "été 1+1=2 & 100%/a b.json"):
        pipeline.land(f"again/{name}", b"\n".join(map(line, rows)))
    pipeline.settle()
    pipeline.publish("merge")
    before, transformed = state(pipeline), pipeline.metric("ObjectsTransformed")
    arguments = uri(pipeline, f"{HOUR}/again/"), "--function", pipeline.stack.outputs["TransformFunctionName"]

    assert replay(pipeline, *arguments, "--dry-run").count("would send s3://") == 2
    assert pipeline.metric("ObjectsTransformed") == transformed

    assert "2 objects sent" in replay(pipeline, *arguments)
    assert pipeline.metric("ObjectsTransformed") == transformed + 2, "both were worked on"
    pipeline.publish("merge")
    assert state(pipeline) == before

    gone = uri(pipeline, f"{HOUR}/no-such-object"), *arguments[1:]
    assert "there is no object" in replay(pipeline, *gone, code=1)


def test_rejected_rows_are_sent_again_once_and_lead_back_to_their_line(pipeline: Pipeline) -> None:
    good, *bad = order(), order(quantity=0), order(quantity=0), order(quantity=0), order(quantity=0)
    landing = pipeline.land("rejects.gz", gzip.compress(b"\n".join(map(line, [bad[0], good, *bad[1:]]))))
    pipeline.settle()
    quarantine = quarantine_key(pipeline, landing)

    def mended(reject: Row) -> Row:
        record = reject["record"].replace('"quantity": 0', '"quantity": 2')
        if reject["line"] == 3:  # only the beginning was kept
            return reject | {"record": record[:20], "record_bytes": 2_000_000}
        if reject["line"] == 4:
            return reject | {"record": None, "record_base64": base64.b64encode(record.encode()).decode()}
        return reject if reject["line"] == 5 else reject | {"record": record}

    mend(pipeline, quarantine, mended)
    address, before = uri(pipeline, quarantine), replays(pipeline)
    assert "would send 3 rows" in replay(pipeline, address, "--dry-run", code=1)
    assert replays(pipeline) == before

    printed = replay(pipeline, address, code=1)
    assert f"left line 3 of {uri(pipeline, landing)}: only the beginning" in printed
    assert "3 rows written to 1 landing objects, 1 rows or files left" in printed
    (written,) = replays(pipeline) - before
    head = pipeline.stack.client("s3").head_object(Bucket=pipeline.bucket, Key=written)
    assert head["Metadata"] == {"snowline-quarantine": quarantine, "snowline-landing": landing}
    assert [len(staged(pipeline, row)) for row in bad] == [1, 0, 1, 0], "one cannot be sent, one is rejected again"

    rested = state(pipeline)
    assert f"unchanged {uri(pipeline, written)}" in replay(pipeline, address, code=1)
    assert state(pipeline) == rested

    again = quarantine_key(pipeline, written)
    mend(pipeline, again, lambda reject: reject | {"record": line(bad[3] | {"quantity": 7}).decode()})
    replay(pipeline, uri(pipeline, again))
    (version,) = trace(pipeline, bad[3])
    assert json.loads(version["record"]["text"])["quantity"] == 7
    assert [(one["source_object"], one["source_line"]) for one in version["replay_of"]] == [
        (uri(pipeline, written), 4), (uri(pipeline, landing), 5),
    ]
    (version,) = trace(pipeline, bad[2])
    (rejection,) = version["replay_of"]
    assert (version["source_line"], rejection["quarantine"], rejection["quarantine_line"]) == (3, address, 3)
    assert (rejection["source_line"], rejection["rule"], rejection["column"]) == (4, "minimum", "quantity")


def test_rejected_csv_rows_get_the_header_of_their_object(pipeline: Pipeline) -> None:
    first, second = order(quantity=0), order(quantity=0, customer_id='C "2", Ltd\nBerlin')
    text = [",".join(reversed(CSV_COLUMNS))]
    for row in (first, second):
        text.append(",".join('"' + str(row[column]).replace('"', '""') + '"' for column in reversed(CSV_COLUMNS)))
    landing = pipeline.land("rejects.csv", "\r\n".join(text).encode())
    pipeline.settle()
    quarantine = quarantine_key(pipeline, landing)
    mend(pipeline, quarantine, lambda reject: reject | {"record": reject["record"].replace('"0"', '"2"')})

    assert "2 rows written" in replay(pipeline, uri(pipeline, quarantine))
    for row, at in ((first, 2), (second, 3)):
        (found,) = staged(pipeline, row)
        assert (found["customer_id"], found["_source_line"]) == (row["customer_id"], at)
        (version,) = trace(pipeline, row)
        assert version["replay_of"][0]["source_line"] == at
        assert row["order_id"] in version["record"]["text"]

    mend(pipeline, quarantine, lambda reject: reject | {"message": "other"})
    # Its neighbours below the prefix are not kept from being replayed.
    neighbour = pipeline.land("neighbour", line(order(quantity=0)))
    pipeline.settle()
    with pipeline.without(landing):
        refused = replay(pipeline, uri(pipeline, f"quarantine/{DAY}/"), code=1)
    assert f"{uri(pipeline, landing)}, which has their header line, is gone" in refused
    assert f"sent 1 rows of {uri(pipeline, quarantine_key(pipeline, neighbour))}" in refused


def test_a_dead_letter_queue_is_moved_back_after_its_cause_is_mended(pipeline: Pipeline) -> None:
    dead, queue = (pipeline.stack.outputs[name] for name in ("LoadDeadLetterQueueUrl", "LoadQueueUrl"))
    pipeline.snowflake.run_script(f"{AS_OWNER} revoke insert on table staging.orders from role snowline_load;")
    rows = [order() for _ in range(12)]
    for at, row in enumerate(rows):
        pipeline.land(f"refused-{at}", line(row))
    pipeline.settle()
    assert not any(staged(pipeline, row) for row in rows)
    pipeline.stack.client("sqs").send_message(QueueUrl=dead, MessageBody="what is this?")

    pipeline.snowflake.run_script(f"{AS_OWNER} grant insert on table staging.orders to role snowline_load;")
    listed = replay(pipeline, "--queue", dead, "--to", queue, "--dry-run", code=1)
    assert listed.count("/final_") == len(rows)
    parked = listed.count("would send message")
    assert not any(staged(pipeline, row) for row in rows)

    printed = replay(pipeline, "--queue", dead, "--to", queue, code=1)
    assert f"{parked} messages sent" in printed and "it is not JSON" in printed
    assert all(len(staged(pipeline, row)) == 1 for row in rows)
    waiting = pipeline.stack.client("sqs").receive_message(QueueUrl=dead, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in waiting] == ["what is this?"], "it is left, and seen at once"
    pipeline.stack.client("sqs").delete_message(QueueUrl=dead, ReceiptHandle=waiting[0]["ReceiptHandle"])
    assert "0 messages sent" in replay(pipeline, "--queue", dead, "--to", queue)


def test_failed_invocations_are_repeated(pipeline: Pipeline) -> None:
    failures, function = (pipeline.stack.outputs[name] for name in ("TransformFailuresUrl", "TransformFunctionName"))
    rows = {pipeline.land(f"lost-{at}", line(row)): row for at, row in enumerate([order(), order()])}
    pipeline.settle()
    mended, lost = rows
    for output in pipeline.ledger()[mended]["outputs"]:
        pipeline.stack.client("s3").delete_object(Bucket=pipeline.bucket, Key=output["key"])

    with pipeline.without(lost):
        with pipeline.without(mended):
            for key in rows:
                pipeline.stack.events.redeliver(key)
            pipeline.settle()
        # The one that is still lost may be parked again before the queue is found empty.
        printed = replay(pipeline, "--queue", failures, "--function", function, code=None)
        pipeline.settle()
    assert "2 messages sent" in printed
    assert all(output["key"] in pipeline.etags() for output in pipeline.ledger()[mended]["outputs"])
    (record,) = pipeline.stack.messages(failures)
    assert lost.rpartition("/")[2] in json.dumps(record), "what fails again is parked again"


def test_trace_tells_what_became_of_every_version(pipeline: Pipeline) -> None:
    row = order()

    def land(name: str, body: bytes) -> str:
        key = pipeline.land(f"traced/{name}", body)
        pipeline.settle()
        return uri(pipeline, key)

    def version(minute: int, **changes: Any) -> Row:
        return row | {"order_timestamp": f"2026-11-22T09:{minute:02}:00Z"} | changes

    noise = b"".join(line(order()) + b"\n" for _ in range(5))
    members = gzip.compress(noise + b"\n{bad\n"), gzip.compress(line(version(10)) + line(order()))
    inserted = land("inserted.gz", b"".join(members))
    (only,) = trace(pipeline, row)
    assert only["fate"] == {"state": "waiting"}
    pipeline.publish("merge")
    updated = land("updated", noise + line(version(30, op="U", order_status="shipped")))
    pipeline.publish("merge")
    late = land("late", line(version(20, op="U", order_status="cancelled")))
    pipeline.publish("merge")

    versions = trace(pipeline, row)
    assert [(one["source_object"], one["source_line"]) for one in versions] == [(inserted, 8), (late, 1), (updated, 6)]
    assert [one["fate"]["state"] for one in versions] == ["superseded_by", "superseded_by", "merged"]
    assert [json.loads(one["record"]["text"])["order_timestamp"][14:16] for one in versions] == ["10", "20", "30"]
    entry = pipeline.ledger()[f"{HOUR}/traced/inserted.gz"]
    outputs = {output["zone"]: output["key"] for output in entry["outputs"]}
    account = {name: entry[name] for name in ("rows_read", "rows_accepted", "rows_rejected")}
    key = f"ledger/{DAY}/ledger_{entry['id']}.json"
    files = {zone: outputs[zone] for zone in ("processing", "processed")}
    assert versions[0]["ledger"] == {"key": key} | account | files

    land("deleted", line(version(40, op="D")))
    assert [one["fate"]["state"] for one in trace(pipeline, row)] == [
        "superseded_by", "superseded_by", "merged", "waiting",
    ]
    pipeline.publish("merge")
    with pipeline.without(f"{HOUR}/traced/late"):
        printed = run(pipeline, "trace", "--order-id", row["order_id"])
    for expected in (
        "4 versions, the oldest first", f"{inserted} line 8", f"{key}: 8 rows read, 7 accepted, 1 rejected",
        "superseded by version 2", "(the object is gone: landing keeps 7 days)", "deleted by version 4",
        "deleted the row",
    ):
        assert expected in printed


def test_a_trace_of_nothing_says_where_to_look(pipeline: Pipeline) -> None:
    assert "quarantine/" in run(pipeline, "trace", "--order-id", str(uuid.uuid4()), code=1)
    assert "a row of orders is named by --order-id" in run(pipeline, "trace", code=2)
    assert "needs --function" in run(pipeline, "replay", uri(pipeline, HOUR), code=2)
