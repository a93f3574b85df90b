//! What stands inside an object.

use crate::{RIDES, assert_refused_in};

#[test]
fn a_field_inside_an_object() {
    assert_refused_in(
        RIDES,
        &[
            (
                "          - name: zone\n            description: Zone of the tariff.\n",
                "          - name: zo.ne #!\n            description: Zone of the tariff.\n",
                "schema[0].properties[8].properties[2].name",
                "`zo.ne` has a point, which separates the names of a path",
            ),
            (
                "          - name: zone\n            description: Zone of the tariff.\n",
                "          - name: lat #!\n            description: Zone of the tariff.\n",
                "schema[0].properties[8].properties[2].name",
                "`lat` exists already",
            ),
            (
                "            description: Zone of the tariff.\n",
                "            unique: true #!\n",
                "schema[0].properties[8].properties[2].unique",
                "`unique` is not supported: only columns are checked for duplicates; copy the field into one with derive",
            ),
            (
                "            description: Zone of the tariff.\n",
                "            classification: restricted #!\n",
                "schema[0].properties[8].properties[2].classification",
                "`classification` is not supported: the whole object has one",
            ),
            (
                "            description: Zone of the tariff.\n",
                "            quality: [{id: x, metric: nullValues, mustBeLessThan: 5}] #!\n",
                "schema[0].properties[8].properties[2].quality[0]",
                "inside an object only row rules are checked",
            ),
            (
                "            description: Zone of the tariff.\n",
                "            customProperties: [{property: field, value: x}] #!\n",
                "schema[0].properties[8].properties[2].customProperties[0].property",
                "`field` is not supported; known are normalise, epoch, notLaterThanArrival",
            ),
            (
                "        description: Where the ride starts.\n        logicalType: object\n",
                "        description: Where the ride starts.\n        logicalType: object\n        logicalTypeOptions: {required: [zone, street]} #!\n",
                "schema[0].properties[8].logicalTypeOptions.required",
                "`street` is not among the properties",
            ),
            (
                "        description: Where the ride starts.\n        logicalType: object\n",
                "        description: Where the ride starts.\n        logicalType: object\n        logicalTypeOptions: {minProperties: 1} #!\n",
                "schema[0].properties[8].logicalTypeOptions.minProperties",
                "`minProperties` is not supported: the number of fields is not checked",
            ),
            (
                "        physicalType: VARIANT\n        examples: ['[",
                "        physicalType: ARRAY #!\n        examples: ['[",
                "schema[0].properties[16].physicalType",
                "`ARRAY` does not hold this logical type: use VARIANT",
            ),
            (
                "        logicalType: array\n",
                "        logicalType: array\n        logicalTypeOptions: {minItems: 1} #!\n",
                "schema[0].properties[16].logicalTypeOptions.minItems",
                "`minItems` is not supported: the items of an array are not checked",
            ),
            (
                "            from: pickup.zone\n",
                "            from: pickup.street #!\n",
                "schema[0].customProperties[2].value[2].from",
                "there is no column or field `pickup.street`",
            ),
            (
                "[ride_hour, city, pickup_zone, vehicle]",
                "[ride_hour, pickup] #!",
                "schema[0].customProperties[3].value[0].groupBy[1]",
                "`pickup` is JSON: equal values may be written differently",
            ),
            (
                "key: [city, ride_number]",
                "key: [city, pickup] #!",
                "schema[0].customProperties[0].value.key[1]",
                "`pickup` is JSON, which does not compare",
            ),
            (
                "key: [city, ride_number]",
                "key: [city, dropoff_zone] #!",
                "schema[0].customProperties[0].value.key[1]",
                "`dropoff_zone` is not required, so it may be null",
            ),
            (
                "            value: bookedFor",
                "            value: fare #!",
                "schema[0].properties[14].customProperties[0].value",
                "`booked_for` and `fare` both read the field `fare`",
            ),
            (
                "        examples: ['[\"airport\", \"child_seat\"]']\n",
                "        unique: true #!\n",
                "schema[0].properties[16].unique",
                "`tags` is JSON, which does not compare",
            ),
            (
                "        examples: ['[\"airport\", \"child_seat\"]']\n",
                "        quality: [{id: x, metric: duplicateValues, mustBe: 0}] #!\n",
                "schema[0].properties[16].quality[0]",
                "`tags` is JSON, which does not compare",
            ),
        ],
    );
}
