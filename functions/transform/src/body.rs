//! Reading one object: in ranges, several at once, handed out in order.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::ops::Range;
use std::sync::Arc;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::primitives::ByteStream;
use bytes::{Buf, Bytes};
use lake::LandingObject;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tracing::{Instrument, Span};

use crate::buffers::Buffers;
use crate::store::{Location, StoreError};

/// Bytes of a range. S3's guide recommends 8 or 16 MiB: the wait for the first byte is then short
/// beside the transfer.
pub const RANGE_BYTES: u64 = 8 << 20;

/// Ranges under way at once, with the one being consumed. They make up for S3's 90 MB/s a
/// connection, and hold no more than 32 MiB when nobody consumes them.
const RANGES_AT_ONCE: usize = 4;

/// Bytes of a piece, the unit in which content passes from a connection to the reader.
pub(crate) const PIECE_BYTES: usize = 256 << 10;

/// How often a range is asked for, each time from where the connection broke.
const TRIES: usize = 3;

/// The content of an object, read on a thread that may block while tasks fetch ahead.
///
/// Reading fails, with a [`StoreError`] inside, when the object cannot be had to its end. It must
/// not be read from async code, which it would block.
#[derive(Debug)]
pub struct Body {
    pinned: Arc<Pinned>,
    runtime: Handle,
    /// What log lines of the fetching are about.
    span: Span,
    /// Ranges under way, first in line first. Each channel holds at most its range.
    ranges: VecDeque<UnboundedReceiver<Result<Bytes, StoreError>>>,
    current: Bytes,
    /// Bytes not asked for yet.
    unasked: Range<u64>,
    /// Bytes not received yet.
    missing: u64,
}

impl Body {
    /// Starts to fetch an object of `bytes` bytes, the beginning of which is being sent. Must be
    /// called within a runtime.
    pub(crate) fn start(pinned: Pinned, opened: ByteStream, bytes: u64) -> Self {
        let mut body = Self {
            pinned: Arc::new(pinned),
            runtime: Handle::current(),
            span: Span::current(),
            ranges: VecDeque::with_capacity(RANGES_AT_ONCE),
            current: Bytes::new(),
            unasked: 0..bytes,
            missing: bytes,
        };
        body.ask(Some(opened));
        while body.ranges.len() < RANGES_AT_ONCE && !body.unasked.is_empty() {
            body.ask(None);
        }
        body
    }

    /// Starts to fetch the next range.
    fn ask(&mut self, opened: Option<ByteStream>) {
        let end = self.unasked.end.min(self.unasked.start + RANGE_BYTES);
        let range = self.unasked.start..end;
        self.unasked.start = end;
        let pinned = Arc::clone(&self.pinned);
        let (sender, receiver) = unbounded_channel();
        let fetching = async move {
            if let Err(error) = pinned.fetch(range, opened, &sender).await {
                // The reader is gone when the receiver is: nobody waits for the rest.
                sender.send(Err(error)).ok();
            }
        };
        self.runtime.spawn(fetching.instrument(self.span.clone()));
        self.ranges.push_back(receiver);
    }
}

impl io::Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            let Some(range) = self.ranges.front_mut() else {
                // An end is believed only where the object ends, lest its tail be lost unseen.
                return if self.missing > 0 {
                    Err(io::ErrorKind::UnexpectedEof.into())
                } else {
                    Ok(0)
                };
            };
            match range.blocking_recv() {
                Some(piece) => self.current = piece.map_err(io::Error::other)?,
                None => {
                    self.ranges.pop_front();
                    if !self.unasked.is_empty() {
                        self.ask(None);
                    }
                }
            }
            self.missing = self.missing.saturating_sub(self.current.len() as u64);
        }
        let length = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

type Pieces = UnboundedSender<Result<Bytes, StoreError>>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;
type GetError = SdkError<GetObjectError>;

/// One version of one object.
#[derive(Debug)]
pub(crate) struct Pinned {
    client: Client,
    location: Location,
    version_id: Option<String>,
    /// Stands in for the version where there is none.
    etag: String,
    buffers: Buffers,
}

impl Pinned {
    pub(crate) fn new(client: Client, object: &LandingObject, buffers: Buffers) -> Self {
        Self {
            client,
            buffers,
            location: Location { bucket: object.bucket.clone(), key: object.key.clone() },
            version_id: object.version_id.clone(),
            etag: object.etag.clone(),
        }
    }

