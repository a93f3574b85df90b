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
            "    element: orders.order_timestamp\n    driver: operational",
            "slaDefaultElement: orders.op #!",
            "slaDefaultElement",
            "`op` is not an unrestricted timestamp or date",
        ),
        (
            "domain: commerce",
            "customProperties: [] #!",
            "customProperties",
            "`customProperties` is not supported: they belong to the table, a column or the landing server",
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
            "property: availability #!",
            "slaProperties[0].property",
            "`availability` is not supported; known are freshness, latency, retention",
        ),
        (
            "element: orders.order_timestamp",
            "element: orders.quantity #!",
            "slaProperties[0].element",
            "`quantity` is not an unrestricted timestamp or date",
        ),
        (
            "    value: 15\n",
            "    value: 0 #!\n",
            "slaProperties[0].value",
            "nothing is younger than no time",
        ),
        (
            "    unit: m\n",
            "    unit: s #!\n",
            "slaProperties[0].unit",
            "`s` is not supported; known are m, minutes, h, hours, d, days",
        ),
        (
            "  - property: freshness\n",
            "  - property: retention\n    schedule: daily #!\n",
            "slaProperties[0].schedule",
            "`schedule` is not supported: it is checked after every merge",
        ),
        (
            "    format: json\n    delimiter: new_line\n",
            "    format: csv\n    delimiter: new_line #!\n",
            "servers[0].delimiter",
            "says how JSON is cut; for CSV use the custom property csvDelimiter",
        ),
        (
            "    delimiter: new_line\n",
            "    customProperties: [{property: csvDelimiter, value: '::'}] #!\n",
            "servers[0].customProperties[0].value",
            "must be one ASCII character, no letter, digit or quote",
        ),
        (
            "    delimiter: new_line\n",
            "    customProperties: [{property: csvNull, value: 'a,b'}] #!\n",
            "servers[0].customProperties[0].value",
            "never stands in a field without quotes",
        ),
        (
            "    delimiter: new_line\n",
            "    customProperties: [{property: csvQuote, value: x}] #!\n",
            "servers[0].customProperties[0].property",
            "`csvQuote` is not supported; known are csvDelimiter, csvNull",
        ),
        (
            "schema:\n  - name: orders\n",
            "schema: #!\n  - name: other\n  - name: orders\n",
            "schema",
            "a contract describes one table",
        ),
        (
            "    type: snowflake\n    description: Where consumers query.\n    environment: prod\n    account: MYORG-MYACCOUNT\n    database: SNOWLINE\n    schema: ANALYTICS\n    warehouse: SNOWLINE_WH\n",
            "    type: s3\n    format: csv #!\n",
            "servers[1].format",
            "another s3 server has another format",
        ),
        (
            "servers:\n  - server: landing\n    type: s3\n",
            "servers: #!\n  - server: landing\n    type: azure\n",
            "servers",
            "there is no server of type s3, where the data lands",
        ),
        (
            "    value: 15\n",
            "    value: 4294967296 #!\n",
            "slaProperties[0].value",
            "`4294967296` is not a whole number",
        ),
        (
            "    value: 15\n    unit: m\n",
            "    value: 4294967295 #!\n    unit: h\n",
            "slaProperties[0].value",
            "too long",
        ),
        (
            "    value: 15\n",
            "    value: '15' #!\n",
            "slaProperties[0].value",
            "must be a whole number, without quotes",
        ),
        (
            "element: orders.order_timestamp",
            "element: order_timestamp #!",
            "slaProperties[0].element",
            "`order_timestamp` is not `orders.` and a column",
        ),
        (
            "  - property: freshness\n    description: The newest order is at most a quarter of an hour old.\n    value: 15\n    unit: m\n    element: orders.order_timestamp\n",
            "  - property: freshness #!\n    value: 15\n    unit: m\n",
            "slaProperties[0]",
            "`element` is missing",
        ),
    ]);
}
