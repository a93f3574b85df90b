"""From a producer to analytics in two rounds: every row accounted for, every value as the oracle has it."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from local.tests import oracle
from local.tests.expected import comparable, hourly_rows, live, newest, without_stamps
from local.tests.lake import Lake, read_lake, three_changes
from local.tests.pipeline import Pipeline, Row, deployed

EVENTS = 4000
NO_REVENUE = ("cancelled", "returned")


@dataclass
class Run:
    """What was sent, and the warehouse at four moments."""

    pipeline: Pipeline
    sent: list[bytes]
    summaries: list[Row]
    first: Lake
    lake: Lake
    live_before: list[Row]
    live_waiting: list[Row]
    merges: list[Row]
    processed: list[list[Row]]
    salt: bytes


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with deployed(tmp_path_factory.mktemp("stack")) as pipeline:
        yield two_rounds(pipeline, tmp_path_factory.mktemp("generated"))


def two_rounds(pipeline: Pipeline, folder: Path) -> Run:
    start = datetime.now(UTC) - timedelta(hours=24)
    sent, summaries = [], []

    def generate(seed: int, since: datetime) -> None:
        lines, summary = pipeline.generate(
            folder, "--count", str(EVENTS), "--rate", str(EVENTS // 2), "--seed", str(seed), "--bad", "0.02",
            "--duplicates", "0.03", "--start", f"{since:%Y-%m-%dT%H:%M:%SZ}", "--span", "12h",
        )
        sent.extend(lines.splitlines(keepends=True))
        summaries.append(summary)

    generate(1, start)
    pipeline.settle()
    first = read_lake(pipeline)
    live_before = pipeline.rows("analytics.orders_live")
    merges, processed = [], []

    def merge() -> None:
        pipeline.publish("audit")
        merges.append(pipeline.publish("merge"))
        processed.append(pipeline.rows("analytics.processed_orders"))

    merge()
    generate(2, start + timedelta(hours=12))
    late = changes_of(first)
    pipeline.send(late[: len(late) // 2])
    pipeline.settle()
    pipeline.send(late[len(late) // 2 :])
    pipeline.settle()
    sent.extend(late)
    live_waiting = pipeline.rows("analytics.orders_live")
    merge()
    lake = read_lake(pipeline)
    return Run(pipeline, sent, summaries, first, lake, live_before, live_waiting, merges, processed, pipeline.salt)


def changes_of(lake: Lake) -> list[bytes]:
    """Changes, in no order, of orders that the first merge has seen, alive or deleted."""
    choice = random.Random(3)
    lines = []
    for place, event in enumerate(newest(lake.events).values()):
        if event.record.op != "D" and place % 10:
            continue
        lines += three_changes(event.record, choice)
    choice.shuffle(lines)
    return lines


def test_the_rounds_hold_what_they_are_to_try(run: Run) -> None:
    assert len(run.lake.accepted) >= 6, "several landing objects"
    for kind in ("duplicates_sent", "late", "updates", "deletes", "bad_sent"):
        assert all(summary[kind] > 0 for summary in run.summaries), kind
    deleted = {event.record.order_id for event in newest(run.first.events).values() if event.record.op == "D"}
    alive = {event.record.order_id for event in live(run.lake.events)}
    assert deleted & alive and deleted - alive, "some deleted orders come back, some stay away"
    assert run.merges[0]["inserted"] and all(run.merges[1][name] for name in ("inserted", "updated", "deleted"))


def test_every_line_sent_lands_once(run: Run) -> None:
    assert run.lake.lines == Counter(run.sent)


def test_every_row_read_is_accepted_or_rejected(run: Run) -> None:
    ledger = run.pipeline.ledger()
    assert ledger.keys() == run.lake.accepted.keys()
    for key, entry in ledger.items():
        accepted, rejects = run.lake.accepted[key], run.lake.rejects[key]
        assert entry["rows_read"] == entry["rows_accepted"] + entry["rows_rejected"]
        assert entry["rows_accepted"] == len(accepted)
        assert entry["rejected_by_rule"] == Counter(reject.rule for _, reject in rejects)
    assert sum(entry["rows_read"] for entry in ledger.values()) == len(run.sent)


def test_rejects_are_those_the_generator_made(run: Run) -> None:
    rules = Counter(reject.rule for rejects in run.lake.rejects.values() for _, reject in rejects)
    made: Counter[str] = Counter()
    for summary in run.summaries:
        made.update(summary["bad_by_rule"])
    assert rules == made
    assert rules.total() == sum(summary["bad_sent"] for summary in run.summaries)


def test_every_reject_is_in_quarantine_with_its_line(run: Run) -> None:
    for key, entry in run.pipeline.ledger().items():
        quarantined = run.pipeline.quarantine(entry)
        expected = [(line, reject.rule, reject.column) for line, reject in run.lake.rejects[key]]
        assert [(one["line"], one["rule"], one["column"]) for one in quarantined] == expected
        lines = gzip.decompress(run.pipeline.read(key)).split(b"\n")
        readable = [one for one in quarantined if "record" in one]
        assert all(one["record"].encode() == lines[one["line"] - 1] and one["message"] for one in readable)


def test_staging_holds_every_accepted_row(run: Run) -> None:
    staged = run.pipeline.rows("staging.orders")
    assert without_stamps(staged) == comparable([event.processed_row(run.salt) for event in run.lake.events])
    by_object = Counter(row["_source_object"] for row in staged)
    ledger = run.pipeline.rows("ops.ledger")
    assert {f"s3://{row['bucket']}/{row['key']}": row["rows_accepted"] for row in ledger} == by_object


def test_the_aggregate_holds_the_inserts_of_every_object(run: Run) -> None:
    expected = [row for events in run.lake.accepted.values() for row in hourly_rows(events)]
    assert without_stamps(run.pipeline.rows("staging.orders_hourly")) == comparable(expected)


@pytest.mark.parametrize("merge", [0, 1])
def test_analytics_holds_each_live_order_once(run: Run, merge: int) -> None:
    events = (run.first, run.lake)[merge].events
    expected = comparable([event.processed_row(run.salt) for event in live(events)])
    assert without_stamps(run.processed[merge]) == expected
    assert len({row["order_id"] for row in run.processed[merge]}) == len(expected)


def test_the_live_view_is_ahead_of_the_merge(run: Run) -> None:
    for rows, lake in ((run.live_before, run.first), (run.live_waiting, run.lake)):
        assert without_stamps(rows) == comparable([event.processed_row(run.salt) for event in live(lake.events)])
    assert all(row["_merged_at"] is None for row in run.live_before)
    assert any(row["_merged_at"] is None for row in run.live_waiting)
    assert comparable(run.pipeline.rows("analytics.orders_live")) == comparable(run.processed[1])


def test_revenue_by_hour(run: Run) -> None:
    hours: dict[Any, list[Decimal]] = {}
    for event in live(run.lake.events):
        hours.setdefault((event.record.order_hour, event.record.currency), []).append(revenue(event.record))
    expected = {(hour.replace(tzinfo=None), currency): (len(one), sum(one)) for (hour, currency), one in hours.items()}
    rows = run.pipeline.rows("analytics.order_hourly")
    assert len(rows) == len(expected)
    assert {(row["order_hour"], row["currency"]): (row["order_count"], row["revenue"]) for row in rows} == expected


def test_segments_of_customers(run: Run) -> None:
    customers: dict[Any, list[oracle.Order]] = {}
    for event in live(run.lake.events):
        customers.setdefault((event.record.customer_id, event.record.currency), []).append(event.record)
    expected = {}
    for key, orders in customers.items():
        value = sum(map(revenue, orders), Decimal(0))
        segment = "High" if value > 1000 else "Medium" if value > 500 else "Low"
        last = max(order.order_timestamp for order in orders).replace(tzinfo=None)
        expected[key] = (len(orders), value, last, segment)
    rows = run.pipeline.rows("analytics.customer_segments")
    assert len(rows) == len(expected)
    names = ("order_count", "lifetime_value", "last_order_at", "segment")
    assert {(row["customer_id"], row["currency"]): tuple(row[name] for name in names) for row in rows} == expected
    assert {row["segment"] for row in rows} == {"High", "Medium", "Low"}


def revenue(order: oracle.Order) -> Decimal:
    return Decimal(0) if order.order_status in NO_REVENUE else order.order_amount


def test_the_checks_pass(run: Run) -> None:
    checks = {check["check_id"]: check for check in run.pipeline.publish("check", "run-7")["checks"]}
    assert checks["order_id_duplicates"]["passed"] and checks["orders_row_count"]["value"] == len(run.processed[1])
    stored = [row for row in run.pipeline.rows("ops.check_results") if row["run_id"] == "run-7"]
    assert {row["check_id"]: row["passed"] for row in stored} == {name: one["passed"] for name, one in checks.items()}
