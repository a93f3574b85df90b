//! What a value must be.

use crate::assert_refused;

#[test]
fn a_row_rule() {
    assert_refused(&[
        (
            "{pattern: '^[A-Z]{3}$'}",
            "{pattern: '^[A-Z{3}$'} #!",
            "schema[0].properties[4].logicalTypeOptions.pattern",
            "`^[A-Z{3}$` is not a regular expression: unclosed character class",
        ),
        (
            "{minimum: 1, maximum: 10000}",
            "{minimum: 2.50, maximum: 2.5, exclusiveMaximum: 3} #!",
            "schema[0].properties[5].logicalTypeOptions.exclusiveMaximum",
            "give either `maximum` or `exclusiveMaximum`",
        ),
        (
            "{minimum: 1, maximum: 10000}",
            "{minimum: 2.50, exclusiveMaximum: 2.5} #!",
            "schema[0].properties[5].logicalTypeOptions.minimum",
            "no value is within 2.50 and 2.5",
        ),
        (
            "{minimum: 1, maximum: 10000}",
            "{minimum: 1, maximum: 1e4} #!",
            "schema[0].properties[5].logicalTypeOptions.maximum",
            "`1e4` is not a plain number of at most 38 digits",
        ),
        (
            "{minimum: 1, maximum: 10000}",
            "{minimum: 1, multipleOf: 0} #!",
            "schema[0].properties[5].logicalTypeOptions.multipleOf",
            "must be above zero",
        ),
        (
            "{minimum: 1, maximum: 10000}",
            "{minimum: 1, maxLength: 5} #!",
            "schema[0].properties[5].logicalTypeOptions.maxLength",
            "unknown key; known are minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, format",
        ),
        (
            "        logicalTypeOptions: {format: email}",
            "        logicalTypeOptions: {format: email, maxLength: 255} #!",
            "schema[0].properties[11].logicalTypeOptions.maxLength",
            "no value is longer than 254 characters",
        ),
        (
            "        logicalTypeOptions: {format: email}",
            "        logicalTypeOptions: {maxLength: 9, minLength: 10} #!",
            "schema[0].properties[11].logicalTypeOptions.minLength",
            "no value is longer than 9 characters",
        ),
        (
            "{format: uuid}",
            "{format: uuid, maxLength: 32} #!",
            "schema[0].properties[0].logicalTypeOptions.format",
            "a UUID has 36 characters, the column 32",
        ),
        (
            "{format: uuid}",
            "{format: binary} #!",
            "schema[0].properties[0].logicalTypeOptions.format",
            "`binary` is not supported; known are uuid, email, ipv4, ipv6, hostname, uri, date-time",
        ),
        (
            "validValues: [card, paypal, bank_transfer, gift_card]",
            "validValues: [card, cash_on_delivery_or_later] #!",
            "schema[0].properties[9].quality[0].arguments.validValues[1]",
            "`payment_method` can never be `cash_on_delivery_or_later`",
        ),
        (
            "validValues: [card, paypal, bank_transfer, gift_card]",
            "validValues: [] #!",
            "schema[0].properties[9].quality[0].arguments.validValues",
            "must not be empty",
        ),
        (
            "{minimum: 1, maximum: 10000}",
            "{format: u64} #!",
            "schema[0].properties[5].logicalTypeOptions.format",
            "`u64` is not supported; known are i8, i16, i32, i64, u8, u16, u32",
        ),
        (
            "logicalTypeOptions: {minimum: 0}",
            "logicalTypeOptions: {format: f64} #!",
            "schema[0].properties[3].logicalTypeOptions.format",
            "the physicalType decides the form",
        ),
        (
            "logicalTypeOptions: {minimum: 0}",
            "logicalTypeOptions: {minimum: '0'} #!",
            "schema[0].properties[3].logicalTypeOptions.minimum",
            "must be a number, without quotes",
        ),
        (
            "        physicalType: NUMBER(12,2)\n        required: true\n        logicalTypeOptions: {minimum: 0}",
            "        physicalType: FLOAT\n        required: true\n        logicalTypeOptions: {multipleOf: 1} #!",
            "schema[0].properties[3].logicalTypeOptions.multipleOf",
            "`multipleOf` is not supported: a FLOAT is not exact; use NUMBER(p,s)",
        ),
        (
            "{defaultTimezone: Etc/UTC}",
            "{minimum: 2020-01-01T00:00:00Z} #!",
            "schema[0].properties[2].logicalTypeOptions.minimum",
            "must be text: put `2020-01-01T00:00:00Z` in quotes",
        ),
        (
            "{defaultTimezone: Etc/UTC}",
            "{minimum: '2020-01-01'} #!",
            "schema[0].properties[2].logicalTypeOptions.minimum",
            "`2020-01-01` is not an RFC 3339 time with its offset",
        ),
        (
            "{defaultTimezone: Etc/UTC}",
            "{minimum: '2020-01-01T00:00:00Z', exclusiveMaximum: '2020-01-01T01:00:00+01:00'} #!",
            "schema[0].properties[2].logicalTypeOptions.minimum",
            "no value is within 2020-01-01T00:00:00Z and 2020-01-01T01:00:00+01:00",
        ),
        (
            "{defaultTimezone: Etc/UTC}",
            "{format: yyyy} #!",
            "schema[0].properties[2].logicalTypeOptions.format",
            "`format` is not supported: timestamps are RFC 3339 text, or numbers with the custom property epoch",
        ),
        (
            "        logicalTypeOptions: {format: email}",
            "        logicalTypeOptions: {maxLength: many} #!",
            "schema[0].properties[11].logicalTypeOptions.maxLength",
            "`many` is not a whole number",
        ),
    ]);
}
