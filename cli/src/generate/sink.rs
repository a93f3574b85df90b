//! Where lines go.

use super::Error;
use super::args::{Args, Target};
use super::firehose::Firehose;
use super::s3::S3;
use super::shipping::{Shipping, Traffic};
use crate::aws;
use crate::firehose::Stream;
use std::io::{self, BufWriter, Stdout, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

const FIREHOSE_MAX_DELAY: Duration = Duration::from_secs(1);
const S3_MAX_DELAY: Duration = Duration::from_secs(60);
const OUTPUT_BUFFER_BYTES: usize = 256 * 1_024;

/// Takes lines and accounts for every one it took.
pub(crate) enum Sink {
    /// Standard output.
    Output(Output),
    /// A Firehose delivery stream.
    Firehose(Shipping<Firehose>),
    /// Objects in a bucket.
    S3(Box<Shipping<S3>>),
}

impl Sink {
    /// Opens the target of a run. `header` stands in front of the lines, of each object if there
    /// are several.
    pub(crate) async fn open(
        args: &Args,
        header: &[u8],
        traffic: &Arc<Traffic>,
    ) -> Result<Self, Error> {
        Ok(match &args.to {
            Target::Output => {
                let mut writer = BufWriter::with_capacity(OUTPUT_BUFFER_BYTES, io::stdout());
                writer.write_all(header).map_err(Error::Output)?;
                Self::Output(Output { writer, traffic: Arc::clone(traffic) })
            }
            Target::Firehose { stream } => {
                let stream = Stream::new(&aws::sdk_config().await, stream);
                stream.accepts(args.compress).await?;
                let carrier = Firehose::new(stream, args.compress, Arc::clone(traffic));
                let delay = args.max_delay.unwrap_or(FIREHOSE_MAX_DELAY);
                Self::Firehose(Shipping::new(carrier, Arc::clone(traffic), delay))
            }
            Target::S3 { bucket, prefix } => {
                let sdk = aws::sdk_config().await;
                let carrier = S3::new(&sdk, bucket, prefix, header, Arc::clone(traffic));
                let delay = args.max_delay.unwrap_or(S3_MAX_DELAY);
                Self::S3(Box::new(Shipping::new(carrier, Arc::clone(traffic), delay)))
            }
        })
    }

    /// Accepts a line that ends with a newline.
    pub(crate) async fn push(&mut self, line: &[u8]) -> Result<(), Error> {
        match self {
            Self::Output(output) => output.push(line),
            Self::Firehose(shipping) => shipping.push(line).await,
            Self::S3(shipping) => shipping.push(line).await,
        }
    }

    /// When the oldest waiting line must leave; `None` when none waits.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Output(output) => (!output.writer.buffer().is_empty()).then(Instant::now),
            Self::Firehose(shipping) => shipping.deadline(),
            Self::S3(shipping) => shipping.deadline(),
        }
    }

    /// Sends what has waited long enough.
    pub(crate) async fn send_due(&mut self) -> Result<(), Error> {
        match self {
            Self::Output(output) => output.flush(),
            Self::Firehose(shipping) => shipping.send_due().await,
            Self::S3(shipping) => shipping.send_due().await,
        }
    }

    /// Returns when every accepted line has arrived.
    pub(crate) async fn finish(&mut self) -> Result<(), Error> {
        match self {
            Self::Output(output) => output.flush(),
            Self::Firehose(shipping) => shipping.finish().await,
            Self::S3(shipping) => shipping.finish().await,
        }
    }
}

/// Lines on standard output.
pub(crate) struct Output {
    writer: BufWriter<Stdout>,
    traffic: Arc<Traffic>,
}

impl Output {
    fn push(&mut self, line: &[u8]) -> Result<(), Error> {
        self.writer.write_all(line).map_err(Error::Output)?;
        Traffic::add(&self.traffic.lines, 1);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.writer.flush().map_err(Error::Output)
    }
}
