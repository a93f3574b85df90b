"""A dataset of objects and arrays, from its Parquet to its checks: the rides, against a model in Python.

The statements are the golden files, which are what the functions send.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.snowflake import SnowflakeServer, scanner
from local.snowflake.bindings import Binding
from local.snowflake.results import Result
from local.stack import ROOT
from local.tests.pipeline import new_key, public_pem

GOLDEN = ROOT / "functions/statements/tests/golden/rides"
BUCKET = "example-lake"
"""The bucket that the golden files name."""
KEY_BODY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"
SETUP = [
    "warehouse", "database", "roles", "service_user", "service_user_key", "service_user_identity",
    "storage_integration", "file_formats", "stage", "staging_tables", "stream", "analytics_table", "ops_tables",
    "added_columns",
]
NOW = datetime.now(UTC).replace(tzinfo=None)
CONTRACT_YEARS, CONTRACT_LATENCY_MINUTES, CONTRACT_FRESHNESS_MINUTES = 3, 120, 30

PICKUPS = [
    '{"lat": 53.5503, "lon": 9.9920, "zone": "HH-ALT"}',
    '{"zone": "HH-NORD", "lat": -0.50, "lon": 1e1, "more": {"deep": [1, {"x": null}], "": "é \\u00fc \\" \\\\"}}',
    '{"zone": "HH-OLD", "lat": 1, "lon": 2, "zone": "HH-NEW", "more": {"n": 1, "n": {"m": [], "m": 2}}}',
    '{"lat": 1, "lon": 2, "zone": "HH-1", "note": "\\ud800"}',
    '{"lat": 1, "lon": 2, "zone": "HH-1", "big": 12345678901234567890}',
]
"""Valid objects; of the one before the last, Snowflake may not take the half of a surrogate pair."""
DROPOFFS = [None, *PICKUPS]
TAGS = [None, "[]", '["airport", "child_seat"]', '[{"k": 1, "k": [true, null]}, 0.10, "\\ud83d\\ude00"]', '["\\udc00"]']


@dataclass(frozen=True)
class Ride:
    """A row of staging, as the transform writes it."""

    city: str
    ride_number: int
    updated_at: datetime
    status: str
    vehicle: str
    rider_id: str
    pickup: str
    dropoff: str | None
    distance_km: Decimal | None
    fare: Decimal
    tip: Decimal | None
    currency: str
    booked_for: time | None
    rating: int | None
    tags: str | None
    ride_date: date
    ride_hour: datetime
    pickup_zone: str
    dropoff_zone: str | None
    distance_band: str | None
    rider_phone_hash: str | None
    _source_object: str
    _source_line: int
    _landed_at: datetime
    _contract_version: str
    _source_region: str

    @property
    def key(self) -> tuple[str, int]:
        return self.city, self.ride_number

    @property
    def version(self) -> tuple[datetime, datetime, str, int]:
        """What decides which of two rows of a key is the newer one."""
        return self.updated_at, self._landed_at, self._source_object, self._source_line

    def merged(self) -> dict[str, Any]:
        """The row as readers see it."""
        return asdict(self) | {name: json_value(getattr(self, name)) for name in ("pickup", "dropoff", "tags")}


COLUMNS = [field.name for field in fields(Ride)]
MOMENT = pa.timestamp("us", "UTC")
TYPES = {
    "ride_number": pa.int64(), "updated_at": MOMENT, "distance_km": pa.decimal128(8, 3), "fare": pa.decimal128(10, 2),
    "tip": pa.decimal128(10, 2), "booked_for": pa.time64("us"), "rating": pa.int64(), "ride_date": pa.date32(),
    "ride_hour": MOMENT, "_source_line": pa.int64(), "_landed_at": MOMENT,
}
SCHEMA = pa.schema([(name, TYPES.get(name, pa.string())) for name in COLUMNS])


def json_value(text: str | None) -> Any:
    """The value of JSON text; of a repeated name the last, and the text itself where it is no Unicode."""
    if text is None:
        return None
    value = json.loads(text, parse_float=Decimal)
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return text
    return value


def ride(choice: random.Random, age: timedelta, line: int, landed: str) -> Ride:
    """A ride of one of a few keys, so that versions collide."""
    updated_at = NOW - age
    dropoff = choice.choice(DROPOFFS)
    return Ride(
        choice.choice(["hamburg", "köln"]), choice.choice([1, 2, 3]), updated_at,
        choice.choice(["booked", "completed"]), "bike", f"rider-{line}", choice.choice(PICKUPS), dropoff,
        choice.choice([None, Decimal("7.213")]), Decimal("18.45"), choice.choice([None, Decimal("2.00")]), "EUR",
        choice.choice([None, time(7, 45), time(23, 59, 59, 999_999)]), choice.choice([None, 5]), choice.choice(TAGS),
        updated_at.date(), updated_at.replace(minute=0, second=0, microsecond=0), "HH-1", None, None,
        choice.choice([None, "a" * 64]), f"s3://{BUCKET}/landing/{landed}", line, NOW, "1.0.0",
        "us-east-1",
    )


class Warehouse:
    """The tables as an administrator sets them up, and the statements as the functions send them."""

    def __init__(self, server: SnowflakeServer, s3: Any, public_key: str) -> None:
        self.server = server
        self.s3 = s3
        self.public_key = public_key

    def script(self, name: str) -> str:
        return (GOLDEN / f"{name}.sql").read_text().replace(KEY_BODY, self.public_key)

    def install(self) -> None:
        assert {path.stem for path in (GOLDEN / "setup").glob("*.sql")} == set(SETUP)
        for name in SETUP:
            self.server.run_script(self.script(f"setup/{name}"))
        people = "use role useradmin; create user if not exists reader; grant role snowline_reader to user reader;"
        self.server.run_script(people)
        for folder in ("views", "grants"):
            for path in sorted((GOLDEN / folder).glob("*.sql")):
                self.server.run_script(self.script("session") + self.script(f"{folder}/{path.stem}"))

    def run(self, role: str, text: str, *values: str) -> Result:
        context = self.server.engine.context("READER" if role == "SNOWLINE_READER" else "SNOWLINE", None)
        context.assume(role)
        context.warehouse, context.database, context.timezone = "SNOWLINE_WH", "SNOWLINE", "UTC"
        session = self.server.engine.session(context)
        try:
            return session.run(text.rstrip().rstrip(";"), [Binding("TEXT", value) for value in values])
        finally:
            session.close()

    def load(self, name: str, rides: list[Ride]) -> None:
        """COPY of a Parquet file of these rows."""
        columns = {column: [getattr(one, column) for one in rides] for column in COLUMNS}
        body = io.BytesIO()
        pq.write_table(pa.table(columns, SCHEMA), body, compression="zstd")
        key = f"processed/{name}.parquet"
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body.getvalue())
        before, _, after = self.script("staging/copy_rows").partition("files = (")
        copy = f"{before}files = ('{key}'{after[after.index(chr(10) + ')'):]}"
        ((_, status, *_),) = self.run("SNOWLINE_LOAD", copy).python_rows()
        assert status == "LOADED"

    def publish(self, name: str, *values: str) -> list[dict[str, Any]]:
        """Sends a statement of the function publish; the rows of the answer."""
        result = self.run("SNOWLINE_PUBLISH", self.script(name), *values)
        names = [column.name.lower() for column in result.columns]
        return [dict(zip(names, row, strict=True)) for row in result.python_rows()]

    def read(self, relation: str) -> list[dict[str, Any]]:
        """The rows of a relation of analytics as readers see them."""
        query = f"select {', '.join(COLUMNS)} from analytics.{relation} order by city, ride_number"
        found = []
        for values in self.run("SNOWLINE_READER", query).python_rows():
            row = dict(zip(COLUMNS, values, strict=True))
            for name in ("pickup", "dropoff", "tags"):
                row[name] = None if row[name] is None else json.loads(row[name], parse_float=Decimal)
            found.append(row)
        return found


@pytest.fixture
def warehouse(lake: str) -> Iterator[Warehouse]:
    s3 = boto3.client(
        "s3", endpoint_url=lake, region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="local",
    )
    s3.create_bucket(Bucket=BUCKET)
    pem = public_pem(new_key())
    with SnowflakeServer(lake) as server:
        warehouse = Warehouse(server, s3, "".join(pem.splitlines()[1:-1]))
        for _ in range(2):
            warehouse.install()
        yield warehouse


def newest(rides: list[Ride]) -> list[dict[str, Any]]:
    """What the merge must leave: the newest version of each key, in the order of keys."""
    found: dict[tuple[str, int], Ride] = {}
    for one in rides:
        if one.key not in found or one.version >= found[one.key].version:
            found[one.key] = one
    return [found[key].merged() for key in sorted(found)]


@pytest.mark.parametrize("seed", range(3))
def test_variants_reach_analytics_and_the_live_view_as_the_model_says(warehouse: Warehouse, seed: int) -> None:
    choice = random.Random(seed)
    arrived: list[Ride] = []
    for load in range(4):
        ages = [timedelta(minutes=choice.choice([1, 2, 3]), seconds=choice.randrange(2)) for _ in range(8)]
        rides = [ride(choice, age, line, f"{load % 2}") for line, age in enumerate(ages, 1)]
        assert len({one.version for one in rides}) == len(rides)
        warehouse.load(f"{load}", rides)
        arrived += rides
        assert warehouse.read("rides_live") == newest(arrived)
        warehouse.publish("publish/merge")
        assert warehouse.read("processed_rides") == newest(arrived)
        assert warehouse.read("rides_live") == newest(arrived)


def test_readers_reach_into_objects(warehouse: Warehouse) -> None:
    rides = [one_of(number, timedelta(minutes=number), pickup=text) for number, text in enumerate(PICKUPS, 1)]
    warehouse.load("objects", rides)
    query = "select pickup:zone::varchar, pickup['lat']::number(9, 6) from analytics.rides_live order by ride_number"
    expected = [("HH-ALT", "53.5503"), ("HH-NORD", "-0.5"), ("HH-NEW", "1"), (None, None), ("HH-1", "1")]
    for _ in range(2):
        found = warehouse.run("SNOWLINE_READER", query).python_rows()
        assert found == [(zone, lat and Decimal(lat)) for zone, lat in expected]
        warehouse.publish("publish/merge")


def one_of(number: int, age: timedelta, **more: Any) -> Ride:
    """A ride of a key of its own."""
    given = asdict(ride(random.Random(number), age, number, "checks")) | {"city": "köln", "ride_number": number}
    return Ride(**(given | more))


def test_every_check_measures_what_the_rows_say(warehouse: Warehouse) -> None:
    checks = {path.stem for path in (GOLDEN / "checks").glob("*.sql")}
    details = {name for name in checks if name.endswith(("_rows", "_keys"))}

    def measured() -> dict[str, tuple[float | None, bool]]:
        found = {}
        for name in checks - details:
            (row,) = warehouse.publish(f"checks/{name}")
            found[name] = (None if row["value"] is None else float(row["value"]), row["passed"])
        return found

    nothing = {
        "rides_row_count": (0, False), "completed_without_dropoff": (0, True), "freshness": (None, False),
        "latency": (None, True), "retention": (0, True), "volume": (100, True),
    }
    assert measured() == nothing

    old = [timedelta(days=366 * CONTRACT_YEARS + days) for days in (1, 2)]
    ages = [timedelta(minutes=minutes) for minutes in (5, 10, 40, 100, 119)] + [timedelta(days=1000), *old]
    rides = [
        one_of(number, age, status="completed", dropoff=None if number % 3 == 0 else PICKUPS[0])
        for number, age in enumerate(ages, 1)
    ]
    warehouse.load("checked", rides)
    warehouse.publish("publish/merge")
    found = measured()
    ((merged_at,),) = warehouse.server.query("select distinct _merged_at from snowline.analytics.processed_rides")
    minutes = sorted((merged_at - one.updated_at).total_seconds() / 60 for one in rides)
    assert found["rides_row_count"] == (len(rides), True)
    assert found["completed_without_dropoff"] == (len(rides) // 3, False)
    assert found["freshness"] == (pytest.approx(minutes[0], abs=1), True)
    assert found["latency"] == (pytest.approx(percentile(minutes, 0.95), abs=0.1), False)
    assert found["retention"] == (len(old), False)

    failing = [{"city": "köln", "ride_number": str(len(ages) - back), "failing_rows": 1} for back in (1, 0)]
    assert warehouse.publish("checks/retention_keys") == failing
    listed = [(row["ride_number"], row["updated_at"]) for row in warehouse.publish("checks/retention_rows")]
    assert sorted(listed) == [(one.ride_number, one.updated_at) for one in rides[-2:]]

    hours_ago = "update analytics.processed_rides set _merged_at = dateadd(hour, -{}, sysdate())"
    for hours, expected in [(23, True), (25, False)]:
        warehouse.server.run_script(warehouse.script("session") + hours_ago.format(hours))
        value, passed = measured()["latency"]
        assert (value is not None, passed) == (expected, not expected)


def percentile(values: list[float], share: float) -> float:
    """Between the two values around it, in proportion."""
    place = share * (len(values) - 1)
    low = int(place)
    return values[low] + (place - low) * (values[min(low + 1, len(values) - 1)] - values[low])


def test_trace_leads_from_a_key_of_two_columns_to_its_versions(warehouse: Warehouse) -> None:
    older, newer, waiting = (one_of(7, timedelta(minutes=minutes), _source_line=minutes) for minutes in (30, 20, 10))
    warehouse.load("traced", [older, newer, one_of(8, timedelta(0))])
    warehouse.publish("publish/merge")
    warehouse.load("later", [waiting])
    found = warehouse.publish("trace/versions", "köln", "7")
    lines = [(row["_source_line"], row["merged_at"] is not None, row["is_waiting"]) for row in found]
    assert lines == [(30, False, False), (20, True, False), (10, False, True)]


def test_a_column_of_objects_that_a_contract_gains_has_each_tables_type(warehouse: Warehouse) -> None:
    warehouse.server.run_script(
        warehouse.script("session") + "".join(
            f"create or replace table {table} as select 'x' as city; grant ownership on table {table} to role"
            " snowline_schema copy current grants;"
            for table in ("analytics.processed_rides", "staging.rides")
        )
    )
    statements = scanner.split(warehouse.script("schema/add_columns"))
    for statement in statements * 2:
        warehouse.run("SNOWLINE_SCHEMA", statement)
    for table, expected in [("analytics.processed_rides", "VARIANT"), ("staging.rides", "VARCHAR(16777216)")]:
        described = warehouse.run("SNOWLINE_SCHEMA", f"describe table {table}").python_rows()
        types = {row[0]: row[1] for row in described}
        assert (types["DROPOFF"], types["TAGS"], types["BOOKED_FOR"]) == (expected, expected, "TIME(6)")
