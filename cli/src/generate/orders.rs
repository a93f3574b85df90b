//! The model of a shop: which event comes next.

use super::catalogue::Catalogue;
use super::defects;
use super::events::{Change, Event, Producer};
use super::line::{Look, Optional, Order, Status, write_line};
use super::random::{Likelihood, Random};
use super::recent::Open;

const UPDATES: Likelihood = Likelihood::ratio(2, 100);
const DELETES: Likelihood = Likelihood::ratio(5, 1_000);
const LATE: Likelihood = Likelihood::ratio(3, 1_000);
const LATEST_SECONDS: u32 = 2 * 3_600;

const PAYMENT_METHODS: [Option<&str>; 8] = [
    Some("card"),
    Some("card"),
    Some("card"),
    Some("card"),
    Some("paypal"),
    Some("paypal"),
    Some("bank_transfer"),
    Some("gift_card"),
];

/// Members the contract does not name. Their values exercise escapes, other alphabets, nesting.
const EXTRAS: [&str; 4] = [
    r#""campaign":"spring-sale""#,
    r#""campaign":"d\u00e9stockage \"-60 %\"""#,
    r#""campaign":"夏のセール","gift":true"#,
    r#""device":{"os":"ios","app":"5.2.1"},"tags":["a","b"]"#,
];

/// A shop: orders are placed, change and are deleted.
pub(crate) struct Orders {
    catalogue: Catalogue,
    open: Open<Order>,
}

impl Orders {
    /// A shop that has sold nothing yet.
    pub(crate) fn new() -> Self {
        Self { catalogue: Catalogue::new(), open: Open::default() }
    }

