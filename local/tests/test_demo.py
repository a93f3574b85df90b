"""The demo as a newcomer starts it, with few events."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from local.dataset import read
from local.demo import command
from local.demo.accounts import Accounts, Entry
from local.demo.orders import OrderSamples
from local.demo.run import Outcome
from local.demo.sql_api import Table
from local.stack import ROOT
from local.tests import oracle, oracle_values, rides_oracle
from local.tests.leaks import assert_not_logged

EVENTS = 5_000
RIDES = 6_000


def start(out: Path, events: int, dataset: str = "orders") -> subprocess.Popen[str]:
    arguments = ["-m", "local.demo", "--dataset", dataset, "--events", str(events), "--out", str(out)]
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "out"
    printed = printed_by(start(out, EVENTS))
    assert "lines the producer sent" in printed and "order_hour" in printed
    return out


def printed_by(process: subprocess.Popen[str]) -> str:
    """What a demo that succeeds prints."""
    printed, errors = process.communicate(timeout=180)
    assert process.returncode == 0, printed + errors
    return printed


@pytest.fixture(scope="module")
def summary(out: Path) -> dict[str, Any]:
    return json.loads((out / "summary.json").read_text())


def test_nothing_that_it_leaves_holds_a_token_or_a_private_key(out: Path) -> None:
    assert any((out / "run" / "logs").rglob("*.log"))
    assert_not_logged({b"PRIVATE KEY": "a private key"}, out)


def test_the_summary_agrees_with_a_replay_of_what_was_sent(out: Path, summary: dict[str, Any]) -> None:
    replay = oracle.replay((out / "run" / "sent.ndjson").read_bytes())
    assert summary["events_sent"] == summary["rows_read"] == replay.rows_read == EVENTS
    assert summary["rows_accepted"] == summary["rows_loaded"] == len(replay.accepted)
    assert summary["rows_rejected"] == summary["bad_sent"] == len(replay.rejects) > 0
    assert summary["rejected_by_rule"] == replay.rejected_by_rule
    assert summary["analytics_rows"] == len(replay.live)
    merge = summary["merge"]
    assert merge["inserted"] - merge["deleted"] == len(replay.live)


def test_the_summary_is_complete(summary: dict[str, Any]) -> None:
    assert summary["landing_objects"] > 1
    # A landing object yields its rows, its aggregate and its ledger entry.
    assert summary["files_loaded"] == 3 * summary["landing_objects"]
    assert summary["duplicates_sent"] > 0
    assert all(check["passed"] for check in summary["checks"]) and len(summary["checks"]) >= 5
    assert list(summary["checks"][0]) == ["check_id", "severity", "passed", "value", "threshold"]
    assert {"send", "flow", "audit", "merge", "check"} <= summary["seconds_by_stage"].keys()
    latency = summary["landing_to_queryable_ms"]
    assert 0 < latency["p50"] <= latency["p99"]


class Page(HTMLParser):
    """Collects what a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.charts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("link", "script", "img", "iframe", "use", "image"):
            self.fetched.append(tag)
        self.fetched += [name for name in given if name in ("src", "href", "xlink:href", "srcset")]
        if tag == "svg":
            self.charts.append(given["aria-label"] or "")


def test_the_report_needs_nothing_but_itself(out: Path) -> None:
    text = (out / "report.html").read_text()
    page = Page()
    page.feed(text)
    assert page.fetched == []
    assert not re.search(r"https?:|url\(|@import", text)
    assert "$" not in text
    for chart in ("Orders by hour", "Revenue by hour and currency", "Orders by product category",
                  "Customers by segment", "Rejected rows by rule", "When each stage and each invocation ran"):
        assert chart in page.charts


def test_a_missing_row_fails_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                                     capsys: pytest.CaptureFixture[str]) -> None:
    sent = {"events_sent": 11, "duplicates_sent": 0, "bad_sent": 1, "bad_by_rule": {"json": 1}, "seed": 1}
    entry = Entry("id", "lake", "landing/a", 100, 10, 9, 1, {"json": 1})
    taken = Accounts("orders", sent, [entry], 1, 1, {"s3://lake/landing/a": 9}, 3, 9,
                     {"inserted": 9, "updated": 0, "deleted": 0}, 9, 9, 9, 0)
    nothing = OrderSamples(*[Table([], [])] * 3)
    outcome = Outcome(0.0, {"send": (0.0, 1.0)}, taken, {}, [], [], [], {}, [], nothing)
    monkeypatch.setattr(command, "_run", lambda *_: outcome)
    assert command.demo(command.Console(), 0.0, read("orders"), 11, 1, tmp_path) == 1
    error = "the accounts do not add up: sent = read: lines the producer sent 11, rows read 10"
    assert error in capsys.readouterr().err


def test_rides_take_the_same_way(tmp_path: Path) -> None:
    out = tmp_path / "out"
    printed = printed_by(start(out, RIDES, "rides"))
    assert "deletes" not in printed and "live rides" in printed and "rides_hourly" in printed
    summary = json.loads((out / "summary.json").read_text())
    now = datetime.now(UTC)
    lines = oracle_values.lines_of((out / "run" / "sent.ndjson").read_bytes())
    verdicts = [rides_oracle.validate(line, now) for _, line in lines]
    rides = [verdict for verdict in verdicts if isinstance(verdict, rides_oracle.Ride)]
    assert summary["rows_read"] == len(verdicts) == RIDES
    assert summary["rows_accepted"] == len(rides) < RIDES
    rejected = Counter(verdict.rule for verdict in verdicts if isinstance(verdict, oracle_values.Reject))
    assert summary["rejected_by_rule"] == rejected == Counter(summary["sent"]["bad_by_rule"])
    assert summary["analytics_rows"] == summary["merge"]["inserted"] == len({ride.key for ride in rides})
    assert summary["merge"]["deleted"] == 0
    failed = {check["check_id"] for check in summary["checks"] if not check["passed"]}
    assert failed == {"completed_without_dropoff"}
    page = Page()
    page.feed((out / "report.html").read_text())
    assert page.fetched == [] and "Orders by hour" not in page.charts


def test_an_unknown_dataset_is_refused_at_once(tmp_path: Path) -> None:
    process = start(tmp_path / "out", 1, "trips")
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 2 and "there is no contracts/trips.odcs.yaml; there is orders, rides" in errors
    made = subprocess.run(["make", "demo", "DATASET=trips"], cwd=ROOT, capture_output=True, text=True, timeout=30,
                          check=False)
    assert made.returncode and "there is no contracts/trips.odcs.yaml" in made.stderr and "cargo" not in made.stdout


def test_an_interrupt_stops_everything(tmp_path: Path) -> None:
    process = start(tmp_path / "out", 2_000_000)
    assert process.stdout is not None
    printed = ""
    while "rows copied" not in printed:
        line = process.stdout.readline()
        assert line, printed
        printed += line
    endpoint = re.findall(r"AWS at (\S+),", printed)[0]
    assert len(children(endpoint)) > 1
    process.send_signal(signal.SIGINT)
    try:
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130 and "interrupted" in errors, errors
    assert children(endpoint) == []


def children(endpoint: str) -> list[Path]:
    """The processes that were told of this stack: the producer and the functions' instances."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"AWS_ENDPOINT_URL={endpoint}\0".encode() in (process / "environ").read_bytes():
                found.append(process)
        except OSError:
            # It ended meanwhile, or is not ours.
            continue
    return found
