//! A file without some rows is the file of an object that never had them.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use columnar::{Output, Transformer, remove_lines};
use serde_json::json;

use crate::object::{Memory, orders, run_on, transformer};

const ROWS: usize = 500;

fn files(transformer: &Transformer, lines: &[String]) -> [Vec<u8>; 2] {
    let (report, memory): (_, Memory) =
        run_on(transformer, lines.join("\n").as_bytes(), "landing/object");
    assert_eq!(report.expect("a report").rejected_by_rule, [].into());
    [Output::Processing, Output::Processed].map(|output| memory.bytes(output))
}

fn an_order(n: usize) -> String {
    let payment = if n.is_multiple_of(3) { json!(null) } else { json!("card") };
    let mut order = json!({
        "order_id": format!("6f1c2f6e-0f0b-4b43-9f0e-{n:012x}"), "customer_id": format!("C-{}", n % 7),
        "order_timestamp": format!("2026-11-22T08:{:02}:00Z", n % 60), "order_amount": 12.5,
        "currency": " eur", "quantity": n % 5 + 1, "product_id": format!("P-{n}"),
        "product_category": "books", "order_status": "paid", "payment_method": payment,
        "shipping_country": "DE", "customer_email": format!("{n}@example.org"),
    });
    if n.is_multiple_of(50) {
        order["gift"] = json!(n);
    }
    order.to_string()
}

fn a_ride(n: usize) -> String {
    let rating = if n.is_multiple_of(2) { json!(n % 5 + 1) } else { json!(null) };
    json!({
        "city": "hamburg", "rideNumber": n + 1, "updatedAt": 1_795_342_830_125_i64 + n as i64,
        "status": "completed", "vehicle": "bike",
        "riderId": format!("0b6f2c2e-94a3-4f06-9d0c-{:012x}", n % 9), "riderPhone": "+4915112345678",
        "deviceIp": "203.0.113.7", "pickup": {"lat": 53.5503, "lon": 9.992, "zone": "HH-ALT"},
        "dropoff": {"lat": 53.5, "lon": 10.0, "zone": null}, "distanceKm": n as f64 / 8.0,
        "fare": 18.45, "tip": 2, "currency": "EUR", "bookedFor": "07:45:00", "rating": rating,
        "tags": ["airport", n]
    })
    .to_string()
}

#[test]
fn what_is_left_is_byte_for_byte_what_is_made_of_the_other_lines() {
    let rides = transformer(datasets::load("rides").expect("the example contract"), 1);
    let orders = (orders(1), (0..ROWS).map(an_order).collect());
    let rides = (rides, (0..ROWS).map(a_ride).collect());
    for (transformer, lines) in [orders, rides] {
        let lines: Vec<String> = lines;
        for removed in [
            BTreeSet::from([1]),
            (1..=ROWS as i64).filter(|line| line % 7 == 3).collect(),
            (3..=ROWS as i64).collect(),
        ] {
            let others = (1..)
                .zip(&lines)
                .map(|(at, line)| if removed.contains(&at) { String::new() } else { line.clone() });
            let expected = files(&transformer, &others.collect::<Vec<_>>());
            for (file, expected) in files(&transformer, &lines).iter().zip(expected) {
                let remainder = remove_lines(file, &removed).expect("a file of the transform");
                assert_eq!(remainder.rows_removed, removed.len() as u64);
                assert_eq!(remainder.rows_left, (ROWS - removed.len()) as u64);
                assert!(remainder.file == expected, "{} bytes", expected.len());
            }
        }
    }
}

#[test]
fn what_holds_no_such_row_is_the_same_file() {
    let lines: Vec<String> = (0..ROWS).map(an_order).collect();
    for file in files(&orders(1), &lines) {
        let unchanged = remove_lines(&file, &BTreeSet::from([0, ROWS as i64 + 1])).expect("a file");
        assert_eq!((unchanged.rows_removed, unchanged.rows_left), (0, ROWS as u64));
        assert!(unchanged.file == file);
        let nothing = remove_lines(&file, &(1..=ROWS as i64).collect()).expect("a file");
        assert_eq!((nothing.rows_removed, nothing.rows_left), (ROWS as u64, 0));
        // A second time on what it wrote itself.
        let half = |file: &[u8]| remove_lines(file, &(1..=250).collect()).expect("a file").file;
        assert!(half(&half(&file)) == half(&file));
    }
}

#[test]
fn what_is_no_such_file_is_an_error_and_no_panic() {
    let lines: Vec<String> = (0..ROWS).map(an_order).collect();
    let [file, _] = files(&orders(1), &lines);
    for cut in [0, 4, file.len() / 2, file.len() - 1] {
        assert!(remove_lines(&file[..cut], &BTreeSet::new()).is_err(), "{cut}");
    }
}
