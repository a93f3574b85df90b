//! The command line of `snowline generate`.

use jiff::{SignedDuration, Timestamp};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::timeline::{Days, Timeline};
use crate::contracts::ContractName;
use crate::firehose::Compression;
use crate::objects::S3Uri;

/// Generate records of a dataset and send them to a stream, a bucket or standard output.
///
/// Orders come from the model of a shop; records of every other dataset are made from its contract:
/// good ones obey every rule, bad ones break one. Lines are JSON, or CSV where the contract says so.
/// CSV goes to a bucket or to standard output, every object with its header; Firehose, which joins
/// records to objects, has no place for one.
///
/// The same dataset, seed, start, count, rate, span and shares yield the same bytes on every
/// machine.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Dataset of this build, or the file of a contract
    #[arg(long, visible_alias = "contract", value_name = "NAME|FILE", default_value = "orders")]
    pub(crate) dataset: ContractName,

    /// Where lines go: firehose:STREAM, s3://BUCKET/PREFIX, or - for standard output
    #[arg(long, value_name = "TARGET", default_value = "-")]
    pub(crate) to: Target,

    /// Lines a second; 0 means as fast as possible [default: 100, or 0 with --count]
    #[arg(long, value_name = "LINES")]
    rate: Option<u32>,

    /// Stop after this many lines
    #[arg(long, value_name = "LINES")]
    pub(crate) count: Option<u64>,

    /// Stop after this time: 90s, 10m, 1h30m, or infinite
    #[arg(long, value_name = "TIME", default_value = "infinite")]
    duration: Limit,

    /// Seed of the sequence of events [default: a random one, printed at the end]
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// Share of bad lines, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.001, value_parser = share)]
    pub(crate) bad: f64,

    /// Share of the good lines that repeat an earlier line, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.01, value_parser = share)]
    pub(crate) duplicates: f64,

    /// Time of the first event, RFC 3339 [default: now, or so long ago that the last of --count
    /// events is now, where they do not follow the rate]
    #[arg(long, value_name = "TIME")]
    start: Option<Timestamp>,

    /// Spread the events of --count over this time from --start, busier by day than by night
    /// [default: event times follow the rate; without a rate, 1,000 events a second]
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "count")]
    span: Option<Duration>,

    /// How long a line may wait for others to travel with [default: 1s, or 1m to a bucket]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) max_delay: Option<Duration>,

    /// How to compress each record of firehose:STREAM, which must not compress objects itself;
    /// objects in a bucket are gzip in any case
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) compress: Compression,

    /// Also write every line to this file, in order
    #[arg(long, value_name = "FILE")]
    pub(crate) copy_to: Option<PathBuf>,

    /// Also write the summary to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,
}

const DEFAULT_RATE: u32 = 100;

/// Event times advance this fast when there is neither a rate nor a span.
const UNPACED_EVENTS_PER_SECOND: u64 = 1_000;

impl Args {
    /// Says what is wrong with the arguments as a whole, if anything.
    pub(crate) fn check(&self) -> Result<(), String> {
        match (self.compress, &self.to) {
            (Compression::None, _) | (_, Target::Firehose { .. }) => Ok(()),
            _ => Err("--compress goes with --to firehose:STREAM".to_owned()),
        }
    }

    /// Lines a second; `None` means as fast as possible.
    pub(crate) fn lines_per_second(&self) -> Option<u32> {
        let default = if self.count.is_some() { 0 } else { DEFAULT_RATE };
        Some(self.rate.unwrap_or(default)).filter(|&rate| rate > 0)
    }

    /// When to stop; `None` means never.
    pub(crate) fn time_limit(&self) -> Option<Duration> {
        self.duration.0
    }

    /// The given seed, or a random one.
    pub(crate) fn seed_or_random(&self) -> u64 {
        self.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()))
    }

    /// The given start, or one by which no event is dated later than it is sent.
    pub(crate) fn start(&self) -> Timestamp {
        let ahead = match (self.span, self.lines_per_second(), self.count) {
            (Some(span), ..) => span,
            (None, None, Some(count)) => Duration::from_secs(count / UNPACED_EVENTS_PER_SECOND),
            _ => Duration::ZERO,
        };
        let now = Timestamp::now();
        self.start.unwrap_or_else(|| now.checked_sub(ahead).unwrap_or(now))
    }

    /// When events happen that begin at `start`.
    pub(crate) fn timeline(&self, start: Timestamp) -> Timeline {
        let start_us = start.as_microsecond();
        if let (Some(span), Some(count)) = (self.span, self.count) {
            return Timeline::Days(Days::new(start_us, span, count));
        }
        let per_second = self.lines_per_second().map_or(UNPACED_EVENTS_PER_SECOND, u64::from);
        Timeline::Steady { start_us, per_second }
    }
}

/// Where lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Standard output.
    Output,
    /// A Firehose delivery stream, by name.
    Firehose { stream: String },
    /// Objects in a bucket, below a prefix that may be empty.
    S3 { bucket: String, prefix: String },
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || "expected firehose:STREAM, s3://BUCKET/PREFIX or -".to_owned();
        if text == "-" {
            return Ok(Self::Output);
        }
        let target = if let Some(stream) = text.strip_prefix("firehose:") {
            Self::Firehose { stream: stream.to_owned() }
        } else {
            let S3Uri { bucket, key } = text.parse().map_err(|_| unknown())?;
            Self::S3 { bucket, prefix: key }
        };
        match &target {
            Self::Firehose { stream } if stream.is_empty() => Err(unknown()),
            _ => Ok(target),
        }
    }
}

/// A time limit; `None` for `infinite`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limit(Option<Duration>);

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "infinite" => Ok(Self(None)),
            _ => duration(text).map(|limit| Self(Some(limit))),
        }
    }
}

/// A span of time such as `90s` or `1h30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let signed: SignedDuration = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    Duration::try_from(signed).map_err(|_| "a time span cannot be negative".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("expected a number from 0 to 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_streams_buckets_or_standard_output() {
        let s3 = |bucket: &str, prefix: &str| Target::S3 {
            bucket: bucket.into(),
            prefix: prefix.into(),
        };
        for (text, target) in [
            ("-", Some(Target::Output)),
            ("firehose:orders", Some(Target::Firehose { stream: "orders".into() })),
            ("s3://lake/landing/", Some(s3("lake", "landing/"))),
            ("s3://lake", Some(s3("lake", ""))),
            ("firehose:", None),
            ("s3:///landing", None),
            ("kinesis:orders", None),
        ] {
            assert_eq!(text.parse().ok(), target, "{text}");
        }
    }

    #[test]
    fn durations_have_units() {
        let seconds = |seconds| Some(Limit(Some(Duration::from_secs(seconds))));
        assert_eq!("90s".parse().ok(), seconds(90));
        assert_eq!("10m".parse().ok(), seconds(600));
        assert_eq!("infinite".parse().ok(), Some(Limit(None)));
        assert!("-5s".parse::<Limit>().is_err() && "soon".parse::<Limit>().is_err());
    }
}
