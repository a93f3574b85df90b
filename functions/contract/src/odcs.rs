//! The vocabulary of the Open Data Contract Standard v3.1.0, as far as a table can use it: which
//! keys the pipeline follows, which only document, and which it refuses because it would not
//! enforce them.

use crate::read::Keys;

/// The file.
pub(crate) const CONTRACT: Keys = Keys {
    read: &[
        "apiVersion",
        "kind",
        "id",
        "version",
        "status",
        "servers",
        "schema",
        "slaProperties",
        "slaDefaultElement",
    ],
    documentation: &[
        "name",
        "description",
        "domain",
        "dataProduct",
        "tenant",
        "tags",
        "team",
        "roles",
        "support",
        "price",
        "authoritativeDefinitions",
        "contractCreatedTs",
    ],
    refused: &[("customProperties", "they belong to the table, a column or the landing server")],
};

/// An S3 server: the landing zone.
pub(crate) const S3_SERVER: Keys = Keys {
    read: &["type", "format", "delimiter", "customProperties"],
    documentation: &[
        "id",
        "server",
        "description",
        "environment",
        "location",
        "endpointUrl",
        "roles",
    ],
    refused: &[],
};

/// A table.
pub(crate) const TABLE: Keys = Keys {
    read: &[
        "name",
        "physicalName",
        "physicalType",
        "logicalType",
        "properties",
        "quality",
        "customProperties",
    ],
    documentation: &[
        "id",
        "description",
        "businessName",
        "dataGranularityDescription",
        "tags",
        "authoritativeDefinitions",
    ],
    refused: &[("relationships", "foreign keys are not checked")],
};

/// A column.
pub(crate) const PROPERTY: Keys = Keys {
    read: &[
        "name",
        "description",
        "physicalName",
        "logicalType",
        "physicalType",
        "logicalTypeOptions",
        "required",
        "unique",
        "primaryKey",
        "classification",
        "encryptedName",
        "quality",
        "customProperties",
        "properties",
    ],
    documentation: &[
        "id",
        "businessName",
        "tags",
        "authoritativeDefinitions",
        "examples",
        "criticalDataElement",
        "primaryKeyPosition",
        "partitioned",
        "partitionKeyPosition",
        "transformSourceObjects",
        "transformDescription",
    ],
    refused: &[
        ("transformLogic", "it is not run; use the custom property derive of the table"),
        ("relationships", "foreign keys are not checked"),
        ("items", "the items of an array are not checked"),
    ],
};

/// A field inside an object.
pub(crate) const NESTED_PROPERTY: Keys = Keys {
    read: &[
        "name",
        "description",
        "logicalType",
        "physicalType",
        "logicalTypeOptions",
        "required",
        "quality",
        "customProperties",
        "properties",
    ],
    documentation: &[
        "id",
        "businessName",
        "tags",
        "authoritativeDefinitions",
        "examples",
        "criticalDataElement",
    ],
    refused: &[
        ("physicalName", "a field inside an object has no column"),
        ("unique", "only columns are checked for duplicates; copy the field into one with derive"),
        ("primaryKey", "only columns are; copy the field into one with derive"),
        ("primaryKeyPosition", "only columns are; copy the field into one with derive"),
        ("partitioned", "only columns are"),
        ("partitionKeyPosition", "only columns are"),
        ("classification", "the whole object has one"),
        ("encryptedName", "the whole object is restricted, or none of it"),
        ("transformSourceObjects", "a field inside an object is as it was delivered"),
        ("transformLogic", "it is not run"),
        ("transformDescription", "a field inside an object is as it was delivered"),
        ("relationships", "foreign keys are not checked"),
        ("items", "the items of an array are not checked"),
    ],
};

/// `logicalTypeOptions` of a string.
pub(crate) const STRING_OPTIONS: Keys = Keys {
    read: &["minLength", "maxLength", "pattern", "format"],
    documentation: &[],
    refused: &[],
};

/// `logicalTypeOptions` of an integer or an exact number.
pub(crate) const NUMBER_OPTIONS: Keys = Keys {
    read: &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"],
    documentation: &[],
    refused: &[],
};

