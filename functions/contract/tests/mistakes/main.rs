//! A mistake in a contract and the one line that tells its author where it is and what is wrong.

#![allow(clippy::expect_used, reason = "a test says what it expects")]

mod checks;
mod columns;
mod document;
mod extensions;
mod nested;
mod row_rules;

use contract::Dataset;

const ORDERS: &str = include_str!("../../../../contracts/orders.odcs.yaml");
const RIDES: &str = include_str!("../../../../contracts/rides.odcs.yaml");

/// An edit of a contract (what stands there once, what stands there instead), the place
/// and the cause of the error. ` #!` marks the line the error must name.
type Mistake = (&'static str, &'static str, &'static str, &'static str);

fn assert_refused(mistakes: &[Mistake]) {
    assert_refused_in(ORDERS, mistakes);
}

fn assert_refused_in(contract: &str, mistakes: &[Mistake]) {
    for (from, to, path, cause) in mistakes {
        assert_eq!(contract.matches(from).count(), 1, "stands in the contract once: {from}");
        let text = contract.replacen(from, to, 1);
        let line = text.lines().position(|line| line.ends_with(" #!")).expect(to) + 1;
        let place = if path.is_empty() { String::new() } else { format!("{path}: ") };
        let message = Dataset::from_yaml("it.odcs.yaml", &text).expect_err(to).to_string();
        assert_eq!(message, format!("it.odcs.yaml:{line}: {place}{cause}"));
    }
}
