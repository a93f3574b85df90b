//! A column: its name, type and class.

use crate::assert_refused;

#[test]
fn a_column() {
    assert_refused(&[
        (
            "name: customer_id",
            "name: CustomerId #!",
            "schema[0].properties[1].name",
            "`CustomerId` is not a name: use a-z, 0-9 and _, beginning with a letter",
        ),
        (
            "name: customer_id",
            "name: _source_line #!",
            "schema[0].properties[1].name",
            "`_source_line` is reserved: names with a leading `_` are our own",
        ),
        (
            "name: customer_id",
            "name: order #!",
            "schema[0].properties[1].name",
            "`order` is reserved: it is a word of SQL",
        ),
        (
            "name: customer_id",
            "name: order_id #!",
            "schema[0].properties[1].name",
            "`order_id` exists already",
        ),
        (
            "name: customer_id",
            "name: no #!",
            "schema[0].properties[1].name",
            "must be text: put `no` in quotes",
        ),
        (
            "        primaryKeyPosition: 1",
            "        transformLogic: upper(x) #!",
            "schema[0].properties[0].transformLogic",
            "`transformLogic` is not supported: it is not run; use the custom property derive of the table",
        ),
        (
            "        logicalType: timestamp",
            "        logicalType: instant #!",
            "schema[0].properties[2].logicalType",
            "`instant` is not a type of the standard",
        ),
        (
            "{defaultTimezone: Etc/UTC}",
            "{defaultTimezone: Europe/Berlin} #!",
            "schema[0].properties[2].logicalTypeOptions.defaultTimezone",
            "`Europe/Berlin` is not supported; known are Etc/UTC, UTC",
        ),
        (
            "        physicalType: NUMBER(12,2)",
            "        physicalType: NUMBER(12,12) #!",
            "schema[0].properties[3].physicalType",
            "the precision is between 1 and 38, and the scale below it",
        ),
        (
            "        logicalType: number\n        physicalType: NUMBER(12,2)",
            "        logicalType: number #!",
            "schema[0].properties[3].logicalType",
            "a number needs a physicalType: NUMBER(p,s) or FLOAT",
        ),
        (
            "        physicalType: NUMBER(19,0)",
            "        physicalType: VARCHAR(8) #!",
            "schema[0].properties[5].physicalType",
            "`VARCHAR(8)` does not hold this logical type: use NUMBER(19,0) or BIGINT or INTEGER or INT",
        ),
        (
            "        physicalType: VARCHAR(36)",
            "        physicalType: BINARY(16) #!",
            "schema[0].properties[0].physicalType",
            "`BINARY(16)` does not hold text: use VARCHAR(n), CHAR(n), VARCHAR, STRING or TEXT",
        ),
        (
            "        required: true\n        unique: true\n        primaryKey: true",
            "        required: false\n        primaryKey: true #!",
            "schema[0].properties[0].primaryKey",
            "`order_id` is part of the primary key, but not required",
        ),
        (
            "        required: true\n        unique: true",
            "        required: 'true' #!",
            "schema[0].properties[0].required",
            "must be true or false",
        ),
        (
            "classification: restricted",
            "classification: confidential #!",
            "schema[0].properties[11].classification",
            "`confidential` is not supported; known are public, internal, restricted",
        ),
        (
            "encryptedName: customer_email_hash",
            "encryptedName: email_hash #!",
            "schema[0].properties[11].encryptedName",
            "no derived column `email_hash` is a hash of `customer_email`",
        ),
        (
            "[trim, lower]",
            "[trim, title] #!",
            "schema[0].properties[11].customProperties[0].value[1]",
            "`title` is not supported; known are trim, upper, lower",
        ),
        (
            "        physicalType: VARCHAR(36)",
            "        physicalType: VARCHAR(36 #!",
            "schema[0].properties[0].physicalType",
            "`VARCHAR(36` is not a type",
        ),
        (
            "        physicalType: VARCHAR(36)",
            "        physicalType: VARCHAR(0) #!",
            "schema[0].properties[0].physicalType",
            "a length is between 1 and 16777216 characters",
        ),
        (
            "        physicalType: NUMBER(12,2)",
            "        physicalType: BIGINT #!",
            "schema[0].properties[3].physicalType",
            "`BIGINT` does not hold a number: use NUMBER(p,s) or FLOAT",
        ),
        (
            "name: customer_id\n",
            "name: customer_id\n        physicalName: CUSTOMER #!\n",
            "schema[0].properties[1].physicalName",
            "the column is called `customer_id` in every table",
        ),
        (
            "        examples: [2]",
            "        customProperties: [{property: normalise, value: [trim]}] #!",
            "schema[0].properties[5].customProperties[0].value",
            "only text is normalised",
        ),
        (
            "[trim, lower]",
            "[upper, lower] #!",
            "schema[0].properties[11].customProperties[0].value",
            "`upper` and `lower` undo each other",
        ),
        (
            "        examples: [2]",
            "        customProperties: [{property: epoch, value: seconds}] #!",
            "schema[0].properties[5].customProperties[0].value",
            "only a timestamp counts from the epoch",
        ),
        (
            "        examples: [2]",
            "        customProperties: [{property: notLaterThanArrival, value: {value: 1, unit: h}}] #!",
            "schema[0].properties[5].customProperties[0].value",
            "only a timestamp is compared with the arrival",
        ),
        (
            "        examples: [2]",
            "        customProperties: [{property: field, value: ''}] #!",
            "schema[0].properties[5].customProperties[0].value",
            "a field has a name",
        ),
        (
            "        examples: [2]",
            "        properties: [{name: a, logicalType: string}] #!",
            "schema[0].properties[5].properties",
            "`quantity` is not an object",
        ),
        (
            "        examples: [2]",
            "        items: {logicalType: string} #!",
            "schema[0].properties[5].items",
            "`items` is not supported: the items of an array are not checked",
        ),
    ]);
}