/// `logicalTypeOptions` of a FLOAT.
pub(crate) const DOUBLE_OPTIONS: Keys = Keys {
    read: &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format"],
    documentation: &[],
    refused: &[("multipleOf", "a FLOAT is not exact; use NUMBER(p,s)")],
};

/// `logicalTypeOptions` of a date.
pub(crate) const DATE_OPTIONS: Keys = Keys {
    read: &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format"],
    documentation: &[],
    refused: &[],
};

/// `logicalTypeOptions` of a timestamp.
pub(crate) const TIMESTAMP_OPTIONS: Keys = Keys {
    read: &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "defaultTimezone"],
    documentation: &[],
    refused: &[
        ("format", "timestamps are RFC 3339 text, or numbers with the custom property epoch"),
        ("timezone", "an offset is honoured where there is one, and UTC meant where there is none"),
    ],
};

/// `logicalTypeOptions` of a time of day.
pub(crate) const TIME_OPTIONS: Keys = Keys {
    read: &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format"],
    documentation: &[],
    refused: &[
        ("timezone", "a time of day has none"),
        ("defaultTimezone", "a time of day has no time zone"),
    ],
};

/// `logicalTypeOptions` of an object.
pub(crate) const OBJECT_OPTIONS: Keys = Keys {
    read: &["required"],
    documentation: &[],
    refused: &[
        ("minProperties", "the number of fields is not checked"),
        ("maxProperties", "the number of fields is not checked"),
    ],
};

/// `logicalTypeOptions` of an array.
pub(crate) const ARRAY_OPTIONS: Keys = Keys {
    read: &[],
    documentation: &[],
    refused: &[
        ("minItems", "the items of an array are not checked"),
        ("maxItems", "the items of an array are not checked"),
        ("uniqueItems", "the items of an array are not checked"),
    ],
};

/// `logicalTypeOptions` of a type that has none.
pub(crate) const NO_OPTIONS: Keys = Keys { read: &[], documentation: &[], refused: &[] };

/// A quality rule of a table or a column.
pub(crate) const QUALITY: Keys = Keys {
    read: &[
        "id",
        "description",
        "type",
        "metric",
        "arguments",
        "query",
        "unit",
        "severity",
        "mustBe",
        "mustNotBe",
        "mustBeGreaterThan",
        "mustBeGreaterOrEqualTo",
        "mustBeLessThan",
        "mustBeLessOrEqualTo",
        "mustBeBetween",
        "mustNotBeBetween",
    ],
    documentation: &[
        "name",
        "dimension",
        "businessImpact",
        "method",
        "tags",
        "authoritativeDefinitions",
    ],
    refused: &[
        ("rule", "use metric"),
        ("schedule", "checks run after every merge"),
        ("scheduler", "checks run after every merge"),
        ("engine", "only library and sql rules are run"),
        ("implementation", "only library and sql rules are run"),
        ("customProperties", "they belong to the table or to a column"),
    ],
};

/// `arguments` of the metric missingValues.
pub(crate) const MISSING_VALUES: Keys =
    Keys { read: &["missingValues"], documentation: &[], refused: &[] };

/// `arguments` of the metric invalidValues.
pub(crate) const INVALID_VALUES: Keys =
    Keys { read: &["validValues", "pattern"], documentation: &[], refused: &[] };

/// `arguments` of the metric duplicateValues.
pub(crate) const DUPLICATES: Keys =
    Keys { read: &["properties"], documentation: &[], refused: &[] };

/// A service level.
pub(crate) const SERVICE_LEVEL: Keys = Keys {
    read: &["property", "value", "unit", "element"],
    documentation: &["id", "driver", "description"],
    refused: &[
        ("valueExt", "the value is the only bound"),
        ("schedule", "it is checked after every merge"),
        ("scheduler", "it is checked after every merge"),
    ],
};

/// An entry of `customProperties`.
pub(crate) const CUSTOM_PROPERTY: Keys =
    Keys { read: &["property", "value"], documentation: &["id", "description"], refused: &[] };
