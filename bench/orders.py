"""The columns of an order as the contract types them, for engines that know no contract."""

from __future__ import annotations

TEXT = "text"
TIMESTAMP = "UTC timestamp, microseconds"
AMOUNT = "decimal(12,2)"
INTEGER = "int64"

COLUMNS = {
    "order_id": TEXT,
    "customer_id": TEXT,
    "order_timestamp": TIMESTAMP,
    "order_amount": AMOUNT,
    "currency": TEXT,
    "quantity": INTEGER,
    "product_id": TEXT,
    "product_category": TEXT,
    "order_status": TEXT,
    "payment_method": TEXT,
    "shipping_country": TEXT,
    "customer_email": TEXT,
    "op": TEXT,
}
"""Name and type, in the order of the contract."""
