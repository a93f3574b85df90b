"""What the pipeline should make of lines of orders, worked out independently of it.

Reads landing lines as bytes, accepts or rejects each one by the rules of the orders contract, and
replays the accepted ones: which orders are live, and what the hourly aggregate holds. Written from
the contract and the design, with the standard library only, so that the pipeline's own code is not
its judge. JSON lines only: one record a line. Readers of values come from `oracle_values`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from local.tests.oracle_values import (
    Refused,
    Reject,
    exact,
    lines_of,
    lower,
    one_of,
    read_record,
    text,
    timestamp,
    trim,
    upper,
    uuid,
)

STATUSES = frozenset({"placed", "paid", "shipped", "delivered", "cancelled", "returned"})
PAYMENT_METHODS = frozenset({"card", "paypal", "bank_transfer", "gift_card"})
OPERATIONS = frozenset({"I", "U", "D"})
RESTRICTED = "customer_email"


@dataclass(frozen=True)
class Order:
    """A valid row: one event of one order, its values normalised."""

    order_id: str
    customer_id: str
    order_timestamp: datetime
    order_amount: Decimal
    currency: str
    quantity: int
    product_id: str
    product_category: str
    order_status: str
    payment_method: str | None
    shipping_country: str
    customer_email: str | None
    op: str | None
    extra: dict[str, Any] | None = field(hash=False)

    @property
    def key(self) -> str:
        return self.order_id

    @property
    def changed_at(self) -> datetime:
        return self.order_timestamp

    @property
    def is_deleted(self) -> bool:
        return self.op == "D"

    def processing_columns(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in COLUMNS} | {"_extra": self.extra}

    def processed_columns(self, salt: bytes) -> dict[str, Any]:
        return {name: getattr(self, name) for name in COLUMNS if name != RESTRICTED} | {
            "order_date": self.order_date,
            "order_hour": self.order_hour,
            "order_value_band": self.order_value_band,
            "customer_email_hash": self.customer_email_hash(salt),
            "_extra": self.extra,
        }

    @property
    def is_insert(self) -> bool:
        return self.op in (None, "I")

    @property
    def order_date(self) -> date:
        return self.order_timestamp.date()

    @property
    def order_hour(self) -> datetime:
        return self.order_timestamp.replace(minute=0, second=0, microsecond=0)

    @property
    def order_value_band(self) -> str:
        if self.order_amount <= 500:
            return "Low"
        return "Medium" if self.order_amount <= 1000 else "High"

    def customer_email_hash(self, salt: bytes) -> str | None:
        if self.customer_email is None:
            return None
        return hmac.new(salt, self.customer_email.encode(), hashlib.sha256).hexdigest()


def _name(value: Any) -> str:
    return text(value, min_chars=1, max_chars=64)


def _amount(value: Any) -> Decimal:
    amount = exact(value, "0.01", 12)
    if amount < 0:
        raise Refused("minimum")
    return amount


def _quantity(value: Any) -> int:
    quantity = int(exact(value, "1", 19))
    if not -(2**63) <= quantity < 2**63:
        raise Refused("precision")
    if quantity < 1:
        raise Refused("minimum")
    if quantity > 10_000:
        raise Refused("maximum")
    return quantity


def _code(letters: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        code = text(value, max_chars=letters, normalise=lambda text: upper(trim(text)))
        if not re.fullmatch(f"[A-Z]{{{letters}}}", code):
            raise Refused("pattern")
        return code

    return check


def _email(value: Any) -> str:
    email = text(value, max_chars=254, normalise=lambda text: lower(trim(text)))
    local, at, domain = email.partition("@")
    labels = domain.split(".")
    if not local or not at or "@" in domain or len(labels) < 2 or not all(labels):
        raise Refused("format")
    if re.search(r"[\x00-\x20\x7f]", email):
        raise Refused("format")
    return email


COLUMNS: dict[str, tuple[bool, Callable[[Any], Any]]] = {
    "order_id": (True, uuid),
    "customer_id": (True, _name),
    "order_timestamp": (True, timestamp),
    "order_amount": (True, _amount),
    "currency": (True, _code(3)),
    "quantity": (True, _quantity),
    "product_id": (True, _name),
    "product_category": (True, _name),
    "order_status": (True, one_of(STATUSES, 16)),
    "payment_method": (False, one_of(PAYMENT_METHODS, 16)),
    "shipping_country": (True, _code(2)),
    "customer_email": (False, _email),
    "op": (False, one_of(OPERATIONS, 1)),
}
"""Whether a column is required and what its values are, in contract order."""


def validate(line: bytes) -> Order | Reject:
    """Accepts or rejects one line, its line end aside, that is not blank."""
    record = read_record(line)
    if isinstance(record, Reject):
        return record
    values: dict[str, Any] = {}
    for column, (required, check) in COLUMNS.items():
        value = record.get(column)
        try:
            if value is None and required:
                raise Refused("required")
            values[column] = None if value is None else check(value)
        except Refused as refused:
            return Reject(refused.rule, column)
    extra = {name: value for name, value in record.items() if name not in COLUMNS}
    return Order(**values, extra=extra or None)


def read_lines(data: bytes) -> Iterator[tuple[int, Order | Reject]]:
    """Judges every line that is not blank; lines count from 1, blank ones included."""
    for number, line in lines_of(data):
        yield number, validate(line)


@dataclass(frozen=True)
class HourTotals:
    """One row of orders_hourly."""

    order_count: int
    total_amount: Decimal
    min_amount: Decimal
    max_amount: Decimal


HourKey = tuple[datetime, str, str]
"""Hour, product category and shipping country."""


def orders_hourly(orders: Iterable[Order]) -> dict[HourKey, HourTotals]:
    """The aggregate of the accepted rows of one landing object. Only inserts count."""
    groups: dict[HourKey, list[Decimal]] = {}
    for order in orders:
        if order.is_insert:
            key = (order.order_hour, order.product_category, order.shipping_country)
            groups.setdefault(key, []).append(order.order_amount)
    return {
        key: HourTotals(len(amounts), sum(amounts, Decimal("0.00")), min(amounts), max(amounts))
        for key, amounts in groups.items()
    }


class AmbiguousOrder(Exception):
    """Two different events of one order have the same time: lines alone do not say who wins."""


def live_orders(orders: Iterable[Order]) -> dict[str, Order]:
    """The latest state of each order that is not deleted, whatever order the events come in."""
    latest: dict[str, Order] = {}
    for order in orders:
        other = latest.get(order.order_id)
        if other is None or order.order_timestamp > other.order_timestamp:
            latest[order.order_id] = order
        elif order.order_timestamp == other.order_timestamp and order != other:
            raise AmbiguousOrder(order.order_id)
    return {key: order for key, order in latest.items() if order.op != "D"}


@dataclass(frozen=True)
class Replay:
    """What a whole run should end in."""

    accepted: list[Order]
    rejects: list[Reject]
    live: dict[str, Order]

    @property
    def rows_read(self) -> int:
        return len(self.accepted) + len(self.rejects)

    @property
    def rejected_by_rule(self) -> dict[str, int]:
        return dict(sorted(Counter(reject.rule for reject in self.rejects).items()))


def replay(data: bytes) -> Replay:
    """Judges and replays all lines sent."""
    verdicts = [verdict for _, verdict in read_lines(data)]
    accepted = [verdict for verdict in verdicts if isinstance(verdict, Order)]
    rejects = [verdict for verdict in verdicts if isinstance(verdict, Reject)]
    return Replay(accepted, rejects, live_orders(accepted))
