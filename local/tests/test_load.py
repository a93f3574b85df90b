"""A short load test as a person starts it, and what it concludes from what it sees."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.aws.events import Delivery as Notification
from local.aws.events import Route
from local.aws.firehose import Delivery
from local.demo.accounts import Accounts, Entry
from local.load import command, limit
from local.load.flow import Flow, Merged, Passage, Passages, object_id
from local.load.latency import by_stage, over_time
from local.load.needs import at_a_million
from local.load.report import render
from local.load.run import Outcome
from local.load.settings import Settings
from local.load.watch import sent
from local.snowflake.history import Ended
from local.stack import ROOT
from local.tests.test_demo import Page

RATE, SECONDS = 3_000, 6


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("load") / "out"
    arguments = ["--rate", str(RATE), "--minutes", str(SECONDS / 60), "--buffer-mib", "1", "--publish-every", "3",
                 "--shares", "0.3", "--step-seconds", "3", "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "local.load", *arguments], cwd=ROOT, text=True, capture_output=True, timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lines the producer sent" in done.stdout and "landed to queryable, all in all" in done.stdout
    return out


@pytest.fixture(scope="module")
def summary(out: Path) -> dict[str, Any]:
    return json.loads((out / "summary.json").read_text())


def test_every_row_is_accounted_for(summary: dict[str, Any]) -> None:
    assert all(one["holds"] for one in summary["accounting"]) and len(summary["accounting"]) == 14
    assert summary["sent"]["events_sent"] == summary["rows_accepted"] + summary["rows_rejected"]
    assert 0.9 * RATE * SECONDS <= summary["sent"]["events_sent"] <= RATE * SECONDS
    assert summary["rows_rejected"] > 0 and summary["merges"] >= 2
    assert summary["merge"]["inserted"] - summary["merge"]["deleted"] == summary["analytics_rows"]


def test_the_stages_add_up(out: Path, summary: dict[str, Any]) -> None:
    """The statements that the account kept, read by themselves, tell the same of COPY and MERGE."""
    latency = summary["latency_ms"]
    for times in latency.values():
        assert 0 < times["p50"] <= times["p95"] <= times["p99"] <= times["max"]
    # Each object's stages make up its whole, so that their medians cannot be far above it.
    whole = latency["landing_to_queryable"]
    assert max(latency[name]["max"] for name in ("transform", "gather", "copy")) <= whole["max"]
    lines = (out / "run" / "snowflake" / "statements.ndjson").read_text().splitlines()
    statements = [json.loads(line) for line in lines]
    merges = [one["ended_on"] - one["created_on"] for one in statements if one["kind"] == "merge"]
    assert len(merges) == summary["merges"]
    assert latency["merge"]["max"] == pytest.approx(max(merges) * 1000, abs=0.1)
    copied = [rows for one in statements for file, rows in one["loaded"].items() if "/final_" in file]
    assert len(copied) == summary["landing_objects"] and sum(copied) == summary["rows_accepted"]


def test_records_are_compressed_and_lines_counted_as_text(summary: dict[str, Any]) -> None:
    """zstd makes orders six to seven times smaller (docs/cost.md); Firehose landed them as they came."""
    assert 4 < summary["bytes_sent"] / summary["bytes_received"] < 9
    assert 300 < summary["bytes_sent"] / summary["sent"]["events_sent"] < 400
    assert summary["landing_bytes"] == summary["bytes_received"]
    assert summary["at_a_million"]["compress"] == "zstd"


def test_a_producer_that_compresses_has_a_stream_that_does_not() -> None:
    settings = Settings(1, 1, 8, 1, 0, 4, 2, 500, 60, "gzip", 1)
    assert settings.parameters["LandingCompression"] == "UNCOMPRESSED"
    assert replace(settings, compress="none").parameters["LandingCompression"] == "GZIP"


def test_the_producer_waits_for_staging_and_for_merges() -> None:
    settings = Settings(1000, 1, 8, 1, 0, 4, 2, 500, 60, "zstd", 1)
    assert not settings.holds(500e6, 180_000)
    assert settings.holds(500e6 + 1, 0)
    assert settings.holds(0, 180_001)


def test_a_million_events_take_less_of_firehose_if_producers_compress() -> None:
    plain, packed = (at_a_million(351, 6.0, form) for form in ("none", "zstd"))
    for name in ("firehose_mib_per_second", "objects_per_minute"):
        assert plain["needs"][name] > 4 * packed["needs"][name]
    assert plain["bytes_an_event"] == packed["bytes_an_event"] == 351
    assert plain["needs"]["merge_rows_per_run"] == packed["needs"]["merge_rows_per_run"]


def test_progress_tells_lines_and_their_text(tmp_path: Path) -> None:
    log = tmp_path / "generate.log"
    assert sent(log) == (0, 0)
    log.write_text("1200 lines, 1000 a second, 0.4 MB, 0 throttles\n")
    assert sent(log) == (1200, 400_000)
    with log.open("a") as file:
        file.write("2400 lines, 0.8 MB in 2.0 s, 1200 a second\n  1 inserts (0 late)\n")
    assert sent(log) == (2400, 800_000)


def test_the_series_end_where_the_run_does(summary: dict[str, Any]) -> None:
    series = summary["series"]
    length = len(series["at_s"])
    assert length >= SECONDS - 1
    for name in ("sent_per_s", "queryable_per_s", "firehose_mb", "objects_to_transform", "objects_to_load",
                 "rows_not_merged"):
        assert len(series[name]) == length
        assert min(series[name]) >= 0
    assert max(series["rows_not_merged"]) > 0
    assert [series[name][-1] for name in ("firehose_mb", "objects_to_transform", "objects_to_load",
                                          "rows_not_merged")] == [0, 0, 0, 0]
    cpu = summary["cpu"]
    assert set(cpu["seconds"]) == {"producer", "transform", "load", "publish", "AWS", "Snowflake"}
    assert all(seconds > 0 for seconds in cpu["seconds"].values())
    assert sum(cpu["aws_by_service"].values()) < cpu["seconds"]["AWS"] + 5
    assert sum(cpu["snowflake_by_statement"].values()) < cpu["seconds"]["Snowflake"] + 1
    assert min(cpu["peak_mib"].values()) > 1


def test_the_model_stands_next_to_a_run(summary: dict[str, Any]) -> None:
    (row,) = summary["model"]["compared"]
    assert row["rate"] == round(summary["rate_published"] * 0.3) and row["p50_ms"] > 0
    assert set(summary["model"]["alone"]) == {"transform", "load"}


def test_a_million_events_a_second_are_reckoned_from_what_was_measured(summary: dict[str, Any]) -> None:
    million, cpu = summary["at_a_million"], summary["cpu"]
    megabytes = summary["bytes_sent"] / 1e6
    assert million["transform_cpu_ms_per_mb"] == pytest.approx(cpu["seconds"]["transform"] * 1000 / megabytes, rel=0.1)
    assert million["needs"]["warehouse_busy"] <= 0.8
    assert sum(million["usd_per_month_by_stage"].values()) <= million["usd_per_month"]


def test_the_report_needs_nothing_but_itself(out: Path) -> None:
    text = (out / "report.html").read_text()
    page = Page()
    page.feed(text)
    assert page.fetched == [] and not re.search(r"https?:|url\(|@import", text) and not re.search(r"\$[a-z{]", text)
    for chart in ("Lines a second over time", "Seconds from landed to queryable over time", "Rows not merged over time",
                  "Processors at work over time", "Processor seconds by process", "Processor seconds by service"):
        assert chart in page.charts


def test_no_tables_stay_behind(out: Path) -> None:
    assert list(out.rglob("*.duckdb*")) == []


def test_the_report_of_a_run_that_did_not_hold_up_says_so(summary: dict[str, Any]) -> None:
    accounts = [one | {"holds": False} for one in summary["accounting"]]
    text = render(summary | {"limit": "load and COPY: 1,234 lines waited", "accounting": accounts})
    assert "Load and copy: 1,234 lines waited" in text and "0 of 14" in text


def object_record(key: str, at: str) -> Notification:
    route = Route("lake", "s3:ObjectCreated:*", "", "", "arn")
    return Notification(route, key, {"eventTime": at, "s3": {"object": {"versionId": "v", "eTag": "e"}}})


def statement(kind: str, began: float, ended: float, loaded: dict[str, int]) -> Ended:
    return Ended(kind, "", began, ended, 0.0, None, loaded, {})


def test_passages_are_put_together_from_all_sides() -> None:
    """The name of the outputs is that which the transform gives them (functions/lake)."""
    name = object_id("lake", "landing/a", "v")
    deliveries = [Delivery("landing/a", 1.0, 2.0, 3.0, 100, 10), Delivery("landing/b", 4.0, 5.0, 6.0, 100, 10)]
    notifications = [
        object_record("landing/a", "1970-01-01T00:00:03.000Z"),
        object_record(f"processed/final_{name}.parquet", "1970-01-01T00:00:03.500Z"),
    ]
    copies = [
        statement("copy", 4.0, 4.25, {f"s3://lake/processed/final_{name}.parquet": 7}),
        statement("copy", 4.5, 9.0, {f"s3://lake/ledger/ledger_{name}.json": 1}),
    ]
    following = Passages()
    assert following.follow(deliveries[:1], notifications[:1], []) == [Passage("landing/a", 100, 10, 1.0, 2.0, 3.0)]
    (loaded,) = following.follow(deliveries[:1], notifications, copies[:1])
    assert following.follow(deliveries, notifications, copies)[0] == loaded, "what comes later changes nothing"
    loaded, waiting = Passages().follow(deliveries, notifications, copies)
    assert loaded == Passage("landing/a", 100, 10, 1.0, 2.0, 3.0, 3.5, 4.0, 4.25, 7)
    assert waiting == Passage("landing/b", 100, 10, 4.0, 5.0, 6.0)
    assert by_stage([loaded, waiting], [])["landing_to_queryable"] == dict.fromkeys(("p50", "p95", "p99", "max"), 1250)
    assert over_time([loaded], [0, 2, 4]) == {"p50": [None, 1250], "p99": [None, 1250]}


def test_what_is_under_way_at_a_moment() -> None:
    found = [
        Passage("a", 100, 10, 0, 0, 1, 2, 3, 4, rows=10),
        Passage("b", 50, 10, 0, 0, 2, 3, 5, 6, rows=5),
        Passage("c", 25, 10, 0, 0, 7),
    ]
    flow = Flow(found, [Merged(5.0, 7.5)])
    backlog = flow.backlog([1.5, 2.5, 6.5, 8.0])
    assert backlog.to_transform == [1, 1, 0, 1]
    assert backlog.to_load == [0, 1, 0, 0]
    assert backlog.staged == [0, 0, 15, 5], "a merge takes what was queryable when it began"
    assert backlog.merged == [0, 0, 0, 10]
    assert [flow.bytes_waiting(at) for at in (2.5, 5.0, 7.0)] == [150, 50, 25]


def test_the_limit_is_where_most_waits() -> None:
    usual = dict.fromkeys(limit.NAMES, 100.0)
    even = dict.fromkeys(limit.NAMES, 50.0)
    assert limit.find(1000, 995, 0.0, even, usual, 0.5)[0]
    sustained, why = limit.find(1000, 600, 0.25, even | {"load": 900.0, "transform": 200.0}, usual, 0.99)
    assert not sustained and why.startswith("load and COPY: 900 lines") and "held 25% of the time" in why
    sustained, why = limit.find(1000, 600, 0.25, even | {"load": 60.0, "merge": 90.0}, usual, 0.99)
    assert not sustained and why.startswith("load and COPY: 60 lines"), "held, though nothing exceeds its usual"
    sustained, why = limit.find(1000, 600, 0.0, even, usual, 0.99)
    assert not sustained and why.startswith("the producer and the intake of Firehose")


def test_rows_that_are_missing_fail_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    sent = {"events_sent": 11, "duplicates_sent": 0, "bad_sent": 1, "bad_by_rule": {"json": 1}, "seed": 1}
    entry = Entry("id", "lake", "landing/a", 100, 10, 9, 1, {"json": 1})
    taken = Accounts("orders", sent, [entry], 1, 1, {"s3://lake/landing/a": 9}, 3, 9,
                     {"inserted": 9, "updated": 0, "deleted": 0}, 9, 9, 9, 0)
    outcome = Outcome.__new__(Outcome)
    object.__setattr__(outcome, "accounts", taken)
    object.__setattr__(outcome, "checks_failed", None)
    assert command.judge(outcome) == 1
    assert "the accounts do not add up: sent = read" in capsys.readouterr().err
    object.__setattr__(outcome, "accounts", replace(taken, sent=sent | {"events_sent": 10}))
    assert command.judge(outcome) == 0
    object.__setattr__(outcome, "checks_failed", "freshness is 16, must be <= 15")
    assert command.judge(outcome) == 1
    assert "a check failed: freshness is 16" in capsys.readouterr().err
