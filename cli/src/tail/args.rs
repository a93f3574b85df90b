//! The command line of `snowline tail`.

use glob::Pattern;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::convert;
use crate::firehose::Compression;
use crate::generate::duration;

/// Follow log files and send their lines to a Firehose stream: none is lost, and those of one file
/// arrive in order.
///
/// Files are followed through renames, copy-truncate and compression to gzip; a checkpoint says how
/// far each was taken. Globs are to match live files only: rotated ones are found by themselves,
/// and names that end in .gz are never followed. A line is sent at least once.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files to follow: paths with *, ?, [...] and **, in quotes
    #[arg(required = true, value_name = "GLOB")]
    pub(crate) globs: Vec<Pattern>,

    /// Where lines go: firehose:STREAM, or - for standard output
    #[arg(long, value_name = "TARGET")]
    pub(crate) to: Target,

    /// How each record is compressed; the stream must then not compress its objects
    #[arg(long, value_name = "KIND", value_enum, default_value_t)]
    pub(crate) compress: Compression,

    #[command(flatten)]
    pub(crate) records: convert::Args,

    /// Folder of the checkpoint and of lines that are too long for a record
    #[arg(
        long,
        value_name = "DIR",
        env = "STATE_DIRECTORY",
        default_value = "/var/lib/snowline-tail"
    )]
    pub(crate) state: PathBuf,

    /// Read every file to its end, deliver, and end
    #[arg(long)]
    pub(crate) once: bool,

    /// At the very first start, begin behind what is in the files
    #[arg(long)]
    pub(crate) from_end: bool,

    /// Another folder that rotated files may be moved to (olddir of logrotate); repeatable
    #[arg(long, value_name = "DIR")]
    pub(crate) rotated_to: Vec<PathBuf>,

    /// How long a file that no glob matches any more is kept open after it changed last
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) rotate_wait: Duration,

    /// How long a line may wait for others to travel with
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub(crate) max_delay: Duration,

    /// How often files are looked at when nothing says that they changed
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub(crate) poll: Duration,

    /// Most records under way at once: as many are sent again after a crash
    #[arg(long, value_name = "RECORDS", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub(crate) under_way: u8,

    /// How often to say how things are [default: 10s, or 1s on a terminal]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) status_interval: Option<Duration>,
}

impl Args {
    /// Says what is wrong with the arguments as a whole, if anything.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.records.check()
    }
}

/// Where lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Standard output.
    Output,
    /// A Firehose delivery stream, by name.
    Firehose { stream: String },
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("firehose:") {
            Some(stream) if !stream.is_empty() => Ok(Self::Firehose { stream: stream.to_owned() }),
            None if text == "-" => Ok(Self::Output),
            _ => Err("expected firehose:STREAM or -".to_owned()),
        }
    }
}
