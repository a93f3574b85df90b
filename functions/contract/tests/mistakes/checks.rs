//! What the table must be.

use crate::assert_refused;

#[test]
fn a_check() {
    assert_refused(&[
        (
            "metric: nullValues",
            "metric: freshness #!",
            "schema[0].properties[3].quality[0].metric",
            "`freshness` is not supported; known are rowCount, nullValues, missingValues, invalidValues, duplicateValues",
        ),
        (
            "metric: rowCount",
            "metric: nullValues #!",
            "schema[0].quality[1].metric",
            "this metric belongs to a column",
        ),
        (
            "mustBeGreaterThan: 0",
            "mustNotBeBetween: [0, 1] #!",
            "schema[0].quality[1].mustNotBeBetween",
            "`mustNotBeBetween` is not supported: use one of the other comparisons",
        ),
        (
            "mustBeGreaterThan: 0",
            "mustBeGreaterThan: 0\n        mustBeLessThan: 9 #!",
            "schema[0].quality[1].mustBeLessThan",
            "give one comparison only",
        ),
        (
            "mustBeGreaterThan: 0",
            "mustBeBetween: [2, 1] #!",
            "schema[0].quality[1].mustBeBetween",
            "the lower bound comes first",
        ),
        (
            "mustBeGreaterThan: 0",
            "mustBe: few #!",
            "schema[0].quality[1].mustBe",
            "`few` is not a plain number of at most 38 digits",
        ),
        (
            "id: orders_row_count",
            "id: order_id_duplicates #!",
            "schema[0].quality[1].id",
            "there is another check `order_id_duplicates`",
        ),
        (
            "      - id: orders_row_count\n        description",
            "      - name: rows #!\n        description",
            "schema[0].quality[1]",
            "`id` is missing",
        ),
        (
            "          properties: [order_id]",
            "          properties: [order_nr] #!",
            "schema[0].quality[0].arguments.properties[0]",
            "there is no column `order_nr`",
        ),
        (
            "type: sql",
            "type: text #!",
            "schema[0].quality[2].type",
            "`text` is not supported; known are library, sql",
        ),
        (
            "query: select count(*) from {object} where order_timestamp > dateadd(hour, 1, _landed_at)",
            "query: select 1 from {object}; drop table orders #!",
            "schema[0].quality[2].query",
            "a rule is one query, without `;`",
        ),
        (
            "query: select count(*) from {object} where order_timestamp > dateadd(hour, 1, _landed_at)",
            "query: select count(*) from {object} join {other} using (order_id) #!",
            "schema[0].quality[2].query",
            "`{other}` stands for nothing here; known is {object}",
        ),
        (
            "        severity: warning",
            "        schedule: '0 * * * *' #!",
            "schema[0].quality[2].schedule",
            "`schedule` is not supported: checks run after every merge",
        ),
        (
            "        severity: warning",
            "        severity: info #!",
            "schema[0].quality[2].severity",
            "`info` is not supported; known are error, warning",
        ),
    ]);
}
