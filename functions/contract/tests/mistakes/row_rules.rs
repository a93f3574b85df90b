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
            "{minimum: 1, multipleOf: 2} #!",
            "schema[0].properties[5].logicalTypeOptions.multipleOf",
            "`multipleOf` is not supported: it is not checked",
        ),
        (
            "{minimum: 1, maximum: 10000}",
            "{minimum: 1, maxLength: 5} #!",
            "schema[0].properties[5].logicalTypeOptions.maxLength",
            "unknown key; known are minimum, maximum, exclusiveMinimum, exclusiveMaximum, format",
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
            "{format: ipv4} #!",
            "schema[0].properties[0].logicalTypeOptions.format",
            "`ipv4` is not supported; known are uuid, email",
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
    ]);
}