    fn insert(&mut self, now_us: i64, random: &mut Random, line: &mut Vec<u8>) -> Event {
        let mut order = self.new_order(now_us, random);
        let late = random.happens(LATE);
        if late {
            let seconds_late = 1 + random.below(LATEST_SECONDS);
            order.changed_at_us -= i64::from(seconds_late) * 1_000_000;
        }
        let op = *random.pick(&[Some(r#""I""#), Some(r#""I""#), Some(r#""I""#), None]);
        let look = look(op, random);
        write_line(line, &order, &look, None);
        self.open.put(order, random);
        Event { change: Change::Insert, late }
    }

    fn update(
        &mut self,
        mut order: Order,
        now_us: i64,
        random: &mut Random,
        line: &mut Vec<u8>,
    ) -> Event {
        order.changed_at_us = now_us.max(order.changed_at_us + 1);
        order.status = next_status(order.status, random);
        let look = look(Some(r#""U""#), random);
        write_line(line, &order, &look, None);
        if !matches!(order.status, Status::Cancelled | Status::Returned) {
            self.open.put(order, random);
        }
        Event { change: Change::Update, late: false }
    }

    fn new_order(&self, now_us: i64, random: &mut Random) -> Order {
        let product = self.catalogue.product(random);
        let quantity =
            *random.pick(&[1, 1, 1, 1, 1, 1, 2, 2, 3, 5]) + random.below(2) * random.below(3);
        let discount_percent = *random.pick(&[0, 0, 0, 0, 0, 5, 10, 25]);
        let full_cents = product.unit_cents * u64::from(quantity);
        let paid_at_once = random.below(10) < 3;
        Order {
            id: random.bits(),
            customer: self.catalogue.customer(random),
            product,
            quantity,
            amount_cents: full_cents - full_cents * discount_percent / 100,
            status: if paid_at_once { Status::Paid } else { Status::Placed },
            payment_method: match random.below(12) {
                0 => None,
                _ => *random.pick(&PAYMENT_METHODS),
            },
            changed_at_us: now_us,
        }
    }
}

impl Producer for Orders {
    fn event(&mut self, now_us: i64, random: &mut Random, line: &mut Vec<u8>) -> Event {
        if random.happens(UPDATES)
            && let Some(order) = self.open.take(random)
        {
            self.update(order, now_us, random, line)
        } else if random.happens(DELETES)
            && let Some(order) = self.open.take(random)
        {
            delete(order, now_us, random, line)
        } else {
            self.insert(now_us, random, line)
        }
    }

    fn bad(&mut self, now_us: i64, random: &mut Random, line: &mut Vec<u8>) -> &'static str {
        let order = self.new_order(now_us, random);
        let look = look(None, random);
        let (rule, damage) = defects::draw(random);
        write_line(line, &order, &look, Some(damage));
        rule
    }
}

fn delete(mut order: Order, now_us: i64, random: &mut Random, line: &mut Vec<u8>) -> Event {
    order.changed_at_us = now_us.max(order.changed_at_us + 1);
    let look = look(Some(r#""D""#), random);
    write_line(line, &order, &look, None);
    Event { change: Change::Delete, late: false }
}

fn look(op: Option<&'static str>, random: &mut Random) -> Look {
    let mut percent = |share| random.below(100) < share;
    let (op_first, offset, sloppy, extra) = (percent(1), percent(2), percent(1), percent(3));
    Look {
        op,
        op_first,
        offset_hours: if offset { 2 } else { 0 },
        sloppy,
        email: match random.below(20) {
            0 => Optional::Null,
            1 | 2 => Optional::Absent,
            _ => Optional::Present,
        },
        extra: extra.then(|| *random.pick(&EXTRAS)),
    }
}

/// The next step of an order that is neither cancelled nor returned.
fn next_status(status: Status, random: &mut Random) -> Status {
    let goes_wrong = random.below(10) == 0;
    match status {
        Status::Placed | Status::Paid if goes_wrong => Status::Cancelled,
        Status::Placed => Status::Paid,
        Status::Paid => Status::Shipped,
        Status::Shipped => Status::Delivered,
        Status::Delivered | Status::Returned => Status::Returned,
        Status::Cancelled => Status::Cancelled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::events::{Counts, Lines};
    use crate::generate::timeline::Timeline;
    use jiff::Timestamp;
    use serde_json::Value;
    use std::collections::{BTreeMap, HashMap};

    const LINES: u64 = 60_000;

    fn generated(seed: u64, bad: f64, duplicates: f64) -> (Vec<Vec<u8>>, Counts) {
        let timeline = Timeline::Steady { start_us: 1_772_000_000_000_000, per_second: 100 };
        let mut orders = Lines::new(Box::new(Orders::new()), seed, timeline, bad, duplicates);
        let mut line = Vec::new();
        let lines = (0..LINES)
            .map(|_| {
                orders.next_line(&mut line);
                line.clone()
            })
            .collect();
        (lines, orders.counts().clone())
    }

    fn text<'a>(row: &'a Value, field: &str) -> &'a str {
        row[field].as_str().unwrap()
    }

    #[test]
    fn the_same_seed_yields_the_same_bytes_and_another_seed_others() {
        assert_eq!(generated(7, 0.01, 0.01), generated(7, 0.01, 0.01));
        assert_ne!(generated(7, 0.01, 0.01).0, generated(8, 0.01, 0.01).0);
    }

    #[test]
    fn counts_add_up_and_every_line_is_one_line() {
        let (lines, counts) = generated(7, 0.02, 0.02);
        assert!(
            lines.iter().all(|line| line.iter().position(|&b| b == b'\n') == Some(line.len() - 1))
        );
        assert_eq!(counts.events_sent, LINES);
        let sorts = counts.inserts + counts.updates + counts.deletes;
        assert_eq!(sorts + counts.duplicates_sent + counts.bad_sent, LINES);
        assert_eq!(counts.bad_by_rule.values().sum::<u64>(), counts.bad_sent);
        assert_eq!(counts.bad_by_rule.len(), 10, "{counts:?}");
        assert!(counts.late > 0 && counts.deletes > 0 && counts.duplicates_sent > 0);
    }

    #[test]
    fn each_order_starts_with_an_insert_and_its_times_increase_until_it_is_deleted() {
        let (lines, counts) = generated(7, 0.0, 0.0);
        let mut last: HashMap<String, (Timestamp, String)> = HashMap::new();
        let mut ops: BTreeMap<String, u64> = BTreeMap::new();
        for line in lines {
            let row: Value = serde_json::from_slice(&line).unwrap();
            let op = row["op"].as_str().unwrap_or("I").to_owned();
            let time: Timestamp = text(&row, "order_timestamp").parse().unwrap();
            *ops.entry(op.clone()).or_default() += 1;
            match last.insert(text(&row, "order_id").to_owned(), (time, op.clone())) {
                None => assert_eq!(op, "I"),
                Some((earlier, earlier_op)) => {
                    assert!(earlier < time && op != "I" && earlier_op != "D", "{row}");
                }
            }
        }
        assert_eq!(ops["I"], counts.inserts);
        assert_eq!(ops["U"], counts.updates);
        assert_eq!(ops["D"], counts.deletes);
    }

    #[test]
    fn a_duplicate_repeats_an_earlier_line_exactly() {
        let (lines, counts) = generated(7, 0.0, 0.05);
        let distinct: std::collections::HashSet<_> = lines.iter().collect();
        assert_eq!(LINES - distinct.len() as u64, counts.duplicates_sent);
    }
}
