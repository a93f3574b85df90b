//! Parked messages, sent to where they failed and then deleted.

use std::collections::{BTreeMap, HashSet};

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, SendMessageBatchRequestEntry};
use serde_json::Value;

use super::args::Target;
use super::{BoxError, Error, Session, Tally};

/// Messages received, sent and deleted at once; SQS takes no more.
const BATCH: i32 = 10;
/// How long an empty queue is asked for messages that are still on their way.
const WAIT_SECONDS: i32 = 2;
/// How long a message under way is kept from others, far longer than a batch takes.
const HIDDEN_SECONDS: i32 = 120;

impl Session {
    /// Sends every message of a queue to its target. What cannot be sent stays in the queue.
    pub(super) async fn queue(&self, url: &str, target: &Target) -> Result<Tally, Error> {
        let mut run = Run {
            session: self,
            sqs: aws_sdk_sqs::Client::new(&self.sdk),
            lambda: aws_sdk_lambda::Client::new(&self.sdk),
            url,
            target,
            payloads: HashSet::new(),
            kept: BTreeMap::new(),
            tally: Tally::default(),
        };
        let outcome = run.send_all().await;
        run.release().await;
        outcome.map(|()| run.tally)
    }
}

/// A queue being emptied.
struct Run<'a> {
    session: &'a Session,
    sqs: aws_sdk_sqs::Client,
    lambda: aws_sdk_lambda::Client,
    url: &'a str,
    target: &'a Target,
    /// What was sent. What fails again while this runs is parked again: sending it until it
    /// succeeds would never end.
    payloads: HashSet<String>,
    /// Messages that stay, by their id: the handles by which others may see them again.
    kept: BTreeMap<String, String>,
    tally: Tally,
}

/// A message that can be sent.
struct Parcel {
    id: String,
    handle: String,
    payload: String,
    /// What it is about.
    subject: String,
}

impl Run<'_> {
    /// Returns when the queue holds nothing more but what stays.
    async fn send_all(&mut self) -> Result<(), Error> {
        loop {
            let answer = self
                .sqs
                .receive_message()
                .queue_url(self.url)
                .max_number_of_messages(BATCH)
                .wait_time_seconds(WAIT_SECONDS)
                .visibility_timeout(HIDDEN_SECONDS)
                .send()
                .await
                .map_err(self.failed("read"))?;
            let messages = answer.messages.unwrap_or_default();
            if messages.is_empty() {
                return Ok(());
            }
            let parcels: Vec<Parcel> =
                messages.into_iter().filter_map(|message| self.open(message)).collect();
            if self.session.dry_run {
                self.list(parcels);
            } else if !parcels.is_empty() {
                let sent = self.send(parcels).await?;
                self.delete(&sent).await?;
                for parcel in sent {
                    println!("sent message {}: {}", parcel.id, parcel.subject);
                    self.tally.sent += 1;
                }
            }
        }
    }

    /// Reads a message. One that stays is named the first time it comes.
    fn open(&mut self, message: Message) -> Option<Parcel> {
        let id = message.message_id.unwrap_or_default();
        let handle = message.receipt_handle.unwrap_or_default();
        if let Some(kept) = self.kept.get_mut(&id) {
            // Only the handle of the last receipt counts.
            *kept = handle;
            return None;
        }
        match read(self.target, &message.body.unwrap_or_default()) {
            Ok((payload, _)) if !self.payloads.insert(payload.clone()) => {
                let reason = "the same was sent already: it failed again, or came twice";
                self.keep(id, handle, reason);
                None
            }
            Ok((payload, subject)) => Some(Parcel { id, handle, payload, subject }),
            Err(reason) => {
                self.keep(id, handle, &reason);
                None
            }
        }
    }

    fn keep(&mut self, id: String, handle: String, reason: &str) {
        println!("left message {id}: {reason}");
        self.tally.left += 1;
        self.kept.insert(id, handle);
    }

    fn list(&mut self, parcels: Vec<Parcel>) {
        for parcel in parcels {
            println!("would send message {}: {}", parcel.id, parcel.subject);
            self.tally.sent += 1;
            self.kept.insert(parcel.id, parcel.handle);
        }
    }

    /// Returns the messages that the target has taken.
    async fn send(&mut self, parcels: Vec<Parcel>) -> Result<Vec<Parcel>, Error> {
        match self.target {
            Target::Queue(to) => self.send_to_queue(to, parcels).await,
            Target::Function(function) => {
                for parcel in &parcels {
                    invoke(&self.lambda, function, &parcel.payload, &parcel.subject).await?;
                }
                Ok(parcels)
            }
        }
    }

    async fn send_to_queue(
        &mut self,
        to: &str,
        parcels: Vec<Parcel>,
    ) -> Result<Vec<Parcel>, Error> {
        let failed =
            |source: BoxError| Error::Queue { action: "write to", url: to.to_owned(), source };
        let entries = parcels.iter().enumerate().map(|(at, parcel)| {
            SendMessageBatchRequestEntry::builder()
                .id(at.to_string())
                .message_body(&parcel.payload)
                .build()
        });
        let entries = entries.collect::<Result<_, _>>().map_err(|error| failed(error.into()))?;
        let request = self.sqs.send_message_batch().queue_url(to).set_entries(Some(entries));
        let answer = request.send().await.map_err(|error| failed(error.into()))?;
        let refused: BTreeMap<&str, &str> =
            answer.failed.iter().map(|entry| (entry.id(), entry.code())).collect();
        let (mut sent, mut kept) = (Vec::new(), Vec::new());
        for (at, parcel) in parcels.into_iter().enumerate() {
            match refused.get(at.to_string().as_str()) {
                None => sent.push(parcel),
                Some(code) => kept.push((parcel, (*code).to_owned())),
            }
        }
        for (parcel, code) in kept {
            self.keep(parcel.id, parcel.handle, &format!("{to} refuses it: {code}"));
        }
        Ok(sent)
    }

    async fn delete(&self, sent: &[Parcel]) -> Result<(), Error> {
        if sent.is_empty() {
            return Ok(());
        }
        let entries = sent.iter().enumerate().map(|(at, parcel)| {
            DeleteMessageBatchRequestEntry::builder()
                .id(at.to_string())
                .receipt_handle(&parcel.handle)
                .build()
        });
        let entries = entries.collect::<Result<_, _>>().map_err(self.failed("delete from"))?;
        let request = self.sqs.delete_message_batch().queue_url(self.url);
        let answer =
            request.set_entries(Some(entries)).send().await.map_err(self.failed("delete from"))?;
        match answer.failed.first() {
            None => Ok(()),
            Some(entry) => Err(self.failed("delete from")(entry.code().to_owned())),
        }
    }

    /// Shows the messages that stay to others again. Where that fails, time does it.
    async fn release(&self) {
        for handle in self.kept.values() {
            let request = self.sqs.change_message_visibility().queue_url(self.url);
            request.receipt_handle(handle).visibility_timeout(0).send().await.ok();
        }
    }

    fn failed<E: Into<BoxError>>(&self, action: &'static str) -> impl FnOnce(E) -> Error {
        let url = self.url.to_owned();
        move |source| Error::Queue { action, url, source: source.into() }
    }
}

