//! Writing one object while its content is still being made.

use std::io::{self, Write};
use std::mem;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::store::{Location, Store, StoreError, Stored, unquoted};

/// Size of every part but the last. It is fixed, because the eTag of a multipart upload depends
/// on where the parts were cut. 10,000 parts, the most S3 takes, make 80 GiB.
pub const PART_BYTES: usize = 8 << 20;

/// Longest content that is put in one request, which costs a quarter of a multipart upload of two
/// parts: a request costs more than computing what it carries.
pub const PUT_BYTES: usize = 2 * PART_BYTES;

/// Parts that may wait for the one being sent. With it and the one being filled, an upload holds
/// at most three.
const PARTS_WAITING: usize = 1;

/// An object being written. It takes bytes on a thread that may block, and a task sends them.
///
/// Content of up to [`PUT_BYTES`] is put in one request, longer content in parts; either way nothing
/// becomes visible before [`Upload::complete`]. Dropped before that, or after a failed write, the
/// upload is aborted. A write fails, with a [`StoreError`] inside, once a part could not be sent.
/// It must not be written from async code, which it would block.
#[derive(Debug)]
pub struct Upload {
    part: Vec<u8>,
    /// Bytes at which `part` is sent: those of one request first, of a part once there are parts.
    limit: usize,
    sender: mpsc::Sender<Message>,
    /// One message; then none, should it be asked for again after a failed write.
    outcome: mpsc::Receiver<Result<Stored, StoreError>>,
    location: Location,
}

#[derive(Debug)]
enum Message {
    /// A full part, with more to follow.
    Part(Bytes),
    /// The last part: the object is complete.
    Last(Bytes),
}

impl Upload {
    pub(crate) fn start(
        store: Store,
        location: Location,
        content_type: &'static str,
        tasks: &mut JoinSet<()>,
        runtime: &Handle,
    ) -> Self {
        let (sender, messages) = mpsc::channel(PARTS_WAITING);
        let (report, outcome) = mpsc::channel(1);
        let target = Target { store, location: location.clone(), content_type };
        tasks.spawn_on(
            async move {
                // Nobody listens when the upload was dropped, and so given up.
                let _ = report.send(target.send(messages).await).await;
            },
            runtime,
        );
        Self { part: Vec::new(), limit: PUT_BYTES, sender, outcome, location }
    }

    /// Sends what is left and makes the object visible.
    ///
    /// # Errors
    /// [`StoreError`] when a part could not be sent or the object not be completed; then nothing
    /// is visible and the upload is aborted.
    pub async fn complete(mut self) -> Result<Stored, StoreError> {
        let last = Message::Last(mem::take(&mut self.part).into());
        // A task that no longer listens has failed, and its outcome says why.
        let _ = self.sender.send(last).await;
        self.outcome.recv().await.unwrap_or_else(|| Err(self.given_up()))
    }

    fn given_up(&self) -> StoreError {
        StoreError::GivenUp { location: self.location.clone() }
    }

    fn send_parts(&mut self) -> io::Result<()> {
        self.limit = PART_BYTES;
        let mut content = Bytes::from(mem::replace(&mut self.part, Vec::with_capacity(PART_BYTES)));
        while !content.is_empty() {
            let part = content.split_to(PART_BYTES.min(content.len()));
            if self.sender.blocking_send(Message::Part(part)).is_err() {
                let outcome = self.outcome.blocking_recv().and_then(Result::err);
                return Err(io::Error::other(outcome.unwrap_or_else(|| self.given_up())));
            }
        }
        Ok(())
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full part leaves only when more follows, so that the last one is never empty.
        if self.part.len() == self.limit && !bytes.is_empty() {
            self.send_parts()?;
        }
        let length = bytes.len().min(self.limit - self.part.len());
        self.part.extend_from_slice(&bytes[..length]);
        Ok(length)
    }

