"""What operators get to see: log lines, metrics and traces of a run, and the codes of its failures."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from local.stack import ROOT, FunctionFailed
from local.tests.lake import Lake, read_lake
from local.tests.orders_at_rest import AS_OWNER, orders
from local.tests.pipeline import Pipeline, deployed

BAD = [b"{\n", b'{"order_id": 5}\n']
POISON = "processed/year=2026/month=11/day=22/final_00000000000000aa.parquet"
FUNCTIONS = ("transform", "load", "publish")

# What this run does not make happen.
NOT_EMITTED = {"Latency", "LatencyLimit", "LineageFailures"}

Line = dict[str, Any]


@dataclass
class Run:
    """A pipeline after a run, and the tasks that failed in it."""

    pipeline: Pipeline
    lake: Lake
    failed: dict[str, dict[str, str]]
    parked: list[dict[str, Any]]

    def lines(self, function: str) -> list[Line]:
        """Everything that a function wrote, metrics included."""
        folder = self.pipeline.stack.logs / f"snowline-{function}"
        texts = [text for log in sorted(folder.glob("*.log")) for text in log.read_text().splitlines()]
        return [json.loads(text, parse_float=Decimal) for text in texts]

    def logged(self, function: str, message: str) -> list[Line]:
        return [line for line in self.lines(function) if line.get("message") == message]

    def metric(self, name: str, **labels: str) -> list[Any]:
        lines = [line for function in FUNCTIONS for line in self.lines(function) if name in line]
        return [line[name] for line in lines if labels.items() <= line.items()]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with deployed(tmp_path_factory.mktemp("stack")) as pipeline:
        for seed in (1, 2):
            pipeline.land(f"orders-{seed}.gz", gzip.compress(orders(seed) + BAD[0] + BAD[1] * seed))
        pipeline.settle()
        for task in ("audit", "merge", "check"):
            pipeline.publish(task)
        lake = read_lake(pipeline)
        pipeline.land("cut-off.gz", gzip.compress(orders(3))[:-20])
        pipeline.s3.put_object(
            Bucket=pipeline.bucket, Key=POISON, Body=b"PAR1 this is no Parquet file PAR1", ServerSideEncryption="AES256"
        )
        pipeline.settle()
        parked = pipeline.stack.messages(pipeline.stack.outputs["TransformFailuresUrl"])
        pipeline.snowflake.run_script(f"{AS_OWNER} drop table analytics.processed_orders")
        failed = {task: fail(pipeline, task) for task in ("merge", "check", "tidy")}
        yield Run(pipeline, lake, failed, parked)


def fail(pipeline: Pipeline, task: str) -> dict[str, str]:
    with pytest.raises(FunctionFailed) as failed:
        pipeline.publish(task)
    return failed.value.payload


# ---------------------------------------------------------------- logs


def test_every_line_says_where_it_comes_from(run: Run) -> None:
    for function in FUNCTIONS:
        lines = run.lines(function)
        assert len(lines) > 5
        requests = {report.request_id for report in run.pipeline.stack.reports if report.function.endswith(function)}
        for line in lines:
            assert line["requestId"] in requests, line
            if "_aws" in line:
                assert (line["Stack"], line["Dataset"], line["Function"]) == ("snowline", "orders", function)
            else:
                assert (line["dataset"], line["function"]) == ("orders", function)
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["timestamp"])
                assert line["level"] in ("ERROR", "WARN", "INFO") and line["message"]


def test_a_line_about_an_object_names_it(run: Run) -> None:
    landed = {key for key in run.pipeline.etags("landing/")}
    lines = run.lines("transform")
    assert {(line["bucket"], line["key"]) for line in lines} == {(run.pipeline.bucket, key) for key in landed}
    (poisoned,) = {(line["bucket"], line["keys"]) for line in run.logged("load", "files not loaded")}
    assert poisoned == (run.pipeline.bucket, POISON)


def test_a_line_about_a_statement_has_its_handle(run: Run) -> None:
    statements = {job.handle: job.statement.lower() for job in run.pipeline.snowflake.history}
    words = {"copy_rows": "copy into", "merge": "merge into", "check": "select", "table_columns": "select"}
    for function in ("load", "publish"):
        finished = run.logged(function, "statement finished")
        assert all(line["ms"] >= 0 and line["statement_handle"] in statements for line in finished)
        for line in finished:
            assert words.get(line["statement"], "") in statements[line["statement_handle"]]
    (merge,) = run.logged("publish", "task failed")[:1]
    assert "merge into" in statements[merge["statement_handle"]]


# ---------------------------------------------------------------- metrics


def catalogue() -> dict[str, tuple[str, str, str]]:
    """Unit, further dimension and emitters of every metric, as docs/metrics.md lists them."""
    rows = re.findall(r"^\| (\w+) \| (\w+) \| (\w*) ?\| ([a-z, ]+) \|", (ROOT / "docs/metrics.md").read_text(), re.M)
    return {name: (unit, dimension, emitters) for name, unit, dimension, emitters in rows}


def test_what_is_emitted_is_what_the_documentation_lists(run: Run) -> None:
    listed, emitted = catalogue(), set()
    for function in FUNCTIONS:
        for line in (line for line in run.lines(function) if "_aws" in line):
            (directive,) = line["_aws"]["CloudWatchMetrics"]
            (dimensions,) = directive["Dimensions"]
            assert directive["Namespace"] == "Snowline" and 1 <= len(directive["Metrics"]) <= 100
            assert abs(line["_aws"]["Timestamp"] / 1000 - run.pipeline.stack.reports[-1].started_at) < 3600
            assert all(isinstance(line[name], str) and line[name] for name in dimensions)
            for metric in directive["Metrics"]:
                unit, dimension, emitters = listed[metric["Name"]]
                assert (metric["Unit"], dimensions) == (unit, ["Stack"] + [dimension] * bool(dimension))
                assert function in emitters.split(", ")
                assert isinstance(line[metric["Name"]], int | Decimal) and line[metric["Name"]] >= 0
                emitted.add(metric["Name"])
    assert listed.keys() - emitted == NOT_EMITTED


def test_counts_and_sizes_are_those_of_the_lake(run: Run) -> None:
    pipeline, lake = run.pipeline, run.lake
    entries = pipeline.ledger().values()
    accepted, rejected = len(lake.events), sum(len(rejects) for rejects in lake.rejects.values())
    names = ("ObjectsTransformed", "RowsRead", "RowsAccepted", "RowsRejected")
    assert [sum(run.metric(name)) for name in names] == [2, accepted + rejected, accepted, rejected] and rejected == 5
    by_rule = Counter[str]()
    for line in (line for line in run.lines("transform") if "RowsRejectedByRule" in line):
        by_rule[line["Rule"]] += line["RowsRejectedByRule"]
    assert by_rule == Counter(reject["rule"] for entry in entries for reject in pipeline.quarantine(entry))

    bodies = [pipeline.read(key) for key in lake.accepted]
    assert sorted(run.metric("BytesRead")) == sorted(map(len, bodies))
    assert sorted(run.metric("BytesDecompressed")) == sorted(len(gzip.decompress(body)) for body in bodies)
    written = [sum(len(pipeline.read(output["key"])) for output in entry["outputs"]) for entry in entries]
    assert sorted(run.metric("BytesWritten")) == sorted(written)
    assert sum(run.metric("RowsLoaded")) == accepted
    assert sum(run.metric("FilesLoaded")) == 6 and set(run.metric("FilesFailed")) == {0, 1}


def test_measures_are_exact(run: Run) -> None:
    inserts = [event.record.order_amount for event in run.lake.events if event.record.op in (None, "I")]
    assert sum(run.metric("MeasureTotal", Measure="total_amount")) == sum(inserts)
    assert sum(run.metric("MeasureRows", Measure="total_amount")) == len(inserts)


def test_times_fit_one_another(run: Run) -> None:
    stages = [run.metric("StageTime", Stage=stage) for stage in ("read", "compute", "write")]
    for total, *parts in zip(run.metric("TransformTime"), *stages, strict=True):
        assert abs(total - sum(parts)) <= Decimal("0.003"), "a part is told to the microsecond"
    for cpu, each, size in zip(*map(run.metric, ("CpuTime", "CpuTimePerMegabyte", "BytesDecompressed")), strict=True):
        assert cpu > 0 and abs(each - cpu * 1_000_000 / size) < Decimal("0.01")
    assert all(lag >= time for lag, time in zip(run.metric("TransformLag"), run.metric("TransformTime"), strict=True))
    copies = [time for kind in ("copy_rows", "copy_aggregate", "copy_ledger")
              for time in run.metric("StatementTime", Statement=kind)]
    assert max(run.metric("CopyTime")) >= max(copies)
    assert all(0 < time < 60_000 for time in run.metric("LoadLag"))
    assert set(run.metric("FreshnessLimit")) == {Decimal(15 * 60_000)} and len(run.metric("Freshness")) == 1


# ---------------------------------------------------------------- traces


def test_subsegments_hang_under_the_trace_of_their_invocation(run: Run) -> None:
    assert run.pipeline.stack.xray.refused == []
    documents = run.pipeline.stack.xray.documents
    headers = {line["xrayTraceId"] for function in FUNCTIONS for line in run.lines(function)}
    segments = dict(re.match(r"Root=(.*);Parent=(.*);Sampled=1;", header).groups() for header in headers)
    assert {one["trace_id"] for one in documents} <= segments.keys()
    assert len({one["id"] for one in documents}) == len(documents)
    by_id = {(one["trace_id"], one["id"]): one for one in documents}
    for one in documents:
        parent = by_id.get((one["trace_id"], one["parent_id"]))
        if one["name"] in ("read", "compute", "write"):
            assert parent is not None and parent["name"] == "object"
            assert parent["start_time"] <= one["start_time"] and one["end_time"] <= parent["end_time"]
        else:
            assert parent is None and one["parent_id"] == segments[one["trace_id"]]
        assert one["annotations"]["dataset"] == "orders"


def test_traces_name_objects_and_statements_and_mark_failures(run: Run) -> None:
    documents = run.pipeline.stack.xray.documents
    names = Counter(one["name"] for one in documents)
    # Two objects that were transformed, and one that was tried three times.
    assert [names[name] for name in ("object", "read", "compute", "write")] == [5, 5, 5, 2]
    objects = [one["annotations"] for one in documents if one["name"] == "object"]
    assert {(one["bucket"], one["key"]) for one in objects} == {
        (run.pipeline.bucket, key) for key in run.pipeline.etags("landing/")
    }
    handles = {job.handle for job in run.pipeline.snowflake.history}
    statements = [one for one in documents if "statement" in one["annotations"]]
    kinds = {"copy_rows", "copy_aggregate", "copy_ledger", "audit", "merge", "check"}
    assert kinds <= {one["name"] for one in statements}
    assert all(one["metadata"]["default"]["statement_handle"] in handles for one in statements)
    faults = Counter((one["name"], one["cause"]["exceptions"][0]["type"]) for one in documents if one.get("fault"))
    failed = "snowflake.statement_failed"
    assert faults.pop(("check", failed)) > 0
    assert faults == {
        ("compute", "transform.object_unreadable"): 3, ("object", "transform.object_unreadable"): 3,
        ("merge", failed): 1,
    }


# ---------------------------------------------------------------- codes


def test_a_failure_has_one_code_wherever_it_shows(run: Run) -> None:
    assert [one["responsePayload"]["errorType"] for one in run.parked] == ["transform.object_unreadable"]
    lines = run.logged("transform", "object not transformed")
    assert [line["code"] for line in lines] == ["transform.object_unreadable"] * 3
    assert {line["error"] for line in lines} == {run.parked[0]["responsePayload"]["errorMessage"]}
    assert {line["code"] for line in run.logged("load", "files not loaded")} <= {
        "load.file_rejected", "snowflake.statement_failed",
    }
    codes = {task: answer["errorType"] for task, answer in run.failed.items()}
    failed = "snowflake.statement_failed"
    assert codes == {"merge": failed, "check": failed, "tidy": "publish.task_unknown"}
    assert [line["code"] for line in run.logged("publish", "task failed")] == [*codes.values()]


def test_every_code_of_the_run_is_explained(run: Run) -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    codes = {line["code"] for function in FUNCTIONS for line in run.lines(function) if "code" in line}
    assert len(codes) >= 4 and all(f"| `{code}` |" in page for code in codes)
