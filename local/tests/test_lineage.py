"""What the deployed pipeline tells a lineage endpoint: every event as the standard has it, and every
number, name and column as ledger, files, tables and contract have it."""

from __future__ import annotations

import copy
import gzip
import io
import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from openlineage.client.event_v2 import RunEvent
from openlineage.client.event_v2 import RunState as EventType

from local.aws.cloudformation import ACCOUNT, REGION
from local.dataset import CONTRACTS, SUFFIX
from local.stack import FunctionFailed
from local.tests.column_lineage import ContractLineage, told
from local.tests.lineage_receiver import Receiver
from local.tests.openlineage_reader import read_event
from local.tests.pipeline import Pipeline, Row, deployed

SNOWFLAKE = "snowflake://LOCAL"
KEY = "uv7-lineage-endpoint-key"
KEY_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:lineage-key"
EVENTS = 1_500


@dataclass
class Told:
    """A pipeline that ran, and the run events it sent, in their order."""

    pipeline: Pipeline
    receiver: Receiver
    lines: list[bytes]
    events: list[RunEvent]
    reports: dict[str, Row] = field(default_factory=dict)

    @property
    def records(self) -> list[Row]:
        """What was sent, without lines that are no JSON."""
        found = []
        for line in self.lines:
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return [record for record in found if isinstance(record, dict)]

    def ends(self, job: str) -> list[RunEvent]:
        return [event for event in self.events if event.job.name == job and event.eventType != EventType.START]


