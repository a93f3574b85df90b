//! What stands around the table.

use crate::assert_refused;

#[test]
fn the_document() {
    assert_refused(&[
        (
            "status: active",
            "status: active: now #!",
            "",
            "not YAML: mapping values are not allowed in this context",
        ),
        ("status: active", "status: active\nid: again #!", "", "the key `id` stands twice"),
        (
            "status: active",
            "status: &anchor active #!",
            "",
            "anchors, aliases and tags are not supported",
        ),
        (
            "apiVersion: v3.1.0",
            "apiVersion: v2.2.2 #!",
            "apiVersion",
            "`v2.2.2` is not supported; known are v3.1.0",
        ),
        (
            "  - server: warehouse\n    type: snowflake",
            "  - server: warehouse #!",
            "servers[1]",
            "`type` is missing",
        ),
        ("version: 1.0.0", "version: 1.0 #!", "version", "must be text: put `1.0` in quotes"),
        (
            "domain: commerce",
            "slaDefaultElement: orders.op #!",
            "slaDefaultElement",
            "`slaDefaultElement` is not supported: give the entry of slaProperties an element",
        ),
        (
            "domain: commerce",
            "customProperties: [] #!",
            "customProperties",
            "`customProperties` is not supported: they belong to the table or to a column",
        ),
        (
            "    format: json",
            "    format: parquet #!",
            "servers[0].format",
            "`parquet` is not supported; known are json, csv",
        ),
        (
            "    delimiter: new_line",
            "    delimiter: array #!",
            "servers[0].delimiter",
            "`array` is not supported; known are new_line",
        ),
        (
            "    physicalName: processed_orders",
            "    physicalName: sales #!",
            "schema[0].physicalName",
            "the table consumers query is called `processed_orders`",
        ),
        (
            "    physicalType: table",
            "    relationships: [] #!",
            "schema[0].relationships",
            "`relationships` is not supported: foreign keys are not checked",
        ),
        (
            "property: freshness",
            "property: latency #!",
            "slaProperties[0].property",
            "`latency` is not supported; known are freshness",
        ),
        (
            "element: orders.order_timestamp",
            "element: orders.quantity #!",
            "slaProperties[0].element",
            "`quantity` is not an unrestricted timestamp",
        ),
    ]);
}
