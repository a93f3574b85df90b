//! The model of a shop: which event comes next.

use super::catalogue::Catalogue;
use super::defects::{self, DefectCounts};
use super::line::{Look, Optional, Order, Status, write_line};
use super::random::{Likelihood, Random};
use super::recent::{OpenOrders, RecentLines};
use super::timeline::Timeline;
use serde::Serialize;

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

/// How many lines of each sort were made. Inserts, updates, deletes, duplicates and bad lines add
/// up to all of them; late ones are among the inserts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) events_sent: u64,
    pub(crate) duplicates_sent: u64,
    pub(crate) bad_sent: u64,
    pub(crate) bad_by_kind: DefectCounts,
    pub(crate) inserts: u64,
    pub(crate) updates: u64,
    pub(crate) deletes: u64,
    pub(crate) late: u64,
}

/// An endless sequence of order events as JSON lines, a function of seed, timeline and shares.
/// Uses a fixed amount of memory however many events it makes.
pub(crate) struct Orders {
    random: Random,
    catalogue: Catalogue,
    timeline: Timeline,
    bad: Likelihood,
    duplicates: Likelihood,
    open: OpenOrders,
    recent: RecentLines,
    counts: Counts,
}

impl Orders {
    /// `bad` and `duplicates` are shares of all lines.
    pub(crate) fn new(seed: u64, timeline: Timeline, bad: f64, duplicates: f64) -> Self {
        Self {
            random: Random::seeded(seed),
            catalogue: Catalogue::new(),
            timeline,
            bad: Likelihood::from_fraction(bad),
            duplicates: Likelihood::from_fraction(duplicates),
            open: OpenOrders::default(),
            recent: RecentLines::default(),
            counts: Counts {
                events_sent: 0,
                duplicates_sent: 0,
                bad_sent: 0,
                bad_by_kind: defects::no_defects(),
                inserts: 0,
                updates: 0,
                deletes: 0,
                late: 0,
            },
        }
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Writes the next line, newline included, in place of what `line` held.
    pub(crate) fn next_line(&mut self, line: &mut Vec<u8>) {
        let now_us = self.timeline.at(self.counts.events_sent);
        self.counts.events_sent += 1;
        if self.random.happens(self.bad) {
            return self.bad_line(line, now_us);
        }
        if self.random.happens(self.duplicates)
            && let Some(earlier) = self.recent.pick(&mut self.random)
        {
            line.clear();
            line.extend_from_slice(earlier);
            self.counts.duplicates_sent += 1;
            return;
        }
        self.event_line(line, now_us);
        self.recent.add(line);
    }

    fn bad_line(&mut self, line: &mut Vec<u8>, now_us: i64) {
        let order = self.new_order(now_us);
        let look = self.look(None);
        let (defect, damage) = defects::draw(&mut self.random);
        write_line(line, &order, &look, Some(damage));
        self.counts.bad_sent += 1;
        *self.counts.bad_by_kind.entry(defect).or_default() += 1;
    }

    fn event_line(&mut self, line: &mut Vec<u8>, now_us: i64) {
        let random = &mut self.random;
        if random.happens(UPDATES)
            && let Some(order) = self.open.take(random)
        {
            self.update(line, order, now_us);
        } else if random.happens(DELETES)
            && let Some(order) = self.open.take(random)
        {
            self.delete(line, order, now_us);
        } else {
            self.insert(line, now_us);
        }
    }

    fn insert(&mut self, line: &mut Vec<u8>, now_us: i64) {
        let mut order = self.new_order(now_us);
        if self.random.happens(LATE) {
            let seconds_late = 1 + self.random.below(LATEST_SECONDS);
            order.changed_at_us -= i64::from(seconds_late) * 1_000_000;
            self.counts.late += 1;
        }
        let op = *self.random.pick(&[Some(r#""I""#), Some(r#""I""#), Some(r#""I""#), None]);
        let look = self.look(op);
        write_line(line, &order, &look, None);
        self.open.put(order, &mut self.random);
        self.counts.inserts += 1;
    }

    fn update(&mut self, line: &mut Vec<u8>, mut order: Order, now_us: i64) {
        order.changed_at_us = now_us.max(order.changed_at_us + 1);
        order.status = next_status(order.status, &mut self.random);
        let look = self.look(Some(r#""U""#));
        write_line(line, &order, &look, None);
        if !matches!(order.status, Status::Cancelled | Status::Returned) {
            self.open.put(order, &mut self.random);
        }
        self.counts.updates += 1;
    }

    fn delete(&mut self, line: &mut Vec<u8>, mut order: Order, now_us: i64) {
        order.changed_at_us = now_us.max(order.changed_at_us + 1);
        let look = self.look(Some(r#""D""#));
        write_line(line, &order, &look, None);
        self.counts.deletes += 1;
    }

    fn new_order(&mut self, now_us: i64) -> Order {
        let random = &mut self.random;
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

    fn look(&mut self, op: Option<&'static str>) -> Look {
        let random = &mut self.random;
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
    use jiff::Timestamp;
    use serde_json::Value;
    use std::collections::{BTreeMap, HashMap};

    const LINES: u64 = 60_000;

    fn generated(seed: u64, bad: f64, duplicates: f64) -> (Vec<Vec<u8>>, Counts) {
        let timeline = Timeline::Steady { start_us: 1_772_000_000_000_000, per_second: 100 };
        let mut orders = Orders::new(seed, timeline, bad, duplicates);
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
        assert_eq!(counts.bad_by_kind.values().sum::<u64>(), counts.bad_sent);
        assert!(counts.bad_by_kind.values().all(|&count| count > 0), "{counts:?}");
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