@pytest.fixture(scope="module", params=["orders", "rides"])
def told_by(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Objects on the way to analytics, one without rejects and one without any row."""
    with Receiver(KEY) as receiver:
        parameters = {"LineageTo": receiver.url, "LineageApiKeySecret": KEY_SECRET, "LogLevel": "trace"}
        folder = tmp_path_factory.mktemp("stack")
        with deployed(folder, parameters=parameters, dataset=request.param) as pipeline:
            pipeline.stack.client("secretsmanager").create_secret(Name="lineage-key", SecretString=f"{KEY}\n")
            yield run(pipeline, receiver, folder)


def run(pipeline: Pipeline, receiver: Receiver, folder: Path) -> Told:
    start = datetime.now(UTC) - timedelta(minutes=20)
    lines, _ = pipeline.generate(
        folder, "--count", str(EVENTS), "--seed", "11", "--bad", "0.05",
        "--start", f"{start:%Y-%m-%dT%H:%M:%SZ}", "--span", "15m",
    )
    pipeline.land("empty", b"")
    pipeline.settle()
    reports = {task: pipeline.publish(task, "scheduled__1") for task in ("audit", "merge", "check")}
    assert receiver.refused == [] and pipeline.metric("LineageFailures") == 0
    return Told(pipeline, receiver, lines.splitlines(), [read_event(one) for one in receiver.events], reports)


def location(pipeline: Pipeline, key: str) -> str:
    return f"s3://{pipeline.bucket}/{key}"


def test_every_run_starts_and_ends_once(told_by: Told) -> None:
    runs: dict[str, list[RunEvent]] = {}
    for event in told_by.events:
        runs.setdefault(event.run.runId, []).append(event)
        assert event.job.namespace == "snowline"
        assert event.job.facets["jobType"].processingType == "BATCH"
    for events in runs.values():
        assert [event.eventType for event in events] == [EventType.START, EventType.COMPLETE]
        start, end = events
        assert start.job == end.job and start.eventTime <= end.eventTime
        assert (start.inputs, start.outputs) == ([], [])
    aggregates = [f"load.{one.name}" for one in told_by.pipeline.dataset.aggregates]
    jobs = {event.job.name for event in told_by.events}
    tasks = ["publish.audit", "publish.merge", "publish.check"]
    assert jobs == {"transform", f"load.{told_by.pipeline.dataset.name}", *aggregates, "load.ledger", *tasks}


def test_the_transform_tells_what_the_ledger_says(told_by: Told) -> None:
    pipeline, ledger = told_by.pipeline, told_by.pipeline.ledger()
    ends = {event.inputs[0].inputFacets["subset"].inputCondition.locations[0]: event
            for event in told_by.ends("transform")}
    assert ends.keys() == {location(pipeline, key) for key in ledger}
    assert len(ledger) >= 2
    kinds = {"processing": "processing", "processed": "processed/final", "quarantine": "quarantine"}
    for key, entry in ledger.items():
        event = ends[location(pipeline, key)]
        name = f"urn:snowline:transform:{entry['id']}:{entry['contract_version']}"
        assert event.run.runId == str(uuid.uuid5(uuid.NAMESPACE_URL, name))
        parameters = {one.key: one.value for one in event.run.facets["executionParameters"].parameters}
        assert parameters == {"dataset": entry["dataset"], "contract_version": entry["contract_version"]}
        (landing,) = event.inputs
        assert (landing.namespace, landing.name) == (f"s3://{pipeline.bucket}", "landing")
        statistics = landing.inputFacets["inputStatistics"]
        assert (statistics.rowCount, statistics.size) == (entry["rows_read"], entry["bytes"])
        expected = {
            kinds.get(one["zone"], f"processed/{one['table']}"):
                (one["rows"], one["bytes"], 1, [location(pipeline, one["key"])])
            for one in entry["outputs"]
        }
        told = {}
        for output in event.outputs:
            assert output.namespace == f"s3://{pipeline.bucket}"
            facets = output.outputFacets
            written, subset = facets["outputStatistics"], facets.get("subset")
            locations = subset.outputCondition.locations if subset else None
            told[output.name] = (written.rowCount, written.size, written.fileCount, locations)
        ledger_key = location(pipeline, next(one for one in pipeline.etags("ledger/") if entry["id"] in one))
        assert told.pop("ledger") == (1, None, 1, [ledger_key])
        everything = {*kinds.values(), *(f"processed/{one.name}" for one in pipeline.dataset.aggregates)}
        assert told == {name: expected.get(name, (0, 0, 0, None)) for name in everything}
    rejected = sum(entry["rows_rejected"] for entry in ledger.values())
    assert rejected > 0 and any(not entry["outputs"] for entry in ledger.values())


def test_the_load_tells_what_the_tables_hold(told_by: Told) -> None:
    pipeline = told_by.pipeline
    dataset = pipeline.dataset
    for table, kind in [
        (dataset.staging, "final"), ("ops.ledger", "ledger"),
        *((f"staging.{one.name}", one.name) for one in dataset.aggregates),
    ]:
        schema, name = table.split(".")
        rows, files = 0, []
        for event in told_by.ends(f"load.{name}"):
            (source,), (target,) = event.inputs, event.outputs
            expected = "ledger" if schema == "ops" else f"processed/{kind}"
            assert (source.namespace, source.name) == (f"s3://{pipeline.bucket}", expected)
            assert (target.namespace, target.name) == (SNOWFLAKE, f"SNOWLINE.{table.upper()}")
            read, written = source.inputFacets["inputStatistics"], target.outputFacets["outputStatistics"]
            locations = source.inputFacets["subset"].inputCondition.locations
            assert (read.rowCount, read.fileCount) == (written.rowCount, len(locations))
            rows, files = rows + written.rowCount, files + locations
            assert "request_id" in {one.key for one in event.run.facets["executionParameters"].parameters}
        zone = "ledger/" if schema == "ops" else "processed/"
        keys = [key for key in pipeline.etags(zone) if key.rpartition("/")[2].startswith(f"{kind}_")]
        assert rows == len(pipeline.rows(table)) > 0
        assert sorted(files) == sorted(location(pipeline, key) for key in keys), "each file is told of once"


def test_the_tasks_tell_what_they_reported(told_by: Told) -> None:
    dataset = told_by.pipeline.dataset
    parents = set()
    for task in ("audit", "merge", "check"):
        (event,) = told_by.ends(f"publish.{task}")
        parent = event.run.facets["parent"]
        assert (parent.job.namespace, parent.job.name) == ("snowline", f"snowline_{dataset.name}")
        parents.add(parent.run.runId)
    name = f"urn:snowline:snowline:snowline_{dataset.name}:scheduled__1"
    assert parents == {str(uuid.uuid5(uuid.NAMESPACE_URL, name))}

    (merge,) = told_by.ends("publish.merge")
    (staging,), (analytics,) = merge.inputs, merge.outputs
    assert (staging.name, analytics.name) == (
        f"SNOWLINE.{dataset.staging.upper()}", f"SNOWLINE.{dataset.analytics.upper()}",
    )
    report = told_by.reports["merge"]
    rows = analytics.outputFacets["outputStatistics"].rowCount
    assert rows == report["inserted"] + report["updated"] > 0

    (check,) = told_by.ends("publish.check")
    assert [one.name for one in check.inputs] == [analytics.name] and check.outputs == []
    stored = {row["check_id"]: row for row in told_by.pipeline.rows("ops.check_results")}
    for event in (check, *told_by.ends("publish.audit")):
        assertions = event.inputs[0].inputFacets["dataQualityAssertions"].assertions
        for one in assertions:
            result = stored.pop(one.name)
            value = None if one.actual is None else float(one.actual)
            measured = None if result["value"] is None else float(result["value"])
            assert (one.success, value, one.expected) == (result["passed"], measured, result["threshold"])
            assert one.severity == result["severity"].removesuffix("ing")
    assert stored == {}
    audited = {one.name for one in told_by.ends("publish.audit")[0].inputs}
    tables = [dataset.staging, "ops.ledger", *(f"staging.{one.name}" for one in dataset.aggregates)]
    assert audited == {"landing", *(f"SNOWLINE.{table.upper()}" for table in tables)}


def test_schemas_are_those_of_the_files_and_tables(told_by: Told) -> None:
    pipeline, dataset = told_by.pipeline, told_by.pipeline.dataset
    outputs = {one.name: one for event in told_by.events for one in event.outputs}

    def names(output: str) -> list[str]:
        fields = outputs[output].facets["schema"].fields
        assert [one.ordinal_position for one in fields] == list(range(1, len(fields) + 1))
        return [one.name for one in fields]

    files = [("processing", "processing/", "processed_"), ("processed/final", "processed/", "final_")]
    files += [(f"processed/{one.name}", "processed/", f"{one.name}_") for one in dataset.aggregates]
    for output, zone, start in files:
        key = next(key for key in pipeline.etags(zone) if key.rpartition("/")[2].startswith(start))
        assert names(output) == pq.read_schema(io.BytesIO(pipeline.read(key))).names
    for table in [dataset.staging, dataset.analytics, *(f"staging.{one.name}" for one in dataset.aggregates)]:
        schema, name = table.split(".")
        listed = pipeline.snowflake.query(
            "select column_name, data_type from snowline.information_schema.columns "
            f"where lower(table_schema) = '{schema}' and lower(table_name) = '{name}' order by ordinal_position"
        )
        output = f"SNOWLINE.{table.upper()}"
        assert names(output) == [column.upper() for column, _ in listed]
        kinds = {"varchar": "TEXT"}
        for one, (_, data_type) in zip(outputs[output].facets["schema"].fields, listed, strict=True):
            kind = one.type.partition("(")[0]
            assert kinds.get(kind, kind.upper()) == data_type.partition("(")[0].upper().replace("VARCHAR", "TEXT")


def test_landing_has_the_fields_of_the_contract(told_by: Told) -> None:
    landing = told_by.ends("transform")[0].inputs[0].facets["schema"].fields
    records = told_by.records
    delivered = {name for record in records for name in record}
    assert {one.name for one in landing} & delivered
    assert all(one.description for one in landing)
    for one in landing:
        objects = [record[one.name] for record in records if isinstance(record.get(one.name), dict)]
        if one.fields:
            assert one.type == "object"
            assert {inner.name for inner in one.fields} <= {name for value in objects for name in value}
    if told_by.pipeline.dataset.name == "rides":
        assert any(one.fields for one in landing) and "rideNumber" in {one.name for one in landing}


def test_column_lineage_is_what_the_contract_says(told_by: Told) -> None:
    pipeline, dataset = told_by.pipeline, told_by.pipeline.dataset
    contract = ContractLineage(dataset.name)
    outputs = {one.name: one for event in told_by.events for one in event.outputs}

    def lineage(output: str, namespace: str, source: str) -> Any:
        return told(outputs[output].facets["columnLineage"], (namespace, source))

    lake = f"s3://{pipeline.bucket}"
    assert lineage("processing", lake, "landing") == contract.processing()
    processed = lineage("processed/final", lake, "landing")
    assert processed == contract.processed()
    masked = {name for name, steps in processed[0].items() for step in steps if step[3]}
    assert masked and not masked & contract.restricted and not processed[0].keys() & contract.restricted
    for one in dataset.aggregates:
        assert lineage(f"processed/{one.name}", lake, "landing") == contract.aggregate(one.name)
        columns = [name for name in pipeline.rows(f"staging.{one.name}")[0] if name != "_loaded_at"]
        copied = lineage(f"SNOWLINE.STAGING.{one.name.upper()}", lake, f"processed/{one.name}")
        assert copied == ({name.upper(): {(name, "DIRECT", "IDENTITY", False)} for name in columns}, set())
    columns = [name for name in pipeline.rows(dataset.staging)[0] if name != "_loaded_at"]
    copied = lineage(f"SNOWLINE.{dataset.staging.upper()}", lake, "processed/final")
    assert copied == ({name.upper(): {(name, "DIRECT", "IDENTITY", False)} for name in columns}, set())
    listed = pipeline.snowflake.query(
        "select lower(column_name) from snowline.information_schema.columns "
        f"where lower(table_name) = 'processed_{dataset.name}' and data_type = 'VARIANT'"
    )
    staging = f"SNOWLINE.{dataset.staging.upper()}"
    merged = lineage(f"SNOWLINE.{dataset.analytics.upper()}", SNOWFLAKE, staging)
    assert merged == contract.analytics(columns, {name for (name,) in listed})


def test_no_value_of_a_row_is_told(told_by: Told) -> None:
    text = json.dumps(told_by.receiver.events)
    contract = (CONTRACTS / f"{told_by.pipeline.dataset.name}{SUFFIX}").read_text("utf-8")
    records = told_by.records
    values = {value for record in records for value in record.values() if isinstance(value, str) and len(value) > 8}
    assert len(values) > 100
    assert [value for value in values if value in text and value not in contract] == []


def test_the_key_is_sent_and_nowhere_else(told_by: Told) -> None:
    logged = b"".join(log.read_bytes() for log in told_by.pipeline.stack.logs.rglob("*.log"))
    assert b'"level":"TRACE"' in logged and KEY.encode() not in logged
    assert KEY not in json.dumps(told_by.receiver.events)


def test_an_event_delivered_again_is_the_same_run(told_by: Told) -> None:
    pipeline, receiver = told_by.pipeline, told_by.receiver
    before = copy.deepcopy(receiver.events)
    assert pipeline.stack.events.redeliver("landing/", times=2, shuffle=random.Random(1)) >= 4
    pipeline.settle()
    again = receiver.events[len(before):]

    def timeless(events: list[Any]) -> list[str]:
        transforms = [event | {"eventTime": ""} for event in events if event["job"]["name"] == "transform"]
        return sorted(json.dumps(event, sort_keys=True) for event in transforms)

    assert timeless(again) == sorted(2 * timeless(before))
    assert len(timeless(again)) == len(again), "nothing was loaded again, so no load is told of"


def test_a_failed_object_is_a_failed_run(told_by: Told) -> None:
    pipeline, receiver = told_by.pipeline, told_by.receiver
    seen = len(receiver.events)
    key = pipeline.land("truncated.gz", gzip.compress(told_by.lines[0] * 1000)[:-9])
    pipeline.settle()
    events = [read_event(one) for one in receiver.events[seen:]]
    assert [one.eventType for one in events] == [EventType.START, EventType.FAIL] * 3, "each attempt is told of"
    assert len({one.run.runId for one in events}) == 1
    error = events[-1].run.facets["errorMessage"]
    assert (error.message, error.programmingLanguage) == (
        f"{location(pipeline, key)}: cannot transform the object", "Rust",
    )
    complete = told_by.ends("transform")[0]
    assert [one.name for one in events[-1].outputs] == [one.name for one in complete.outputs]
    assert all(one.outputFacets == {} for one in events[-1].outputs)


def test_a_failed_check_is_a_failed_run_that_names_it(told_by: Told) -> None:
    pipeline, receiver, dataset = told_by.pipeline, told_by.receiver, told_by.pipeline.dataset
    pipeline.snowflake.run_script(
        f"use role sysadmin; use warehouse snowline_wh; delete from snowline.{dataset.analytics}"
    )
    with pytest.raises(FunctionFailed):
        pipeline.publish("check")
    event = read_event(receiver.events[-1])
    assert event.eventType == EventType.FAIL
    failed = {one.name for one in event.inputs[0].inputFacets["dataQualityAssertions"].assertions
              if not one.success and one.severity == "error"}
    assert f"{dataset.name}_row_count" in failed
    message = event.run.facets["errorMessage"].message
    assert message.startswith("failed checks: ") and set(message[15:].split(", ")) == failed