/// Hands an event to a function, which works on it later. `what` says what it is about.
pub(super) async fn invoke(
    lambda: &aws_sdk_lambda::Client,
    function: &str,
    event: &str,
    what: &str,
) -> Result<(), Error> {
    let failed = |source: BoxError| Error::Invoke {
        function: function.to_owned(),
        what: what.to_owned(),
        source,
    };
    let request = lambda
        .invoke()
        .function_name(function)
        .invocation_type(InvocationType::Event)
        .payload(Blob::new(event));
    let answer = request.send().await.map_err(|error| failed(error.into()))?;
    match answer.status_code {
        202 => Ok(()),
        status => Err(failed(format!("status {status} instead of 202").into())),
    }
}

/// What to send of a message, and what it is about; or why it cannot be sent.
fn read(target: &Target, body: &str) -> Result<(String, String), String> {
    let parsed: Value =
        serde_json::from_str(body).map_err(|error| format!("it is not JSON: {error}"))?;
    match target {
        Target::Queue(_) => {
            let subject = objects_of(&parsed).ok_or("it is no notification of S3")?;
            Ok((body.to_owned(), subject))
        }
        Target::Function(_) => {
            let event = parsed
                .get("requestPayload")
                .ok_or("it is no record of a failed invocation: it has no requestPayload")?;
            let subject = objects_of(event).ok_or("its requestPayload is no notification of S3")?;
            Ok((event.to_string(), subject))
        }
    }
}

/// The objects that a notification names, as `s3://bucket/key` with the key as sent; `None` when
/// the event is something else. A notification that was replayed through a queue holds others.
fn objects_of(event: &Value) -> Option<String> {
    if let Some(event) = event.get("requestPayload") {
        return objects_of(event);
    }
    let records = event.get("Records")?.as_array().filter(|records| !records.is_empty())?;
    let names = records.iter().map(|record| match record["eventSource"].as_str()? {
        "aws:s3" => {
            let bucket = record["s3"]["bucket"]["name"].as_str()?;
            Some(format!("s3://{bucket}/{}", record["s3"]["object"]["key"].as_str()?))
        }
        "aws:sqs" => objects_of(&serde_json::from_str(record["body"].as_str()?).ok()?),
        _ => None,
    });
    Some(names.collect::<Option<Vec<_>>>()?.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> String {
        let path = format!("{}/../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_message_is_sent_only_to_where_it_belongs() {
        let queue = Target::Queue("load".to_owned());
        let function = Target::Function("transform".to_owned());
        let failure = fixture("transform-failure-record");
        let notification = fixture("transform-s3-put");
        let through_a_queue =
            format!(r#"{{"requestPayload":{}}}"#, fixture("transform-sqs-replay"));
        for (target, body, expected) in [
            (&queue, notification.as_str(), Ok("s3://snowline-lake/landing/year%3D2026")),
            (&function, &failure, Ok("s3://snowline-lake/landing/year%3D2026")),
            (&function, &through_a_queue, Ok("s3://snowline-lake/landing/year%3D2026")),
            (&function, &notification, Err("no requestPayload")),
            (&queue, "{}", Err("no notification")),
            (&queue, r#"{"Records":[]}"#, Err("no notification")),
            (&queue, r#"{"Records":[{"eventSource":"aws:s3"}]}"#, Err("no notification")),
            (&function, r#"{"requestPayload":{"task":"merge"}}"#, Err("no notification")),
            (&function, "hello", Err("not JSON")),
        ] {
            match (read(target, body), expected) {
                (Ok((payload, subject)), Ok(start)) => {
                    assert!(subject.starts_with(start), "{subject}");
                    let whole: Value = serde_json::from_str(body).unwrap();
                    let sent: Value = serde_json::from_str(&payload).unwrap();
                    let wanted = if target == &queue { &whole } else { &whole["requestPayload"] };
                    assert_eq!(&sent, wanted);
                }
                (Err(reason), Err(part)) => assert!(reason.contains(part), "{reason}"),
                (read, _) => panic!("{body}: {read:?}"),
            }
        }
    }
}
