use super::*;

/// The first change that a mutation of orders must bring about.
pub(super) const ORDERS: [Mutation; 44] = [
    (|d| d.name = "sales".into(), Breaking, "name", "is called sales"),
    (|d| d.version = "1.0.1".into(), Neutral, "version", "was 1.0.0, is 1.0.1"),
    (|d| d.format = Format::Csv, Breaking, "servers", "format was json, is csv"),
    (|d| d.csv.delimiter = ';', Breaking, "servers", "csvDelimiter was ',', is ';'"),
    (|d| d.csv.null = "-".into(), Breaking, "servers", "csvNull"),
    (
        |d| d.columns.push(Column::new("x", DataType::Integer)),
        Additive,
        "x",
        "column added: nullable",
    ),
    (
        |d| d.columns.push(Column { required: true, ..Column::new("x", DataType::Integer) }),
        Breaking,
        "x",
        "required column added",
    ),
    (
        |d| d.columns.push(Column { restricted: true, ..Column::new("x", DataType::Integer) }),
        Additive,
        "x",
        "restricted",
    ),
    (|d| d.columns.retain(|c| c.name != "quantity"), Breaking, "quantity", "column removed"),
    (|d| d.columns.swap(0, 1), Neutral, "columns", "reordered"),
    (
        |d| column(d, "quantity").field = "qty".into(),
        Breaking,
        "quantity",
        "reads the field \"qty\"",
    ),
    (|d| column(d, "quantity").description = None, Neutral, "quantity", "description"),
    (
        |d| column(d, "quantity").data_type = DataType::Double,
        Breaking,
        "quantity",
        "type was NUMBER(19,0), is FLOAT",
    ),
    (
        |d| column(d, "order_amount").data_type = DataType::Decimal { precision: 14, scale: 2 },
        Additive,
        "order_amount",
        "is NUMBER(14,2)",
    ),
    (
        |d| column(d, "order_amount").data_type = DataType::Decimal { precision: 12, scale: 3 },
        Breaking,
        "order_amount",
        "is NUMBER(12,3)",
    ),
    (
        |d| column(d, "order_amount").data_type = DataType::Decimal { precision: 10, scale: 2 },
        Breaking,
        "order_amount",
        "is NUMBER(10,2)",
    ),
    (
        |d| column(d, "currency").data_type = DataType::String { max_chars: Some(5) },
        Additive,
        "currency",
        "type was VARCHAR(3), is VARCHAR(5)",
    ),
    (|d| column(d, "quantity").required = false, Breaking, "quantity", "not required any more"),
    (|d| column(d, "payment_method").required = true, Breaking, "payment_method", "required now"),
    (
        |d| column(d, "customer_email").restricted = false,
        Additive,
        "customer_email",
        "not restricted any more",
    ),
    (|d| column(d, "quantity").restricted = true, Breaking, "quantity", "restricted now"),
    (
        |d| column(d, "order_timestamp").epoch = Some(EpochUnit::Seconds),
        Breaking,
        "order_timestamp",
        "was RFC 3339 text, is seconds",
    ),
    (
        |d| column(d, "currency").normalise.clear(),
        Breaking,
        "currency",
        "normalise was [trim, upper], is []",
    ),
    (|d| column(d, "quantity").rules.clear(), Additive, "quantity", "no minimum 1 any more"),
    (
        |d| column(d, "order_id").rules.push(Rule::MinLength { chars: 2 }),
        Breaking,
        "order_id",
        "at least 2 characters added",
    ),
    (
        |d| {
            column(d, "order_amount").rules =
                vec![Rule::Minimum { bound: number("0.00"), exclusive: true }]
        },
        Breaking,
        "order_amount",
        "minimum 0.00 (exclusive), was minimum 0",
    ),
    (
        |d| {
            column(d, "order_amount").rules =
                vec![Rule::Minimum { bound: number("-1"), exclusive: false }]
        },
        Additive,
        "order_amount",
        "minimum -1",
    ),
    (
        |d| {
            column(d, "order_amount").rules =
                vec![Rule::Minimum { bound: number("0.0"), exclusive: false }]
        },
        Neutral,
        "order_amount",
        "minimum 0.0",
    ),
    (|d| column(d, "quantity").rules.swap(0, 1), Neutral, "quantity", "rules reordered"),
    (
        |d| drop(values(column(d, "order_status")).pop()),
        Breaking,
        "order_status",
        "narrowed by returned",
    ),
    (
        |d| values(column(d, "order_status")).push("lost".into()),
        Additive,
        "order_status",
        "widened by lost",
    ),
    (
        |d| values(column(d, "order_status")).swap(0, 1),
        Neutral,
        "order_status",
        "valid values reordered",
    ),
    (
        |d| d.dedupe.key.push("customer_id".into()),
        Breaking,
        "dedupe",
        "the key was [order_id], is [order_id, customer_id]",
    ),
    (|d| d.dedupe.order = vec!["quantity".into()], Breaking, "dedupe", "the order was"),
    (|d| d.operation = None, Breaking, "operation", "was op, is none"),
    (|d| d.unknown_fields = UnknownFields::Drop, Breaking, "unknownFields", "was keep, is drop"),
    (
        |d| d.checks.retain(|check| check.id != "orders_row_count"),
        Neutral,
        "orders_row_count",
        "removed",
    ),
    (
        |d| check(d, "orders_row_count").must = Comparison::BeGreaterThan { bound: number("9") },
        Neutral,
        "orders_row_count",
        "must be above 9, was must be above 0",
    ),
    (
        |d| check(d, "orders_row_count").severity = Severity::Warning,
        Neutral,
        "orders_row_count",
        "loosened",
    ),
    (
        |d| check(d, "orders_row_count").description = None,
        Neutral,
        "orders_row_count",
        "description",
    ),
    (
        |d| check(d, "orders_from_the_future").metric = Metric::RowCount,
        Neutral,
        "orders_from_the_future",
        "measures the rows",
    ),
    (
        |d| {
            check(d, "order_amount_present").metric =
                Metric::NullValues { column: "quantity".into(), percent: true }
        },
        Neutral,
        "order_amount_present",
        "nulls of quantity in percent",
    ),
    (
        |d| {
            check(d, "order_id_duplicates").metric =
                Metric::DuplicateValues { columns: vec!["quantity".into()], percent: true }
        },
        Neutral,
        "order_id_duplicates",
        "duplicates of quantity in percent",
    ),
    (|d| d.checks.swap(0, 1), Neutral, "quality", "reordered"),
];
