"""What the pipeline should make of lines of rides, worked out independently of it.

Written from contracts/rides.odcs.yaml and docs/schema.md, with the standard library only, as
`oracle` is for orders.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from local.tests.expected import Landed, Row
from local.tests.oracle_values import Refused, Reject, exact, lower, one_of, read_record, text, trim, uuid

CITIES = frozenset({"berlin", "hamburg", "köln", "münchen"})
STATUSES = frozenset({"booked", "under_way", "completed", "cancelled"})
VEHICLES = frozenset({"car", "bike", "scooter"})
EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
AHEAD = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(?:\.(\d+))?", re.ASCII)
RESTRICTED = ("rider_phone", "device_ip")
DERIVED = (
    "ride_date", "ride_hour", "pickup_zone", "dropoff_zone", "distance_band", "rider_phone_hash",
)


def _number(
    unit: str, digits: int, minimum: str | None = None, maximum: str | None = None,
    above: str | None = None, multiple_of: str | None = None,
) -> Callable[[Any], Decimal]:
    def check(value: Any) -> Decimal:
        number = exact(value, unit, digits)
        if minimum is not None and number < Decimal(minimum) or above is not None and number <= Decimal(above):
            raise Refused("minimum")
        if maximum is not None and number > Decimal(maximum):
            raise Refused("maximum")
        if multiple_of is not None and number % Decimal(multiple_of):
            raise Refused("multiple_of")
        return number

    return check


def _integer(minimum: int, maximum: int | None = None) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        number = int(exact(value, "1", 19))
        if not -(2**63) <= number < 2**63:
            raise Refused("precision")
        if number < minimum:
            raise Refused("minimum")
        if maximum is not None and number > maximum:
            raise Refused("maximum")
        return number

    return check


def _matches(pattern: str, max_chars: int, normalise: Callable[[str], str] = str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        found = text(value, max_chars=max_chars, normalise=normalise)
        if not re.fullmatch(pattern, found, re.ASCII):
            raise Refused("pattern")
        return found

    return check


def _milliseconds(value: Any) -> datetime:
    if not isinstance(value, Decimal):
        raise Refused("type")
    try:
        moment = EPOCH + timedelta(microseconds=int(value * 1000))
    except OverflowError:
        raise Refused("type") from None
    if moment < EARLIEST:
        raise Refused("minimum")
    return moment


def _ipv4(value: Any) -> str:
    address = text(value, max_chars=15)
    parts = address.split(".")
    if len(parts) != 4 or not all(re.fullmatch("0|[1-9][0-9]{0,2}", part) and int(part) < 256 for part in parts):
        raise Refused("format")
    return address


def _time(value: Any) -> time:
    match = TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Refused("type")
    hours, minutes, seconds = (int(part) for part in match.groups()[:3])
    try:
        return time(hours, minutes, seconds, int((match[4] or "")[:6].ljust(6, "0")))
    except ValueError:
        raise Refused("type") from None


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Refused("type")
    return value


def _place(zone_required: bool) -> dict[str, tuple[bool, Callable[[Any], Any]]]:
    return {
        "lat": (True, _number("0.000001", 9, minimum="-90", maximum="90")),
        "lon": (True, _number("0.000001", 9, minimum="-180", maximum="180")),
        "zone": (zone_required, _matches("[A-Z]{1,3}-[A-Z0-9]{1,8}", 16)),
    }


Fields = dict[str, tuple[str, bool, Any]]

COLUMNS: Fields = {
    "city": ("city", True, one_of(CITIES, 64, lambda name: lower(trim(name)))),
    "ride_number": ("rideNumber", True, _integer(1)),
    "updated_at": ("updatedAt", True, _milliseconds),
    "status": ("status", True, one_of(STATUSES, 16)),
    "vehicle": ("vehicle", True, one_of(VEHICLES, 16)),
    "rider_id": ("riderId", True, uuid),
    "rider_phone": ("riderPhone", False, _matches(r"\+[1-9][0-9]{6,14}", 16, trim)),
    "device_ip": ("deviceIp", False, _ipv4),
    "pickup": ("pickup", True, _place(zone_required=True)),
    "dropoff": ("dropoff", False, _place(zone_required=False)),
    "distance_km": ("distanceKm", False, _number("0.001", 8, minimum="0", maximum="2000")),
    "fare": ("fare", True, _number("0.01", 10, minimum="0", multiple_of="0.05")),
    "tip": ("tip", False, _number("0.01", 10, above="0")),
    "currency": ("currency", True, _matches("[A-Z]{3}", 3)),
    "booked_for": ("bookedFor", False, _time),
    "rating": ("rating", False, _integer(1, 5)),
    "tags": ("tags", False, _array),
}
"""The field of each column, whether it is required, and what its values are: a function, or the
fields of an object. In contract order."""


@dataclass(frozen=True)
class Ride:
    """A valid row: one state of one ride, its values by column, normalised."""

    values: Row

    @property
    def key(self) -> tuple[str, int]:
        return self.values["city"], self.values["ride_number"]

    @property
    def changed_at(self) -> datetime:
        return self.values["updated_at"]

    @property
    def is_deleted(self) -> bool:
        return False

    def processing_columns(self) -> Row:
        return dict(self.values)

    def processed_columns(self, salt: bytes) -> Row:
        columns = {name: value for name, value in self.values.items() if name not in RESTRICTED}
        phone, distance = self.values["rider_phone"], self.values["distance_km"]
        return columns | {
            "ride_date": self.changed_at.date(),
            "ride_hour": self.hour,
            "pickup_zone": self.values["pickup"]["zone"],
            "dropoff_zone": (self.values["dropoff"] or {}).get("zone"),
            "distance_band": None if distance is None else _band(distance),
            "rider_phone_hash": phone and hmac.new(salt, phone.encode(), hashlib.sha256).hexdigest(),
        }

    @property
    def hour(self) -> datetime:
        return self.changed_at.replace(minute=0, second=0, microsecond=0)


def _band(kilometres: Decimal) -> str:
    if kilometres <= 3:
        return "Short"
    return "Middle" if kilometres <= 10 else "Long"


def validate(line: bytes, landed_at: datetime) -> Ride | Reject:
    """Accepts or rejects one line, its line end aside, that is not blank."""
    record = read_record(line)
    if isinstance(record, Reject):
        return record
    values: Row = {}
    for column, (field, required, check) in COLUMNS.items():
        try:
            values[column] = _value(record.get(field), required, check, column)
        except _At as refused:
            return Reject(refused.rule, refused.column)
        if column == "updated_at" and values[column] > landed_at + AHEAD:
            return Reject("not_later_than_arrival", column)
    return Ride(values)


class _At(Exception):
    def __init__(self, rule: str, column: str) -> None:
        super().__init__(rule, column)
        self.rule, self.column = rule, column


def _value(value: Any, required: bool, check: Any, path: str) -> Any:
    """The value of a column or of a field inside one; an object stays as it was delivered."""
    if value is None:
        if required:
            raise _At("required", path)
        return None
    if callable(check):
        try:
            return check(value)
        except Refused as refused:
            raise _At(refused.rule, path) from None
    if not isinstance(value, dict):
        raise _At("type", path)
    for name, (is_required, inner) in check.items():
        _value(value.get(name), is_required, inner, f"{path}.{name}")
    return value


def hourly_rows(events: Iterable[Landed]) -> list[Row]:
    """The aggregate of one landing object: every state counts."""
    groups: dict[tuple[Any, ...], list[Landed]] = defaultdict(list)
    for event in events:
        ride = event.record.values
        groups[event.record.hour, ride["city"], ride["pickup"]["zone"], ride["vehicle"]].append(event)
    rows = []
    for key, states in groups.items():
        distances = [one.record.values["distance_km"] for one in states if one.record.values["distance_km"] is not None]
        lineage = {name: value for name, value in states[0].lineage.items() if name != "_source_line"}
        rows.append(dict(zip(("ride_hour", "city", "pickup_zone", "vehicle"), key, strict=True)) | {
            "state_count": len(states),
            "total_fare": sum((one.record.values["fare"] for one in states), Decimal("0.00")),
            "longest_km": max(distances, default=None),
        } | lineage)
    return rows
