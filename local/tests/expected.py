"""The rows that the oracle's orders should have become, column by column."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.tests import oracle
from local.tests.oracle import HourTotals, Order

CONTRACT_VERSION = "1.0.0"
RESTRICTED = "customer_email"
STAMPS = {"_loaded_at", "_merged_at"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Landed:
    """An accepted record and where it comes from."""

    order: Order
    source_object: str
    source_line: int
    landed_at: datetime

    @property
    def version(self) -> tuple[datetime, datetime, str, int]:
        """Of two versions of an order the greater one wins."""
        return (self.order.order_timestamp, self.landed_at, self.source_object, self.source_line)

    @property
    def lineage(self) -> Row:
        return {
            "_source_object": self.source_object,
            "_source_line": self.source_line,
            "_landed_at": self.landed_at,
            "_contract_version": CONTRACT_VERSION,
        }

    def processing_row(self) -> Row:
        """Its row in the zone processing."""
        columns = {name: getattr(self.order, name) for name in oracle.COLUMNS}
        return columns | {"_extra": self.order.extra} | self.lineage

    def processed_row(self, salt: bytes) -> Row:
        """Its row in the zone processed, in staging and in analytics."""
        order = self.order
        return {name: getattr(order, name) for name in oracle.COLUMNS if name != RESTRICTED} | {
            "order_date": order.order_date,
            "order_hour": order.order_hour,
            "order_value_band": order.order_value_band,
            "customer_email_hash": order.customer_email_hash(salt),
            "_extra": order.extra,
        } | self.lineage


def judge(data: bytes, source_object: str, landed_at: datetime) -> tuple[list[Landed], list[tuple[int, oracle.Reject]]]:
    """Splits an object's records into accepted rows and rejects with their lines."""
    accepted, rejects = [], []
    for line, verdict in oracle.read_lines(data):
        if isinstance(verdict, Order):
            accepted.append(Landed(verdict, source_object, line, landed_at))
        else:
            rejects.append((line, verdict))
    return accepted, rejects


def newest(events: list[Landed]) -> dict[str, Landed]:
    """The newest version of each order, deletes included."""
    latest: dict[str, Landed] = {}
    for event in events:
        other = latest.setdefault(event.order.order_id, event)
        if event.version > other.version:
            latest[event.order.order_id] = event
    return latest


def live(events: list[Landed]) -> list[Landed]:
    """The newest version of each order that is not deleted."""
    return [event for event in newest(events).values() if event.order.op != "D"]


def hourly_rows(events: list[Landed]) -> list[Row]:
    """The aggregate of one landing object."""
    totals: dict[oracle.HourKey, HourTotals] = oracle.orders_hourly(event.order for event in events)
    lineage = {name: value for name, value in events[0].lineage.items() if name != "_source_line"} if events else {}
    names = ("order_hour", "product_category", "shipping_country")
    return [dict(zip(names, key, strict=True)) | vars(total) | lineage for key, total in totals.items()]


def comparable(rows: list[Row]) -> list[Row]:
    """Rows in a fixed order, `_extra` as the JSON value it holds, times without their zone, which is UTC."""
    return sorted(({name: _plain(name, value) for name, value in row.items()} for row in rows), key=_place)


def without_stamps(rows: list[Row]) -> list[Row]:
    """Rows as comparable ones, without the times at which they were loaded and merged."""
    return comparable([{name: row[name] for name in row if name not in STAMPS} for row in rows])


def _plain(name: str, value: Any) -> Any:
    if name == "_extra" and isinstance(value, str):
        return oracle.parse_json(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        assert not value.utcoffset(), f"{name} is not in UTC"
        return value.replace(tzinfo=None)
    return value


def _place(row: Row) -> tuple[Any, ...]:
    source = (row.get("_source_object"), row.get("_source_line", 0))
    return source + tuple(str(row.get(name)) for name in ("order_hour", "product_category", "shipping_country"))
