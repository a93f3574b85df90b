"""A person's rows leave every zone and every table, and nobody else's do.

The person is looked for in every byte of every version of every object, and in every table of the
warehouse; that the same search finds them before shows that it can.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
from collections.abc import Iterator

import duckdb
import pyarrow.parquet as pq
import pytest

from local.tests.erasure import (
    ERRORS,
    ORDERS,
    RIDES,
    TABLES,
    ZONES,
    Run,
    erase,
    erase_until_killed,
    land,
    land_all,
    marks,
    places,
    statistics,
)
from local.tests.expected import Landed, comparable, live, without_stamps
from local.tests.lake import read_lake
from local.tests.pipeline import SNOWLINE, Pipeline, Row, deployed
from local.tests.state import state

AS_OWNER = "use role sysadmin; use database snowline; use warehouse snowline_wh;"


@pytest.fixture(scope="module", params=[ORDERS, RIDES], ids=["orders", "rides"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    subject, folder = request.param, tmp_path_factory.mktemp("stack")
    with deployed(folder, dataset=subject.dataset) as pipeline:
        pipeline.s3.put_bucket_versioning(Bucket=pipeline.bucket, VersioningConfiguration={"Status": "Enabled"})
        land_all(pipeline, subject)
        # Every file has an old version.
        pipeline.stack.events.redeliver("landing/")
        pipeline.settle()
        pipeline.publish("audit")
        lake = read_lake(pipeline, subject.validate)
        theirs = [event for event in lake.events if event.processing_row()[subject.column] == subject.value]
        yield Run(subject, pipeline, folder, lake, marks(pipeline, subject, theirs))


def reasons(report: Row) -> set[str]:
    return {left["reason"] for left in report["left"]}


def copies(pipeline: Pipeline) -> int:
    return sum(job.statement.lower().startswith("copy into") for job in pipeline.snowflake.history)


def assert_others_untouched(run: Run) -> None:
    pipeline, events = run.pipeline, run.events()
    expected = comparable([event.processed_row(pipeline.salt) for event in events])
    assert without_stamps(pipeline.rows(pipeline.dataset.staging)) == expected
    expected = comparable([event.processed_row(pipeline.salt) for event in live(events)])
    assert without_stamps(pipeline.rows(pipeline.dataset.analytics)) == expected


def assert_files_hold_the_others(run: Run) -> None:
    """As two readers see them, with the statistics of what is there."""
    pipeline, salt = run.pipeline, run.pipeline.salt
    for zone, row in (("processing", Landed.processing_row), ("processed", lambda one: one.processed_row(salt))):
        found = []
        for key in pipeline.etags(f"{zone}/"):
            if "/processed_" not in key and "/final_" not in key:
                continue
            body = pipeline.read(key)
            file = pq.ParquetFile(io.BytesIO(body))
            rows = file.read().to_pylist()
            assert len({one["_source_object"] for one in rows}) == 1
            for group, column, low, high in statistics(file):
                values = [one for one in file.read_row_group(group, [column]).column(0).to_pylist() if one is not None]
                if not isinstance(values[0], (dict, float, bool)) and type(low) is type(values[0]):
                    assert (low, high) == (min(values), max(values)), (key, column)
            local = run.folder / "read.parquet"
            local.write_bytes(body)
            counted = duckdb.sql(f"select count(*), count(distinct _source_line) from '{local}'").fetchone()
            assert counted == (len(rows), len(rows))
            by_column = duckdb.sql(f"select count(*) from '{local}' where {run.subject.column} = '{run.subject.value}'")
            assert by_column.fetchone() == (0,)
            found += rows
        assert comparable(found) == comparable([row(event) for event in run.events()])


def test_a_person_leaves_and_nobody_else(run: Run) -> None:
    pipeline = run.pipeline
    tables = {table.format(run.subject.dataset) for table in TABLES[:1]}
    assert places(run) == {*ZONES, *tables}, "before the merge"
    at_rest = state(pipeline)

    report = erase(run, code=1)
    assert reasons(report) == {
        "rows of it wait for the next merge", "the object it was made of is left, or not in the ledger yet",
    }
    changed = {key for key, digest in state(pipeline).digests.items() if at_rest.digests[key] != digest}
    assert changed == {ERRORS}, "what waits is left as it is"
    pipeline.publish("merge")
    pipeline.snowflake.run_script(AS_OWNER + sampled_keys(run))
    assert places(run) == {*ZONES[:-1], *tables, f"analytics.processed_{run.subject.dataset}", "ops.check_results"}

    report = erase(run, "--dry-run", code=0)
    assert report["erased"]["processed"]["objects"] == 3
    assert report["erased"]["staging"]["rows"] == len(run.lake.events) - len(run.events())
    report = erase(run, "--dry-run", code=1, wait=60)
    assert "it was loaded less than 60 minutes ago" in reasons(report)

    before, ledger = copies(pipeline), pipeline.rows("ops.ledger")
    runs = 0
    while not erase_until_killed(run, runs % 4):
        runs += 1
        assert pipeline.publish("audit")["findings"] == [], f"after {runs} runs"
    assert runs > 12
    pipeline.settle()

    assert places(run) == set()
    assert not pipeline.etags("erased/")
    assert_others_untouched(run)
    assert_files_hold_the_others(run)
    assert copies(pipeline) == before, "no file was loaded again"
    assert pipeline.rows("ops.ledger") == ledger
    assert {key.rsplit("/", 1)[1] for key in pipeline.etags("landing/")} == {"others.gz"}
    assert [row["failing_keys"] is None for row in pipeline.rows("ops.check_results") if row["run_id"] == "keys"] == [
        True, False,
    ]
    assert_at_rest(run)


def assert_at_rest(run: Run) -> None:
    """The accounts are right, a merge changes nothing, and there is nothing more to do."""
    pipeline = run.pipeline
    audit = pipeline.publish("audit")
    assert (audit["findings"], audit["pending"]) == ([], 0)
    assert audit["rows_accepted"] == audit["rows_loaded"] == len(run.events())
    merged = pipeline.publish("merge")
    assert (merged["inserted"], merged["updated"], merged["deleted"]) == (0, 0, 0)
    erased = sum(row["rows_erased"] for row in pipeline.rows("ops.erasures"))
    assert erased == len(run.lake.events) - len(run.events())
    before = state(pipeline)
    report = erase(run)
    assert report["left"] == []
    assert all(not any(erased.values()) for erased in report["erased"].values()), report
    assert state(pipeline) == before


def sampled_keys(run: Run) -> str:
    """Check results with samples of keys: the person's, and another's."""
    theirs = next(event for event in run.lake.events if run.is_theirs(event))
    statements = []
    for event in (theirs, run.events()[0]):
        row = event.processing_row()
        key = {name: str(row[name]) for name in run.pipeline.dataset.key}
        statements.append(f"""
            insert into ops.check_results (run_id, dataset, task, check_id, severity, passed, threshold,
                failing_keys, measured_at)
            select 'keys', '{run.subject.dataset}', 'check', 'c', 'error', false, '= 0',
                parse_json('{json.dumps([key])}'), sysdate();
        """)
    return "".join(statements)


def test_what_cannot_be_erased_yet_is_named_and_goes_later(run: Run) -> None:
    pipeline, subject = run.pipeline, run.subject
    whole = gzip.compress("\n".join(json.dumps(subject.row(number)) for number in (701, 705)).encode())
    damaged = pipeline.land("damaged.gz", whole[:-9])
    others = pipeline.land("damaged-others.gz", gzip.compress(json.dumps(subject.row(702)).encode() * 2)[:-9])
    late = land(pipeline, "late", [subject.row(number) for number in (710, 711)])
    pipeline.settle()
    pipeline.publish("merge")

    report = erase(run, code=1)
    assert {left["what"] for left in report["left"]} == {f"s3://{pipeline.bucket}/{key}" for key in (damaged, others)}
    assert late not in pipeline.etags("landing/"), "what is at rest is erased"
    for key in (damaged, others):
        for version in pipeline.s3.list_object_versions(Bucket=pipeline.bucket, Prefix=key)["Versions"]:
            pipeline.s3.delete_object(Bucket=pipeline.bucket, Key=key, VersionId=version["VersionId"])
    assert erase(run)["left"] == []
    assert places(run) == set()

    pipeline.snowflake.run_script(AS_OWNER + f"delete from {pipeline.dataset.staging} where _source_line = 2")
    report = erase(run, code=1)
    assert any("rows of it, and the ledger expects" in reason for reason in reasons(report)), report


def test_a_column_that_is_hashed_is_refused(run: Run) -> None:
    hashed = {"orders": "customer_email", "rides": "rider_phone"}[run.subject.dataset]
    done = subprocess.run(
        [SNOWLINE, "erase", "--dataset", run.subject.dataset, "--bucket", "lake", "--where", f"{hashed}=x"],
        env=dict(os.environ), capture_output=True, timeout=60, check=False,
    )
    assert done.returncode == 2
    assert "take the column that identifies the person, one of" in done.stderr.decode()
    assert run.subject.column in done.stderr.decode()
