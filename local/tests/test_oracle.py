"""The oracle itself, and its agreement with the generator about what a bad line is."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from local.tests.oracle import (
    AmbiguousOrder,
    HourTotals,
    Order,
    live_orders,
    orders_hourly,
    read_lines,
    replay,
    validate,
)
from local.tests.oracle_values import Reject

GOOD: dict[str, Any] = {
    "order_id": "3f2b8c1e-6a54-4d0f-9b7e-2c1d5e8f9a01",
    "customer_id": "C-0004217",
    "order_timestamp": "2026-03-01T14:05:09.123456Z",
    "order_amount": 129.9,
    "currency": "EUR",
    "quantity": 2,
    "product_id": "P-00913",
    "product_category": "garden",
    "order_status": "paid",
    "shipping_country": "DE",
}


def line(**changes: Any) -> bytes:
    """A good line with some fields changed; a field changed to ... is left out."""
    record = {name: value for name, value in (GOOD | changes).items() if value is not ...}
    return json.dumps(record).encode()


def order(**changes: Any) -> Order:
    verdict = validate(line(**changes))
    assert isinstance(verdict, Order), verdict
    return verdict


@pytest.mark.parametrize(
    ("raw", "reject"),
    [
        (line()[:-5], Reject("json")),
        (line() + line(), Reject("json")),
        (line(quantity=float("nan")), Reject("json")),
        (line().replace(b"garden", b"\\ud800"), Reject("json")),
        (line().replace(b"garden", b"caf\xe9"), Reject("utf8")),
        (b"[]", Reject("not_an_object")),
        (line(note="x" * 2**20), Reject("record_too_long")),
        (line(order_id=...), Reject("required", "order_id")),
        (line(currency=None), Reject("required", "currency")),
        (line(customer_id=17), Reject("type", "customer_id")),
        (line(order_timestamp="yesterday"), Reject("type", "order_timestamp")),
        (line(order_timestamp="2026-02-30T00:00:00Z"), Reject("type", "order_timestamp")),
        (line(order_amount="129.90"), Reject("type", "order_amount")),
        (line(quantity=True), Reject("type", "quantity")),
        (line(order_amount=12.345), Reject("precision", "order_amount")),
        (line(order_amount=10_000_000_000), Reject("precision", "order_amount")),
        (line(quantity=1.5), Reject("precision", "quantity")),
        (line(order_amount=-0.01), Reject("minimum", "order_amount")),
        (line(quantity=0), Reject("minimum", "quantity")),
        (line(quantity=10_001), Reject("maximum", "quantity")),
        (line(customer_id=""), Reject("min_length", "customer_id")),
        (line(product_id="P" * 65), Reject("max_length", "product_id")),
        (line(currency="E1R"), Reject("pattern", "currency")),
        (line(order_id="10025"), Reject("format", "order_id")),
        (line(order_id="{" + GOOD["order_id"] + "}"), Reject("format", "order_id")),
        (line(customer_email="ada@localhost"), Reject("format", "customer_email")),
        (line(order_status="lost"), Reject("one_of", "order_status")),
        (line(op="d"), Reject("one_of", "op")),
        (line(order_status="lost", quantity=0), Reject("minimum", "quantity")),
    ],
)
def test_a_bad_line_breaks_one_rule(raw: bytes, reject: Reject) -> None:
    assert validate(raw) == reject


def test_values_are_normalised_and_derived() -> None:
    row = order(
        order_timestamp="2026-03-01T00:30:00.5+02:00",
        currency=" eur",
        shipping_country="de\t",
        customer_email=" Ada@Example.COM ",
        campaign={"name": "spring"},
    )
    assert (row.currency, row.shipping_country) == ("EUR", "DE")
    assert row.customer_email == "ada@example.com"
    assert row.order_timestamp == datetime(2026, 2, 28, 22, 30, 0, 500_000, tzinfo=UTC)
    assert str(row.order_date) == "2026-02-28"
    assert row.order_hour == datetime(2026, 2, 28, 22, tzinfo=UTC)
    assert row.extra == {"campaign": {"name": "spring"}}
    # Checked with: printf 'ada@example.com' | openssl dgst -sha256 -hmac salt
    assert row.customer_email_hash(b"salt") == EMAIL_HASH


EMAIL_HASH = "b930ea84bcaea4dbe36b478c2e168d7e08e77603339388a6f1a8c0b14a8520d1"


@pytest.mark.parametrize(
    ("amount", "band"),
    [("500.00", "Low"), ("500.01", "Medium"), ("1000", "Medium"), ("1000.01", "High")],
)
def test_bands_include_their_upper_bound(amount: str, band: str) -> None:
    raw = line().replace(b"129.9", amount.encode())
    verdict = validate(raw)
    assert isinstance(verdict, Order)
    assert verdict.order_amount == Decimal(amount)
    assert verdict.order_value_band == band


def test_blank_lines_count_but_are_no_rows() -> None:
    data = b"\xef\xbb\xbf" + line() + b"\r\n\n  \r\n" + line()
    assert [number for number, verdict in read_lines(data) if isinstance(verdict, Order)] == [1, 4]


def test_the_latest_event_wins_in_any_order() -> None:
    placed = order(op="I")
    paid = order(op="U", order_timestamp="2026-03-01T14:06:00Z")
    deleted = order(op="D", order_timestamp="2026-03-01T14:07:00Z")
    assert live_orders([paid, placed, placed]) == {placed.order_id: paid}
    assert live_orders([deleted, paid, placed]) == {}
    with pytest.raises(AmbiguousOrder):
        live_orders([placed, order(op="U")])


def test_only_inserts_are_aggregated() -> None:
    rows = [order(), order(op="I", order_amount=0.1), order(op="U", order_amount=5)]
    hour = datetime(2026, 3, 1, 14, tzinfo=UTC)
    totals = HourTotals(2, Decimal("130.00"), Decimal("0.10"), Decimal("129.90"))
    assert orders_hourly(rows) == {(hour, "garden", "DE"): totals}


ROOT = Path(__file__).parents[2]
PROGRAM = Path(os.environ.get("SNOWLINE", ROOT / "target/release/snowline"))

def test_the_oracle_rejects_the_lines_that_the_generator_made_bad(tmp_path: Path) -> None:
    copy, summary_file = tmp_path / "sent.ndjson", tmp_path / "summary.json"
    arguments = ["--count", "40000", "--seed", "20", "--bad", "0.03", "--duplicates", "0.03"]
    subprocess.run(
        [PROGRAM, "generate", *arguments, "--copy-to", copy, "--summary", summary_file],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    summary = json.loads(summary_file.read_bytes())
    result = replay(copy.read_bytes())

    assert result.rows_read == summary["events_sent"]
    assert len(result.rejects) == summary["bad_sent"]
    assert result.rejected_by_rule == summary["bad_by_rule"]
    assert len(result.live) == summary["inserts"] - summary["deletes"]
    assert len({row.order_id for row in result.accepted}) == summary["inserts"]
    assert sum(row.op == "D" for row in set(result.accepted)) == summary["deletes"]
