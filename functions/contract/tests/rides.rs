//! What the rides contract says that the orders contract does not.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use contract::{
    CalendarUnit, Csv, DataType, Dataset, Decimal, Derivation, EpochUnit, Retention, Rule,
    ServiceLevel, TextFormat, UnknownFields,
};

const RIDES: &str = include_str!("../../../contracts/rides.odcs.yaml");

fn rides() -> Dataset {
    Dataset::from_yaml("rides.odcs.yaml", RIDES).unwrap()
}

/// The rides contract with other words in one place.
fn edited(from: &str, to: &str) -> Dataset {
    assert_eq!(RIDES.matches(from).count(), 1, "stands in the contract once: {from}");
    Dataset::from_yaml("rides.odcs.yaml", &RIDES.replacen(from, to, 1)).unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn a_column_may_read_a_field_of_another_name() {
    let rides = rides();
    let fields: Vec<_> = rides.columns.iter().map(|column| column.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "city",
            "rideNumber",
            "updatedAt",
            "status",
            "vehicle",
            "riderId",
            "riderPhone",
            "deviceIp",
            "pickup",
            "dropoff",
            "distanceKm",
            "fare",
            "tip",
            "currency",
            "bookedFor",
            "rating",
            "tags",
        ]
    );
}

#[test]
fn fields_inside_objects_have_paths_types_and_rules() {
    let rides = rides();
    let paths: Vec<_> =
        rides.nested.iter().map(|field| (field.name.as_str(), field.required)).collect();
    assert_eq!(
        paths,
        [
            ("pickup.lat", true),
            ("pickup.lon", true),
            ("pickup.zone", true),
            ("dropoff.lat", true),
            ("dropoff.lon", true),
            ("dropoff.zone", false),
        ]
    );
    let degrees = DataType::Decimal { precision: 9, scale: 6 };
    assert_eq!(rides.nested[1].data_type, degrees);
    let least = Rule::Minimum { bound: decimal("-180"), exclusive: false };
    let most = Rule::Maximum { bound: decimal("180"), exclusive: false };
    assert_eq!(rides.nested[1].rules, [least, most]);

    let deeper = edited(
        "          - name: zone\n            description: Zone of the tariff.\n",
        "          - name: block\n            logicalType: object\n            properties:\n\
         \x20             - {name: houseNumber, logicalType: integer, required: true}\n\
         \x20         - name: zone\n            description: Zone of the tariff.\n",
    );
    let paths: Vec<_> = deeper.nested[2..5].iter().map(|field| field.name.as_str()).collect();
    assert_eq!(paths, ["pickup.block", "pickup.block.houseNumber", "pickup.zone"]);

    let listed = edited(
        "        description: Where the ride ends; null until then.\n        logicalType: object\n",
        "        logicalType: object\n        logicalTypeOptions: {required: [zone]}\n",
    );
    assert!(listed.nested[5].required);
}

#[test]
fn a_copy_is_null_where_its_field_or_the_object_around_it_is_missing() {
    let rides = rides();
    let zone = DataType::String { max_chars: Some(16) };
    let copy = |from: &str| Derivation::Copy { from: from.to_owned(), data_type: zone };
    assert_eq!(rides.derived[2].derivation, copy("pickup.zone"));
    let columns = rides.processed_columns();
    let column = |name: &str| columns.iter().find(|column| column.name == name).unwrap();
    assert_eq!((column("pickup_zone").data_type, column("pickup_zone").nullable), (zone, false));
    assert!(column("dropoff_zone").nullable);
    let required = edited(
        "            description: Zone of the tariff; null outside of all of them.\n            logicalType: string\n",
        "            logicalType: string\n            required: true\n",
    );
    let columns = required.processed_columns();
    assert!(columns.iter().any(|column| column.name == "dropoff_zone" && column.nullable));
}

#[test]
fn times_have_their_rules() {
    let rides = rides();
    let updated_at = rides.column("updated_at").unwrap();
    assert_eq!(updated_at.epoch, Some(EpochUnit::Milliseconds));
    let [Rule::Earliest { bound, exclusive: false }, rule] = &updated_at.rules[..] else {
        panic!("{:?}", updated_at.rules)
    };
    assert_eq!((bound.text.as_str(), bound.value), ("2020-01-01T00:00:00Z", 1_577_836_800_000_000));
    assert_eq!(*rule, Rule::NotLaterThanArrival { tolerance_seconds: 3600 });
    assert_eq!(rides.column("booked_for").unwrap().data_type, DataType::Time);
    let fare = &rides.column("fare").unwrap().rules;
    assert_eq!(fare.last(), Some(&Rule::MultipleOf { unit: decimal("0.05") }));
    let ip = &rides.column("device_ip").unwrap().rules;
    assert_eq!(ip.last(), Some(&Rule::Format { format: TextFormat::Ipv4 }));
}

#[test]
fn service_levels_share_their_element() {
    let rides = rides();
    let level = |minutes| Some(ServiceLevel { column: "updated_at".to_owned(), minutes });
    assert_eq!((rides.freshness.clone(), rides.latency.clone()), (level(30), level(120)));
    let column = "updated_at".to_owned();
    let unit = CalendarUnit::Year;
    assert_eq!(rides.retention, Some(Retention { column, amount: 3, unit }));
    assert_eq!(rides.dedupe.key, ["city", "ride_number"]);
    assert_eq!((rides.operation, rides.unknown_fields), (None, UnknownFields::Drop));
}

#[test]
fn the_landing_server_says_how_csv_is_written() {
    assert_eq!(rides().csv, Csv { delimiter: ',', null: String::new() });
    let server = "    format: csv\n    customProperties:\n      - {property: csvDelimiter, \
                  value: \"\\t\"}\n      - {property: csvNull, value: '\\N'}";
    let tabs = edited("    format: json\n    delimiter: new_line", server);
    assert_eq!(tabs.csv, Csv { delimiter: '\t', null: "\\N".to_owned() });
}

#[test]
fn merge_key_and_order_may_be_derived() {
    let rides = edited("key: [city, ride_number]", "key: [pickup_zone, ride_number]");
    assert_eq!(rides.dedupe.key, ["pickup_zone", "ride_number"]);
}
