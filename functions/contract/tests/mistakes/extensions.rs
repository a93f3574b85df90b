//! Custom properties.

use crate::assert_refused;

#[test]
fn an_extension() {
    assert_refused(&[
        (
            "property: unknownFields",
            "property: unknown_fields #!",
            "schema[0].customProperties[2].property",
            "`unknown_fields` is not supported; known are dedupe, operation, unknownFields, derive, aggregates",
        ),
        (
            "value: keep",
            "value: ignore #!",
            "schema[0].customProperties[2].value",
            "`ignore` is not supported; known are keep, drop, reject",
        ),
        (
            "key: [order_id]",
            "key: [payment_method] #!",
            "schema[0].customProperties[0].value.key[0]",
            "`payment_method` is not required, so it may be null",
        ),
        (
            "key: [order_id]",
            "key: [order_id, order_id] #!",
            "schema[0].customProperties[0].value.key[1]",
            "stands in this list twice",
        ),
        (
            "order: [order_timestamp]",
            "order: [updated_at] #!",
            "schema[0].customProperties[0].value.order[0]",
            "there is no column `updated_at`",
        ),
        (
            "order: [order_timestamp]",
            "order: [customer_email] #!",
            "schema[0].customProperties[0].value.order[0]",
            "`customer_email` is restricted and does not reach the warehouse",
        ),
        (
            "value: op\n",
            "value: order_status #!\n",
            "schema[0].customProperties[1].value",
            "the valid values of `order_status` must be I, U and D",
        ),
        (
            "name: order_date",
            "name: quantity #!",
            "schema[0].customProperties[3].value[0].name",
            "`quantity` exists already",
        ),
        (
            "derive: date\n            from: order_timestamp",
            "derive: date\n            from: order_amount #!",
            "schema[0].customProperties[3].value[0].from",
            "`order_amount` is not a timestamp",
        ),
        (
            "derive: date\n            from: order_timestamp",
            "derive: week #!\n            from: order_timestamp",
            "schema[0].customProperties[3].value[0].derive",
            "`week` is not supported; known are date, hour, band, hash, copy, constant",
        ),
        (
            "from: customer_email\n",
            "from: quantity #!\n",
            "schema[0].customProperties[3].value[3].from",
            "`quantity` is not text",
        ),
        (
            "{label: Medium, upTo: 1000}",
            "{label: Medium, upTo: 500.00} #!",
            "schema[0].customProperties[3].value[2].bands[1]",
            "bands ascend, but 500.00 is not above 500",
        ),
        (
            "{label: High}",
            "{label: High, upTo: 5000} #!",
            "schema[0].customProperties[3].value[2].bands[2].upTo",
            "the last band has no bound, so that every value has a band",
        ),
        (
            "order_hour, product_category, shipping_country]",
            "order_hour, customer_email] #!",
            "schema[0].customProperties[4].value[0].groupBy[1]",
            "`customer_email` is restricted and does not reach the warehouse",
        ),
        (
            "{name: total_amount, function: sum, column: order_amount}",
            "{name: total_amount, function: sum, column: currency} #!",
            "schema[0].customProperties[4].value[0].measures[1].column",
            "`currency` is not an integer or a NUMBER(p,s)",
        ),
        (
            "{name: total_amount, function: sum, column: order_amount}",
            "{name: order_hour, function: sum, column: quantity} #!",
            "schema[0].customProperties[4].value[0].measures[1].name",
            "`order_hour` exists already",
        ),
        (
            "name: orders_hourly",
            "name: orders #!",
            "schema[0].customProperties[4].value[0].name",
            "`orders` exists already",
        ),
        (
            "value: keep",
            "value: keep\n      - property: unknownFields #!\n        value: keep",
            "schema[0].customProperties[3].property",
            "`unknownFields` stands twice",
        ),
        (
            "from: customer_email\n",
            "from: customer_mail #!\n",
            "schema[0].customProperties[3].value[3].from",
            "there is no column or field `customer_mail`",
        ),
        (
            "derive: date\n            from: order_timestamp",
            "derive: copy\n            from: order_timestamp #!",
            "schema[0].customProperties[3].value[0].from",
            "`order_timestamp` is not a field inside an object",
        ),
        (
            "derive: date\n            from: order_timestamp",
            "derive: date\n            from: order_timestamp\n            bands: [] #!",
            "schema[0].customProperties[3].value[0].bands",
            "unknown key; known are name, description, derive, from",
        ),
        (
            "            from: order_amount\n            bands:",
            "            from: customer_email #!\n            bands:",
            "schema[0].customProperties[3].value[2].from",
            "`customer_email` is restricted and does not reach the warehouse",
        ),
        (
            "order: [order_timestamp]",
            "order: [] #!",
            "schema[0].customProperties[0].value.order",
            "must not be empty",
        ),
        (
            "{name: order_count, function: count}",
            "{name: order_count, function: count, column: quantity} #!",
            "schema[0].customProperties[4].value[0].measures[0].column",
            "`count` counts rows and has no column",
        ),
        (
            "value: op\n",
            "value: operation #!\n",
            "schema[0].customProperties[1].value",
            "there is no column `operation`",
        ),
        (
            "          - name: order_date\n            description: UTC date of order_timestamp.\n            derive: date\n            from: order_timestamp\n",
            "          - name: order_date #!\n            from: order_timestamp\n",
            "schema[0].customProperties[3].value[0]",
            "`derive` is missing",
        ),
        (
            "{label: Medium, upTo: 1000}",
            "{label: Medium} #!",
            "schema[0].customProperties[3].value[2].bands[1]",
            "only the last band has no `upTo`",
        ),
        (
            "{label: Medium, upTo: 1000}",
            "{label: Low, upTo: 1000} #!",
            "schema[0].customProperties[3].value[2].bands[1]",
            "the label `Low` stands twice",
        ),
    ]);
}
