"""What the pipeline should make of lines of orders, worked out independently of it.

Reads landing lines as bytes, accepts or rejects each one by the rules of the orders contract, and
replays the accepted ones: which orders are live, and what the hourly aggregate holds. Written from
the contract and the design, with the standard library only, so that the pipeline's own code is not
its judge. JSON lines only: one record a line.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any
from uuid import UUID

MAX_RECORD_BYTES = 1 << 20
JSON_SPACE = b" \t\r\n"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
STATUSES = frozenset({"placed", "paid", "shipped", "delivered", "cancelled", "returned"})
PAYMENT_METHODS = frozenset({"card", "paypal", "bank_transfer", "gift_card"})
OPERATIONS = frozenset({"I", "U", "D"})
TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))?", re.ASCII
)


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


@dataclass(frozen=True)
class Reject:
    """Why a line is no row: exactly one rule, and the column it is about, if it is about one."""

    rule: str
    column: str | None = None


class _Refused(Exception):
    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


# Values of a column. Each function takes a JSON value that is not null.


def _text(
    value: Any,
    *,
    max_chars: int,
    min_chars: int = 0,
    normalise: Callable[[str], str] = str,
) -> str:
    if not isinstance(value, str):
        raise _Refused("type")
    text = normalise(value)
    if len(text) < min_chars:
        raise _Refused("min_length")
    if len(text) > max_chars:
        raise _Refused("max_length")
    return text


def _name(value: Any) -> str:
    return _text(value, min_chars=1, max_chars=64)


def _uuid(value: Any) -> str:
    if not isinstance(value, str):
        raise _Refused("type")
    try:
        canonical = str(UUID(value))
    except ValueError:
        raise _Refused("format") from None
    # UUID() also reads braces, URNs and digits without hyphens.
    if value.lower() != canonical:
        raise _Refused("format")
    return value


def _timestamp(value: Any) -> datetime:
    match = TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise _Refused("type")
    day, time, fraction, sign, hours, minutes = match.groups()
    micros = (fraction or "")[:6].ljust(6, "0")
    try:
        local = datetime.strptime(f"{day} {time}.{micros}", "%Y-%m-%d %H:%M:%S.%f")
        offset = timedelta()
        if sign:
            if int(minutes) > 59:
                raise ValueError(minutes)
            offset = timedelta(hours=int(hours), minutes=int(minutes)) * (1 if sign == "+" else -1)
        return local.replace(tzinfo=timezone(offset)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Refused("type") from None


def _exact(value: Any, unit: str, digits: int) -> Decimal:
    """The number as a multiple of unit with so many digits; it is never rounded."""
    if not isinstance(value, Decimal):
        raise _Refused("type")
    context = Context(prec=digits, traps=[Inexact, InvalidOperation])
    try:
        return value.quantize(Decimal(unit), context=context)
    except (Inexact, InvalidOperation):
        raise _Refused("precision") from None


def _amount(value: Any) -> Decimal:
    amount = _exact(value, "0.01", 12)
    if amount < 0:
        raise _Refused("minimum")
    return amount


def _quantity(value: Any) -> int:
    quantity = int(_exact(value, "1", 19))
    if not -(2**63) <= quantity < 2**63:
        raise _Refused("precision")
    if quantity < 1:
        raise _Refused("minimum")
    if quantity > 10_000:
        raise _Refused("maximum")
    return quantity


def _code(letters: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        code = _text(value, max_chars=letters, normalise=lambda text: _upper(_trim(text)))
        if not re.fullmatch(f"[A-Z]{{{letters}}}", code):
            raise _Refused("pattern")
        return code

    return check


def _email(value: Any) -> str:
    email = _text(value, max_chars=254, normalise=lambda text: _lower(_trim(text)))
    local, at, domain = email.partition("@")
    labels = domain.split(".")
    if not local or not at or "@" in domain or len(labels) < 2 or not all(labels):
        raise _Refused("format")
    if re.search(r"[\x00-\x20\x7f]", email):
        raise _Refused("format")
    return email


def _one_of(allowed: frozenset[str], max_chars: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        text = _text(value, max_chars=max_chars)
        if text not in allowed:
            raise _Refused("one_of")
        return text

    return check


def _trim(text: str) -> str:
    return text.strip(" \t\r\n")


def _upper(text: str) -> str:
    """ASCII letters only, unlike str.upper: `ß` stays `ß`."""
    return re.sub("[a-z]", lambda letter: letter[0].upper(), text)


def _lower(text: str) -> str:
    return re.sub("[A-Z]", lambda letter: letter[0].lower(), text)


COLUMNS: dict[str, tuple[bool, Callable[[Any], Any]]] = {
    "order_id": (True, _uuid),
    "customer_id": (True, _name),
    "order_timestamp": (True, _timestamp),
    "order_amount": (True, _amount),
    "currency": (True, _code(3)),
    "quantity": (True, _quantity),
    "product_id": (True, _name),
    "product_category": (True, _name),
    "order_status": (True, _one_of(STATUSES, 16)),
    "payment_method": (False, _one_of(PAYMENT_METHODS, 16)),
    "shipping_country": (True, _code(2)),
    "customer_email": (False, _email),
    "op": (False, _one_of(OPERATIONS, 1)),
}
"""Whether a column is required and what its values are, in contract order."""


def parse_json(text: str) -> Any:
    """Reads JSON as RFC 8259 has it, numbers as Decimal. Raises ValueError."""

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    try:
        value = json.loads(text, parse_int=Decimal, parse_float=Decimal, parse_constant=refuse)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if "\\u" in text:
        # Half of a surrogate pair stands for no character; encoding refuses it.
        json.dumps(value, default=str, ensure_ascii=False).encode()
    return value


def validate(line: bytes) -> Order | Reject:
    """Accepts or rejects one line, its line end aside, that is not blank."""
    if len(line) > MAX_RECORD_BYTES:
        return Reject("record_too_long")
    try:
        record = parse_json(line.decode())
    except UnicodeDecodeError:
        return Reject("utf8")
    except ValueError:
        return Reject("json")
    if not isinstance(record, dict):
        return Reject("not_an_object")
    values: dict[str, Any] = {}
    for column, (required, check) in COLUMNS.items():
        value = record.get(column)
        try:
            if value is None and required:
                raise _Refused("required")
            values[column] = None if value is None else check(value)
        except _Refused as refused:
            return Reject(refused.rule, column)
    extra = {name: value for name, value in record.items() if name not in COLUMNS}
    return Order(**values, extra=extra or None)


def read_lines(data: bytes) -> Iterator[tuple[int, Order | Reject]]:
    """Judges every line that is not blank; lines count from 1, blank ones included."""
    for number, line in enumerate(data.removeprefix(BYTE_ORDER_MARK).split(b"\n"), start=1):
        if line.strip(JSON_SPACE):
            yield number, validate(line.removesuffix(b"\r"))


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
