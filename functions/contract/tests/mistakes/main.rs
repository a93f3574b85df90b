//! A mistake in a contract and the one line that tells its author where it is and what is wrong.

#![allow(clippy::expect_used, reason = "a test says what it expects")]

mod checks;
mod columns;
mod document;
mod extensions;
mod row_rules;

use contract::Dataset;

const ORDERS: &str = include_str!("../../../../contracts/orders.odcs.yaml");

/// An edit of the orders contract (what stands there once, what stands there instead), the place
/// and the cause of the error. ` #!` marks the line the error must name.
type Mistake = (&'static str, &'static str, &'static str, &'static str);

fn assert_refused(mistakes: &[Mistake]) {
    for (from, to, path, cause) in mistakes {
        assert_eq!(ORDERS.matches(from).count(), 1, "stands in the contract once: {from}");
        let text = ORDERS.replacen(from, to, 1);
        let line = text.lines().position(|line| line.ends_with(" #!")).expect(to) + 1;
        let place = if path.is_empty() { String::new() } else { format!("{path}: ") };
        let message = Dataset::from_yaml("orders.odcs.yaml", &text).expect_err(to).to_string();
        assert_eq!(message, format!("orders.odcs.yaml:{line}: {place}{cause}"));
    }
}
