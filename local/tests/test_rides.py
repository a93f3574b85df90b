"""The contract of rides from a producer to analytics: objects inside records, times that count
milliseconds, a key of two columns. Every row accounted for, every value as the oracle has it."""

from __future__ import annotations

import gzip
import io
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.tests.expected import Landed, comparable, live, newest, without_stamps
from local.tests.lake import Lake, read_lake
from local.tests.pipeline import Pipeline, Row, deployed
from local.tests.rides_by_hand import BAD, ODD_BUT_GOOD
from local.tests.rides_oracle import COLUMNS, DERIVED, EARLIEST, RESTRICTED, hourly_rows, validate
from local.tests.state import state

EVENTS = 3_000
HOURS_LATER = (-2, -1, 0, 0, 1, 2)

@dataclass
class Run:
    """What was sent, and the warehouse after each of two merges."""

    pipeline: Pipeline
    summary: Row
    first: Lake
    lake: Lake
    live_waiting: list[Row]
    processed: list[list[Row]]
    salt: bytes


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with deployed(tmp_path_factory.mktemp("stack"), dataset="rides") as pipeline:
        yield two_rounds(pipeline, tmp_path_factory.mktemp("generated"))


def two_rounds(pipeline: Pipeline, folder: Path) -> Run:
    start = datetime.now(UTC) - timedelta(minutes=50)
    _, summary = pipeline.generate(
        folder, "--count", str(EVENTS), "--rate", str(EVENTS // 2), "--seed", "1", "--bad", "0.05",
        "--duplicates", "0.03", "--start", f"{start:%Y-%m-%dT%H:%M:%SZ}", "--span", "45m",
    )
    hostile = b"\n \r\n".join([*ODD_BUT_GOOD, *(raw for raw, _, _ in BAD)])
    pipeline.land("hostile", gzip.compress(hostile))
    pipeline.settle()
    first = read_lake(pipeline, validate)
    processed = []

    def merge() -> None:
        pipeline.publish("audit")
        pipeline.publish("merge")
        processed.append(pipeline.rows("analytics.processed_rides"))

    merge()
    changes = changes_of(first)
    for at in range(2):
        pipeline.send([b"".join(changes[at::2])])
        pipeline.settle()
    live_waiting = pipeline.rows("analytics.rides_live")
    merge()
    lake = read_lake(pipeline, validate)
    return Run(pipeline, summary, first, lake, live_waiting, processed, pipeline.salt)


def changes_of(lake: Lake) -> list[bytes]:
    """Newer, older and equally old states of rides, some of them twice, and rides of another city
    with the same number, in no order."""
    choice = random.Random(3)
    lines = []
    rides = [event for event in newest(lake.events).values() if event.record.changed_at > EARLIEST + timedelta(days=1)]
    for event in rides[:400]:
        for hours in choice.sample(HOURS_LATER, 3):
            lines.append(changed(event, hours, choice.randrange(100_000)))
        lines.append(lines[-1])
        other = choice.choice(sorted({"berlin", "hamburg"} - {event.record.values["city"]}))
        lines.append(changed(event, 0, choice.randrange(100_000), city=other))
    choice.shuffle(lines)
    return lines


def changed(event: Landed, hours_later: int, tenths: int, **changes: Any) -> bytes:
    """Another state of a ride; with no time between the two, where it landed decides."""
    values = event.record.values
    later = timedelta(minutes=10 * hours_later)
    micros = (values["updated_at"] + later - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    record = {field: values[column] for column, (field, _, _) in COLUMNS.items()} | {
        "updatedAt": micros / 1000,
        "fare": tenths / 10,
        "bookedFor": None,
    } | changes
    return json.dumps(record, default=float).encode() + b"\n"


def test_the_rounds_hold_what_they_are_to_try(run: Run) -> None:
    assert len(run.lake.accepted) >= 4, "several landing objects"
    assert all(run.summary[kind] > 0 for kind in ("duplicates_sent", "late", "updates", "bad_sent"))
    before, after = newest(run.first.events), newest(run.lake.events)
    kept = sum(after[key] == event for key, event in before.items())
    assert 0 < kept < len(before) < len(after), "some rides change, some do not, some are new"
    times = Counter((event.record.key, event.record.changed_at) for event in run.lake.events)
    assert times.most_common(1)[0][1] > 2, "versions that are equally old"


def test_every_row_read_is_accepted_or_rejected(run: Run) -> None:
    ledger = run.pipeline.ledger()
    assert ledger.keys() == run.lake.accepted.keys()
    for key, entry in ledger.items():
        assert entry["rows_read"] == entry["rows_accepted"] + entry["rows_rejected"]
        assert entry["rows_accepted"] == len(run.lake.accepted[key])
        assert entry["rejected_by_rule"] == Counter(reject.rule for _, reject in run.lake.rejects[key])


def test_rejects_are_those_that_were_made(run: Run) -> None:
    rules = Counter(reject.rule for rejects in run.lake.rejects.values() for _, reject in rejects)
    assert rules == Counter(run.summary["bad_by_rule"]) + Counter(rule for _, rule, _ in BAD)
    made = {"required", "type", "precision", "minimum", "maximum", "multiple_of", "not_later_than_arrival",
            "max_length", "pattern", "format", "one_of", "json"}
    assert run.summary["bad_by_rule"].keys() == made


def test_every_reject_is_in_quarantine_with_its_line_and_path(run: Run) -> None:
    columns = set()
    for key, entry in run.pipeline.ledger().items():
        quarantined = run.pipeline.quarantine(entry)
        expected = [(number, reject.rule, reject.column) for number, reject in run.lake.rejects[key]]
        assert [(one["line"], one["rule"], one["column"]) for one in quarantined] == expected
        columns |= {one["column"] for one in quarantined}
        lines = gzip.decompress(run.pipeline.read(key)).split(b"\n")
        readable = [one for one in quarantined if "record" in one]
        assert all(one["record"].encode() == lines[one["line"] - 1].rstrip(b"\r") for one in readable)
        assert all(one["message"] for one in quarantined)
    assert {"pickup.lat", "pickup.lon", "pickup.zone", "dropoff", "dropoff.zone", "rider_phone"} <= columns


@pytest.mark.parametrize("zone", ["processing", "processed", "rides_hourly"])
def test_parquet_holds_what_the_oracle_reads(run: Run, zone: str) -> None:
    for key, entry in run.pipeline.ledger().items():
        events = run.lake.accepted[key]
        expected = {
            "processing": [event.processing_row() for event in events],
            "processed": [event.processed_row(run.salt) for event in events],
            "rides_hourly": hourly_rows(events),
        }[zone]
        table = parquet(run.pipeline, entry, zone)
        assert table.column_names == list(expected[0])
        assert comparable(table.to_pylist()) == comparable(expected)


def parquet(pipeline: Pipeline, entry: Row, zone: str) -> pa.Table:
    """The one file of a zone, or of an aggregate, that a landing object became."""
    names = {"processing": "/processed_", "processed": "/final_"}
    (key,) = [one["key"] for one in entry["outputs"] if names.get(zone, f"/{zone}_") in one["key"]]
    return pq.read_table(io.BytesIO(pipeline.read(key)))


def test_types_are_exact(run: Run) -> None:
    entry = next(iter(run.pipeline.ledger().values()))
    schema = parquet(run.pipeline, entry, "processed").schema
    micros = pa.timestamp("us", tz="UTC")
    expected = {
        "city": pa.string(), "ride_number": pa.int64(), "updated_at": micros, "pickup": pa.string(),
        "dropoff": pa.string(), "tags": pa.string(), "distance_km": pa.decimal128(8, 3),
        "fare": pa.decimal128(10, 2), "tip": pa.decimal128(10, 2), "booked_for": pa.time64("us"),
        "rating": pa.int64(), "ride_date": pa.date32(), "ride_hour": micros, "pickup_zone": pa.string(),
    }
    assert {name: schema.field(name).type for name in expected} == expected
    assert {field.name for field in schema if not field.nullable} >= {
        "city", "ride_number", "updated_at", "pickup", "fare", "ride_date",
    }
    assert not set(RESTRICTED) & set(schema.names) and set(DERIVED) <= set(schema.names)
    assert "_extra" not in schema.names, "unknown fields are left out"
    assert parquet(run.pipeline, entry, "rides_hourly").schema.field("total_fare").type == pa.decimal128(38, 2)


def test_staging_holds_every_accepted_row(run: Run) -> None:
    staged = run.pipeline.rows("staging.rides")
    assert without_stamps(staged) == comparable([event.processed_row(run.salt) for event in run.lake.events])
    hourly = [row for events in run.lake.accepted.values() for row in hourly_rows(events)]
    assert without_stamps(run.pipeline.rows("staging.rides_hourly")) == comparable(hourly)


@pytest.mark.parametrize("merge", [0, 1])
def test_analytics_holds_each_ride_once_in_its_newest_state(run: Run, merge: int) -> None:
    events = (run.first, run.lake)[merge].events
    expected = comparable([event.processed_row(run.salt) for event in live(events)])
    assert without_stamps(run.processed[merge]) == expected
    assert len({(row["city"], row["ride_number"]) for row in run.processed[merge]}) == len(expected)


def test_the_live_view_is_ahead_of_the_merge(run: Run) -> None:
    expected = comparable([event.processed_row(run.salt) for event in live(run.lake.events)])
    assert without_stamps(run.live_waiting) == expected
    assert any(row["_merged_at"] is None for row in run.live_waiting)
    assert comparable(run.pipeline.rows("analytics.rides_live")) == comparable(run.processed[1])


def test_what_is_inside_an_object_can_be_asked_for(run: Run) -> None:
    rows = run.pipeline.snowflake.query(
        "select city, ride_number, pickup:lat::number(9,6), pickup:zone::varchar, dropoff:zone::varchar"
        " from snowline.analytics.processed_rides"
    )
    expected = set()
    for event in live(run.lake.events):
        ride = event.record.values
        zone = (ride["dropoff"] or {}).get("zone")
        expected.add((*event.record.key, ride["pickup"]["lat"], ride["pickup"]["zone"], zone))
    assert {(city, int(number), lat, zone, other) for city, number, lat, zone, other in rows} == expected


def test_the_checks_measure_what_the_oracle_counts(run: Run) -> None:
    checks = {check["check_id"]: check for check in run.pipeline.publish("check", "run-7")["checks"]}
    rides = [event.record.values for event in live(run.lake.events)]
    open_ended = sum(ride["status"] == "completed" and ride["dropoff"] is None for ride in rides)
    assert checks["rides_row_count"]["value"] == len(rides) and checks["rides_row_count"]["passed"]
    assert checks["completed_without_dropoff"]["value"] == open_ended > 0
    assert not checks["completed_without_dropoff"]["passed"], "a warning, which fails no task"
    stored = [row for row in run.pipeline.rows("ops.check_results") if row["run_id"] == "run-7"]
    assert {row["check_id"]: row["passed"] for row in stored} == {name: one["passed"] for name, one in checks.items()}


def test_redelivery_changes_nothing(run: Run) -> None:
    before = state(run.pipeline)
    for zone in ("landing/", "processed/", "ledger/"):
        assert run.pipeline.stack.events.redeliver(zone, times=2, shuffle=random.Random(1)) > 0
    run.pipeline.settle()
    assert state(run.pipeline) == before
    run.pipeline.publish("merge")
    assert without_stamps(run.pipeline.rows("analytics.processed_rides")) == without_stamps(run.processed[1])