    /// Does nothing: a part is sent when it is full, and the last one on completion.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The sending half.
struct Target {
    store: Store,
    location: Location,
    content_type: &'static str,
}

impl Target {
    async fn send(&self, mut messages: mpsc::Receiver<Message>) -> Result<Stored, StoreError> {
        match messages.recv().await {
            None => Err(StoreError::GivenUp { location: self.location.clone() }),
            Some(Message::Last(body)) => {
                self.store.put(&self.location, self.content_type, body).await
            }
            Some(Message::Part(first)) => {
                let upload_id = self.create().await?;
                let outcome = self.send_parts(&upload_id, first, &mut messages).await;
                // Refuses further parts at once, while the abort is still under way.
                messages.close();
                if outcome.is_err() {
                    self.abort(&upload_id).await;
                }
                outcome
            }
        }
    }

    async fn create(&self) -> Result<String, StoreError> {
        let answer = self
            .store
            .client()
            .create_multipart_upload()
            .bucket(&self.location.bucket)
            .key(&self.location.key)
            .content_type(self.content_type)
            .set_server_side_encryption(self.location.encryption())
            .send()
            .await
            .map_err(StoreError::request(&self.location, "start a multipart upload"))?;
        answer.upload_id.ok_or_else(|| StoreError::Answer {
            location: self.location.clone(),
            field: "UploadId",
        })
    }

    async fn send_parts(
        &self,
        upload_id: &str,
        first: Bytes,
        messages: &mut mpsc::Receiver<Message>,
    ) -> Result<Stored, StoreError> {
        let mut bytes = first.len() as u64;
        let mut parts = vec![self.send_part(upload_id, 1, first).await?];
        loop {
            let (part, last) = match messages.recv().await {
                None => return Err(StoreError::GivenUp { location: self.location.clone() }),
                Some(Message::Part(part)) => (part, false),
                Some(Message::Last(part)) => (part, true),
            };
            bytes += part.len() as u64;
            let number = parts.len() as i32 + 1;
            parts.push(self.send_part(upload_id, number, part).await?);
            if last {
                let etag = self.complete(upload_id, parts).await?;
                return Ok(Stored { bytes, etag });
            }
        }
    }

    async fn send_part(
        &self,
        upload_id: &str,
        number: i32,
        body: Bytes,
    ) -> Result<CompletedPart, StoreError> {
        let answer = self
            .store
            .client()
            .upload_part()
            .bucket(&self.location.bucket)
            .key(&self.location.key)
            .upload_id(upload_id)
            .part_number(number)
            .body(ByteStream::from(body))
            .send()
            .await
            .map_err(StoreError::request(&self.location, "write a part"))?;
        Ok(CompletedPart::builder()
            .part_number(number)
            .set_e_tag(answer.e_tag)
            .set_checksum_crc32(answer.checksum_crc32)
            .build())
    }

    async fn complete(
        &self,
        upload_id: &str,
        parts: Vec<CompletedPart>,
    ) -> Result<String, StoreError> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let answer = self
            .store
            .client()
            .complete_multipart_upload()
            .bucket(&self.location.bucket)
            .key(&self.location.key)
            .upload_id(upload_id)
            .multipart_upload(parts)
            .send()
            .await
            .map_err(StoreError::request(&self.location, "complete the multipart upload"))?;
        unquoted(answer.e_tag, &self.location)
    }

    /// Frees the parts already stored. If that fails they cost storage until the bucket's
    /// lifecycle aborts the upload, and nothing else.
    async fn abort(&self, upload_id: &str) {
        let answer = self
            .store
            .client()
            .abort_multipart_upload()
            .bucket(&self.location.bucket)
            .key(&self.location.key)
            .upload_id(upload_id)
            .send()
            .await;
        if let Err(error) = answer {
            tracing::warn!(
                bucket = self.location.bucket,
                key = self.location.key,
                upload_id,
                error = telemetry::error_chain(&error),
                "cannot abort the multipart upload"
            );
        }
    }
}