    pub(crate) fn location(&self) -> &Location {
        &self.location
    }

    /// Asks for the first range.
    pub(crate) async fn begin(&self) -> Result<GetObjectOutput, GetError> {
        let answer = self.get(Some(0..RANGE_BYTES)).await;
        // 416, Range Not Satisfiable: an empty object has no range.
        match answer.as_ref().map_err(|error| error.raw_response().map(|raw| raw.status().as_u16()))
        {
            Err(Some(416)) => self.get(None).await,
            _ => answer,
        }
    }

    async fn get(&self, range: Option<Range<u64>>) -> Result<GetObjectOutput, GetError> {
        let request =
            self.client.get_object().bucket(&self.location.bucket).key(&self.location.key);
        let request = match &self.version_id {
            Some(version) => request.version_id(version),
            None => request.if_match(format!("\"{}\"", self.etag)),
        };
        let range = range.map(|range| format!("bytes={}-{}", range.start, range.end - 1));
        request.set_range(range).send().await
    }

    /// Fetches a range and hands it over in order, whatever breaks on the way.
    async fn fetch(
        &self,
        mut range: Range<u64>,
        mut opened: Option<ByteStream>,
        pieces: &Pieces,
    ) -> Result<(), StoreError> {
        let mut tries = 1;
        loop {
            let stream = match opened.take() {
                Some(stream) => stream,
                None => self.open(&range).await?,
            };
            match self.copy(stream, &mut range, pieces).await {
                Err(error) if tries < TRIES => {
                    tries += 1;
                    tracing::warn!(
                        error = telemetry::error_chain(&error),
                        first_byte = range.start,
                        "asking for the rest again"
                    );
                }
                outcome => return outcome,
            }
        }
    }

    async fn open(&self, range: &Range<u64>) -> Result<ByteStream, StoreError> {
        let answer = self.get(Some(range.clone())).await.map_err(self.interrupted())?;
        let sent = answer.content_range.as_deref().and_then(|sent| sent.strip_prefix("bytes "));
        // Other bytes than those asked for would be taken for the object's.
        if sent.is_some_and(|sent| sent.starts_with(&format!("{}-{}/", range.start, range.end - 1)))
        {
            return Ok(answer.body);
        }
        Err(StoreError::Answer { location: self.location.clone(), field: "Content-Range" })
    }

    /// Hands over what a connection yields, and takes it off `range`.
    ///
    /// The pieces are copies: the connection then fills one small buffer again and again, which
    /// stays in the processor's cache, and the reader is woken once a piece and not once a packet.
    async fn copy(
        &self,
        mut stream: ByteStream,
        range: &mut Range<u64>,
        pieces: &Pieces,
    ) -> Result<(), StoreError> {
        let mut piece = self.buffers.take();
        let end = loop {
            if pieces.is_closed() {
                return Ok(());
            }
            let mut chunk = match stream.next().await {
                Some(Ok(chunk)) => chunk,
                Some(Err(error)) => break Some(error),
                None => break None,
            };
            while !chunk.is_empty() {
                let length = chunk.len().min(self.buffers.room(&piece));
                piece.extend_from_slice(&chunk.split_to(length));
                if self.buffers.room(&piece) == 0 {
                    let full = mem::replace(&mut piece, self.buffers.take());
                    self.hand_over(full, range, pieces);
                }
            }
        };
        self.hand_over(piece, range, pieces);
        match end {
            Some(error) => Err(self.interrupted()(error)),
            None if range.is_empty() => Ok(()),
            None => Err(self.interrupted()(io::Error::from(io::ErrorKind::UnexpectedEof))),
        }
    }

    /// Hands over a piece; where the reader has gone it is dropped.
    fn hand_over(&self, piece: Vec<u8>, range: &mut Range<u64>, pieces: &Pieces) {
        range.start += piece.len() as u64;
        pieces.send(Ok(self.buffers.lend(piece))).ok();
    }

    fn interrupted<E: Into<BoxError>>(&self) -> impl FnOnce(E) -> StoreError {
        StoreError::request(&self.location, "read the object to its end")
    }
}
