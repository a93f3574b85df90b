"""The rows that the records an oracle accepts should have become, column by column."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from local.tests import oracle
from local.tests.oracle import HourTotals, Order
from local.tests.oracle_values import Reject, lines_of, parse_json

CONTRACT_VERSION = "1.0.0"
REGION = "us-east-1"
STAMPS = {"_loaded_at", "_merged_at"}
JSON = {"_extra", "pickup", "dropoff", "tags"}
"""Columns that hold JSON, in whatever form."""

Row = dict[str, Any]


class Record(Protocol):
    """An accepted record as the oracle of its dataset reads it."""

    @property
    def key(self) -> Hashable:
        """Records with the same key are versions of one row."""

    @property
    def changed_at(self) -> datetime:
        """The newer version is the one with the greater time."""

    @property
    def is_deleted(self) -> bool:
        """Whether its row is to go."""

    def processing_columns(self) -> Row:
        """What the zone processing says of it."""

    def processed_columns(self, salt: bytes) -> Row:
        """What the zone processed, staging and analytics say of it."""


Validate = Callable[[bytes, datetime], Record | Reject]
"""Accepts or rejects a line that landed at a time."""


@dataclass(frozen=True)
class Landed:
    """An accepted record and where it comes from."""

    record: Any
    source_object: str
    source_line: int
    landed_at: datetime
    region: str = REGION

    @property
    def version(self) -> tuple[datetime, datetime, str, int]:
        """Of two versions of a row the greater one wins."""
        return (self.record.changed_at, self.landed_at, self.source_object, self.source_line)

    @property
    def lineage(self) -> Row:
        return {
            "_source_object": self.source_object,
            "_source_line": self.source_line,
            "_landed_at": self.landed_at,
            "_contract_version": CONTRACT_VERSION,
            "_source_region": self.region,
        }

    def processing_row(self) -> Row:
        """Its row in the zone processing."""
        return self.record.processing_columns() | self.lineage

    def processed_row(self, salt: bytes) -> Row:
        """Its row in the zone processed, in staging and in analytics."""
        return self.record.processed_columns(salt) | self.lineage


def an_order(line: bytes, _: datetime) -> Order | Reject:
    """Judges a line by the contract of orders."""
    return oracle.validate(line)


def judge(
    data: bytes, source_object: str, landed_at: datetime, validate: Validate = an_order, region: str = REGION
) -> tuple[list[Landed], list[tuple[int, Reject]]]:
    """Splits an object's records into accepted rows and rejects with their lines."""
    accepted, rejects = [], []
    for line, text in lines_of(data):
        verdict = validate(text, landed_at)
        if isinstance(verdict, Reject):
            rejects.append((line, verdict))
        else:
            accepted.append(Landed(verdict, source_object, line, landed_at, region))
    return accepted, rejects


def newest(events: list[Landed]) -> dict[Hashable, Landed]:
    """The newest version of each row, deletes included."""
    latest: dict[Hashable, Landed] = {}
    for event in events:
        other = latest.setdefault(event.record.key, event)
        if event.version > other.version:
            latest[event.record.key] = event
    return latest


def live(events: list[Landed]) -> list[Landed]:
    """The newest version of each row that is not deleted."""
    return [event for event in newest(events).values() if not event.record.is_deleted]


def hourly_rows(events: list[Landed]) -> list[Row]:
    """The aggregate of one landing object."""
    totals: dict[oracle.HourKey, HourTotals] = oracle.orders_hourly(event.record for event in events)
    lineage = {name: value for name, value in events[0].lineage.items() if name != "_source_line"} if events else {}
    names = ("order_hour", "product_category", "shipping_country")
    return [dict(zip(names, key, strict=True)) | vars(total) | lineage for key, total in totals.items()]


def comparable(rows: list[Row]) -> list[Row]:
    """Rows in a fixed order, JSON as the value it holds, times without their zone, which is UTC."""
    return sorted(({name: _plain(name, value) for name, value in row.items()} for row in rows), key=_place)


def without_stamps(rows: list[Row]) -> list[Row]:
    """Rows as comparable ones, without the times at which they were loaded and merged."""
    return comparable([{name: row[name] for name in row if name not in STAMPS} for row in rows])


def _plain(name: str, value: Any) -> Any:
    if name in JSON and isinstance(value, str):
        return parse_json(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        assert not value.utcoffset(), f"{name} is not in UTC"
        return value.replace(tzinfo=None)
    return value


def _place(row: Row) -> tuple[Any, ...]:
    source = (row.get("_source_object"), row.get("_source_line", 0))
    return source + tuple(str(row[name]) for name in sorted(row) if not name.startswith("_"))
