use super::*;

/// The same of rides.
pub(super) const RIDES: [Mutation; 32] = [
    (|d| d.nested.retain(|field| field.name != "pickup.lat"), Neutral, "pickup.lat", "removed"),
    (
        |d| d.nested.push(Column::new("pickup.gate", DataType::Integer)),
        Additive,
        "pickup.gate",
        "added",
    ),
    (
        |d| {
            d.nested
                .push(Column { required: true, ..Column::new("pickup.gate", DataType::Integer) })
        },
        Breaking,
        "pickup.gate",
        "required field",
    ),
    (|d| d.nested.swap(0, 1), Neutral, "properties", "reordered"),
    (|d| column(d, "pickup.lat").required = false, Additive, "pickup.lat", "not required"),
    (|d| column(d, "pickup.lat").restricted = true, Neutral, "pickup.lat", "classified"),
    (
        |d| column(d, "updated_at").epoch = None,
        Breaking,
        "updated_at",
        "was milliseconds since 1970, is RFC 3339",
    ),
    (
        |d| column(d, "updated_at").rules.retain(|rule| !matches!(rule, Rule::Earliest { .. })),
        Additive,
        "updated_at",
        "no minimum 2020",
    ),
    (
        |d| {
            column(d, "updated_at").rules = vec![
                Rule::Earliest {
                    bound: Moment { text: "2021-01-01T00:00:00Z".into(), value: i64::MAX },
                    exclusive: false,
                },
                Rule::NotLaterThanArrival { tolerance_seconds: 3600 },
            ]
        },
        Breaking,
        "updated_at",
        "minimum 2021",
    ),
    (
        |d| {
            column(d, "updated_at").rules[1] = Rule::NotLaterThanArrival { tolerance_seconds: 7200 }
        },
        Additive,
        "updated_at",
        "7200 s after arrival",
    ),
    (
        |d| column(d, "fare").rules[1] = Rule::MultipleOf { unit: number("0.1") },
        Breaking,
        "fare",
        "multiple of 0.1, was multiple of 0.05",
    ),
    (
        |d| {
            column(d, "currency").rules.iter_mut().for_each(|rule| {
                if let Rule::Pattern { pattern } = rule {
                    pattern.push('x')
                }
            })
        },
        Breaking,
        "currency",
        "pattern ^[A-Z]{3}$x",
    ),
    (
        |d| column(d, "tip").rules = vec![Rule::Minimum { bound: number("0"), exclusive: false }],
        Additive,
        "tip",
        "minimum 0, was minimum 0 (exclusive)",
    ),
    (
        |d| d.unknown_fields = UnknownFields::Reject,
        Breaking,
        "unknownFields",
        "was drop, is reject",
    ),
    (|d| d.unknown_fields = UnknownFields::Keep, Additive, "unknownFields", "was drop, is keep"),
    (|d| d.derived.retain(|derived| derived.name != "ride_date"), Breaking, "ride_date", "removed"),
    (
        |d| {
            d.derived.push(Derived {
                name: "x".into(),
                description: None,
                derivation: Derivation::Constant { value: "y".into() },
            })
        },
        Breaking,
        "x",
        "constant",
    ),
    (
        |d| {
            d.derived.push(Derived {
                name: "x".into(),
                description: None,
                derivation: Derivation::Copy {
                    from: "dropoff.zone".into(),
                    data_type: DataType::Boolean,
                },
            })
        },
        Additive,
        "x",
        "copy of dropoff.zone",
    ),
    (|d| derived(d, "ride_date").description = None, Neutral, "ride_date", "description"),
    (
        |d| derived(d, "ride_date").derivation = Derivation::Hour { from: "updated_at".into() },
        Breaking,
        "ride_date",
        "was date of updated_at, is hour of updated_at",
    ),
    (
        |d| {
            derived(d, "pickup_zone").derivation = Derivation::Copy {
                from: "dropoff.zone".into(),
                data_type: DataType::String { max_chars: Some(16) },
            }
        },
        Breaking,
        "pickup_zone",
        "copy of dropoff.zone",
    ),
    (
        |d| {
            derived(d, "distance_band").derivation = Derivation::Band {
                from: "fare".into(),
                bands: vec![Band { label: "Any".into(), up_to: Some(number("1")) }],
            }
        },
        Breaking,
        "distance_band",
        "band of fare (Any up to 1)",
    ),
    (|d| d.derived.swap(0, 1), Neutral, "derive", "reordered"),
    (|d| column(d, "pickup.zone").required = false, Breaking, "pickup_zone", "may be null now"),
    (|d| d.aggregates.clear(), Breaking, "rides_hourly", "aggregate removed"),
    (
        |d| d.aggregates.push(Aggregate { name: "x".into(), group_by: vec![], measures: vec![] }),
        Additive,
        "x",
        "aggregate added",
    ),
    (|d| drop(d.aggregates[0].group_by.pop()), Breaking, "rides_hourly", "grouped by"),
    (
        |d| drop(d.aggregates[0].measures.pop()),
        Breaking,
        "rides_hourly.longest_km",
        "measure removed",
    ),
    (|d| d.aggregates[0].measures.swap(0, 1), Neutral, "rides_hourly", "measures reordered"),
    (
        |d| {
            d.aggregates[0].measures[1] = Measure {
                name: "total_fare".into(),
                function: Function::Min,
                column: Some("tip".into()),
                data_type: DataType::Decimal { precision: 10, scale: 2 },
            }
        },
        Breaking,
        "rides_hourly.total_fare",
        "is min of tip, NUMBER(10,2)",
    ),
    (|d| d.freshness = None, Neutral, "freshness", "not promised any more"),
    (
        |d| d.latency = Some(ServiceLevel { column: "ride_hour".into(), minutes: 1 }),
        Neutral,
        "latency",
        "1 minutes by ride_hour",
    ),
];

pub(super) const RETENTIONS: [Mutation; 3] = [
    (
        |d| {
            d.retention =
                Some(Retention { column: "ride_date".into(), amount: 4, unit: CalendarUnit::Month })
        },
        Neutral,
        "retention",
        "is 4 months by ride_date",
    ),
    (|d| d.retention = None, Neutral, "retention", "is none"),
    (
        |d| d.freshness = Some(ServiceLevel { column: "updated_at".into(), minutes: 10 }),
        Neutral,
        "freshness",
        "is 10 minutes",
    ),
];
