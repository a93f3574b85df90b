//! A few new records of a dataset, for who has to know each of them.

use aws_config::SdkConfig;
use contract::Dataset;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

use super::events::{Change, Producer};
use super::firehose::Firehose;
use super::orders::Orders;
use super::random::Random;
use super::shipping::{Shipping, Traffic};
use super::{Error, SHOP, for_firehose};
use crate::firehose::{Compression, Stream};

/// Good records, each the first of its key, as JSON lines with their newline. `seed` decides what
/// they say; keys of two seeds differ, where the contract leaves room for that.
///
/// # Errors
/// The dataset is CSV, or its contract leaves no value for a column.
pub(crate) fn new_records(
    dataset: &Dataset,
    count: usize,
    seed: u32,
) -> Result<Vec<Vec<u8>>, Error> {
    let mut producer: Box<dyn Producer> = if dataset.name == SHOP {
        Box::new(Orders::new())
    } else {
        Box::new(for_firehose(dataset)?.numbered_from(u64::from(seed)))
    };
    let mut random = Random::seeded(u64::from(seed));
    let now_us = Timestamp::now().as_microsecond();
    let mut records = Vec::with_capacity(count);
    while records.len() < count {
        let mut line = Vec::new();
        if producer.event(now_us, &mut random, &mut line).change == Change::Insert {
            records.push(line);
        }
    }
    Ok(records)
}

/// Sends lines to a delivery stream; returns when it has taken all of them.
///
/// # Errors
/// The stream did not take every line.
pub(crate) async fn send(sdk: &SdkConfig, stream: &str, lines: &[Vec<u8>]) -> Result<(), Error> {
    let traffic = Arc::new(Traffic::default());
    let stream = Stream::new(sdk, stream);
    let carrier = Firehose::new(stream, Compression::None, Arc::clone(&traffic));
    // Only `send_due` heeds the delay, and nothing waits here.
    let mut shipping = Shipping::new(carrier, traffic, Duration::ZERO);
    for line in lines {
        shipping.push(line).await?;
    }
    shipping.finish().await
}
