//! The vocabulary of the Open Data Contract Standard v3.1.0, as far as a table can use it: which
//! keys the pipeline follows, which only document, and which it refuses because it would not
//! enforce them.

use crate::read::Keys;

/// The file.
pub(crate) const CONTRACT: Keys = Keys {
    read: &["apiVersion", "kind", "id", "version", "status", "servers", "schema", "slaProperties"],
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
    refused: &[
        ("slaDefaultElement", "give the entry of slaProperties an element"),
        ("customProperties", "they belong to the table or to a column"),
    ],
};

/// An S3 server: the landing zone.
pub(crate) const S3_SERVER: Keys = Keys {
    read: &["type", "format", "delimiter"],
    documentation: &[
        "id",
        "server",
        "description",
        "environment",
        "location",
        "endpointUrl",
        "roles",
        "customProperties",
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
        ("properties", "nested columns are not supported"),
        ("items", "nested columns are not supported"),
    ],
};

/// `logicalTypeOptions` of a string.
pub(crate) const STRING_OPTIONS: Keys = Keys {
    read: &["minLength", "maxLength", "pattern", "format"],
    documentation: &[],
    refused: &[],
};

/// `logicalTypeOptions` of an integer or a number.
pub(crate) const NUMBER_OPTIONS: Keys = Keys {
    read: &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format"],
    documentation: &[],
    refused: &[("multipleOf", "it is not checked")],
};

/// `logicalTypeOptions` of a date.
pub(crate) const DATE_OPTIONS: Keys =
    Keys { read: &["format"], documentation: &[], refused: TIME_BOUNDS };

/// `logicalTypeOptions` of a timestamp.
pub(crate) const TIMESTAMP_OPTIONS: Keys = Keys {
    read: &["defaultTimezone"],
    documentation: &[],
    refused: &[
        ("format", "timestamps are read as RFC 3339"),
        ("timezone", "an offset is honoured where there is one, and UTC meant where there is none"),
        TIME_BOUNDS[0],
        TIME_BOUNDS[1],
        TIME_BOUNDS[2],
        TIME_BOUNDS[3],
    ],
};

const TIME_BOUNDS: &[(&str, &str)] = &[
    ("minimum", "bounds of dates and timestamps are not checked"),
    ("maximum", "bounds of dates and timestamps are not checked"),
    ("exclusiveMinimum", "bounds of dates and timestamps are not checked"),
    ("exclusiveMaximum", "bounds of dates and timestamps are not checked"),
];

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
        ("mustNotBeBetween", "use one of the other comparisons"),
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
        ("schedule", "freshness is checked after every merge"),
        ("scheduler", "freshness is checked after every merge"),
    ],
};

/// An entry of `customProperties`.
pub(crate) const CUSTOM_PROPERTY: Keys =
    Keys { read: &["property", "value"], documentation: &["id", "description"], refused: &[] };
