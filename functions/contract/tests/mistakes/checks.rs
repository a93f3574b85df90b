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
            "mustNotBeBetween: [0] #!",
            "schema[0].quality[1].mustNotBeBetween",
            "needs two numbers",
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
        (
            "        metric: rowCount\n",
            "        metric: rowCount\n        unit: percent #!\n",
            "schema[0].quality[1].unit",
            "this is a number, not a part of the rows",
        ),
        (
            "        metric: rowCount\n",
            "        metric: rowCount\n        arguments: {properties: [op]} #!\n",
            "schema[0].quality[1].arguments",
            "this metric has no arguments",
        ),
        (
            "      - id: orders_row_count\n        description: The table is not empty.\n        metric: rowCount\n        mustBeGreaterThan: 0\n",
            "      - id: orders_row_count #!\n        metric: rowCount\n",
            "schema[0].quality[1]",
            "a comparison is missing: mustBe, mustBeLessThan, ...",
        ),
        (
            "        metric: rowCount\n",
            "        rule: rowCount #!\n",
            "schema[0].quality[1].rule",
            "`rule` is not supported: use metric",
        ),
        (
            "        metric: rowCount\n",
            "        metric: rowCount\n        query: select 1 from {object} #!\n",
            "schema[0].quality[1].query",
            "does not go with `metric`",
        ),
        (
            "        type: sql\n",
            "        type: sql\n        arguments: {a: 1} #!\n",
            "schema[0].quality[2].arguments",
            "does not go with `query`",
        ),
        (
            "query: select count(*) from {object} where order_timestamp > dateadd(hour, 1, _landed_at)",
            "query: select count(*) from orders #!",
            "schema[0].quality[2].query",
            "the query does not read {object}, the table of this contract",
        ),
        (
            "id: orders_row_count",
            "id: orders row count #!",
            "schema[0].quality[1].id",
            "`orders row count` is not an id: use a-z, A-Z, 0-9, _ and -",
        ),
        (
            "          properties: [order_id]",
            "          properties: [customer_email] #!",
            "schema[0].quality[0].arguments.properties[0]",
            "`customer_email` is restricted and does not reach the warehouse",
        ),
        (
            "        examples: [ada@example.com]",
            "        quality: [{id: x, metric: nullValues, mustBe: 0}] #!",
            "schema[0].properties[11].quality[0]",
            "`customer_email` is restricted and does not reach the warehouse",
        ),
        (
            "        examples: [ada@example.com]",
            "        unique: true #!",
            "schema[0].properties[11].unique",
            "`customer_email` is restricted and does not reach the warehouse",
        ),
        (
            "        examples: [2]",
            "        quality: [{id: x, metric: missingValues, arguments: {missingValues: ['']}, mustBe: 0}] #!",
            "schema[0].properties[5].quality[0].arguments.missingValues",
            "only text can stand for nothing",
        ),
        (
            "        examples: [2]",
            "        quality: [{id: x, metric: invalidValues, arguments: {pattern: a}, mustBe: 0}] #!",
            "schema[0].properties[5].quality[0].arguments.pattern",
            "a pattern is for text",
        ),
        (
            "        examples: [2]",
            "        quality: [{id: x, metric: rowCount, mustBe: 0}] #!",
            "schema[0].properties[5].quality[0].metric",
            "this metric belongs to the table",
        ),
        (
            "        examples: [P-00913]",
            "        quality: [{id: x, metric: invalidValues, arguments: {pattern: a}, mustBeLessThan: 5}] #!",
            "schema[0].properties[6].quality[0].arguments.pattern",
            "a pattern is checked row by row: needs `mustBe: 0` and severity error",
        ),
        (
            "        examples: [P-00913]",
            "        quality: [{id: x, metric: invalidValues, arguments: {pattern: a, validValues: [b]}, mustBe: 0}] #!",
            "schema[0].properties[6].quality[0].arguments",
            "give either `validValues` or `pattern`",
        ),
        (
            "          properties: [order_id]",
            "          properties: order_id #!",
            "schema[0].quality[0].arguments.properties",
            "must be a list",
        ),
        (
            "        arguments:\n          properties: [order_id]",
            "        arguments: order_id #!",
            "schema[0].quality[0].arguments",
            "must be a mapping",
        ),
        (
            "query: select count(*) from {object} where order_timestamp > dateadd(hour, 1, _landed_at)",
            "query: select count(*) from {object} where {property} = 1 #!",
            "schema[0].quality[2].query",
            "`{property}` stands for nothing here; known is {object}",
        ),
        (
            "id: orders_row_count",
            "id: volume #!",
            "schema[0].quality[1].id",
            "`volume` is the name of a check of our own",
        ),
    ]);
}
