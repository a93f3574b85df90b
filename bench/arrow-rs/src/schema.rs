//! The columns of an order, typed as the contract says.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// Returns the columns of an order. Nothing is marked as required: that would be validation.
pub fn orders() -> SchemaRef {
    // The name UTC would need a table of time zones.
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
    Arc::new(Schema::new(vec![
        text("order_id"),
        text("customer_id"),
        Field::new("order_timestamp", utc, true),
        Field::new("order_amount", DataType::Decimal128(12, 2), true),
        text("currency"),
        Field::new("quantity", DataType::Int64, true),
        text("product_id"),
        text("product_category"),
        text("order_status"),
        text("payment_method"),
        text("shipping_country"),
        text("customer_email"),
        text("op"),
    ]))
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}
