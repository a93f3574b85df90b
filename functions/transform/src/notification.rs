//! What an event asks for: the landing objects it names.
//!
//! S3 invokes the function with an S3 event. A replay hands the same event over again, in the
//! body of an SQS message or inside the record that Lambda sent to the on-failure destination;
//! these wrap one another freely.

use std::str::Utf8Error;

use aws_lambda_events::s3::{S3Event, S3EventRecord};
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use lake::{LANDING_PREFIX, LandingObject};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// Why an event, or one record of it, names no landing object.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
    /// The event is none of those the function takes.
    #[error("the event is neither an S3 event nor an SQS message or failure record holding one")]
    Unknown,
    /// The event has the outline of an S3 or SQS event, but not its fields.
    #[error("cannot read the {kind} event")]
    Fields {
        /// `S3` or `SQS`.
        kind: &'static str,
        /// The field and what is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The body of an SQS message is not JSON.
    #[error("SQS message {message_id}: cannot read the body as JSON")]
    Body {
        /// Identifier of the message.
        message_id: String,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// A record lacks a field that S3 always sends.
    #[error("s3://{bucket}/{key}: the notification has no {field}")]
    Missing {
        /// The bucket, empty if that is what is missing.
        bucket: String,
        /// The key as sent, empty if that is what is missing.
        key: String,
        /// The field, as S3 spells it.
        field: &'static str,
    },
    /// The decoded key is not UTF-8.
    #[error("s3://{bucket}/{key}: the key is not UTF-8")]
    Key {
        /// The bucket.
        bucket: String,
        /// The key as sent, still encoded.
        key: String,
        /// Where.
        #[source]
        source: Utf8Error,
    },
    /// The record tells of something other than a new object.
    #[error("s3://{bucket}/{key}: refused: {event_name} is not an ObjectCreated event")]
    NotCreated {
        /// The bucket.
        bucket: String,
        /// The key, decoded.
        key: String,
        /// What happened instead.
        event_name: String,
    },
    /// The object is in another bucket than the lake's.
    #[error("s3://{bucket}/{key}: refused: the lake is bucket {lake_bucket}")]
    OtherBucket {
        /// The bucket.
        bucket: String,
        /// The key, decoded.
        key: String,
        /// The lake's bucket.
        lake_bucket: String,
    },
    /// The object is not under `landing/`.
    #[error("s3://{bucket}/{key}: refused: the key is not under {LANDING_PREFIX}")]
    OtherPrefix {
        /// The bucket.
        bucket: String,
        /// The key, decoded.
        key: String,
    },
}

/// Lists the landing objects an event names, in the order it names them; a record that names none
/// has an error in its place, so that its neighbours are still transformed. The test event that
/// S3 sends when a notification is configured names nothing and yields an empty list.
///
/// Records other than `ObjectCreated:*` are refused, not ignored: nothing subscribes to them, so
/// one that arrives shows a wiring mistake.
pub(crate) fn landing_objects(
    event: Value,
    lake_bucket: &str,
) -> Vec<Result<LandingObject, NotificationError>> {
    let mut objects = Vec::new();
    collect(event, lake_bucket, &mut objects);
    objects
}

type Objects = Vec<Result<LandingObject, NotificationError>>;

fn collect(mut event: Value, lake_bucket: &str, objects: &mut Objects) {
    if let Some(payload) = event.get_mut("requestPayload") {
        return collect(payload.take(), lake_bucket, objects);
    }
    if event["Event"] == "s3:TestEvent" {
        return;
    }
    match event["Records"][0]["eventSource"].as_str() {
        Some("aws:s3") => match serde_json::from_value::<S3Event>(event) {
            Ok(event) => objects.extend(
                event.records.into_iter().map(|record| landing_object(record, lake_bucket)),
            ),
            Err(source) => objects.push(Err(NotificationError::Fields { kind: "S3", source })),
        },
        Some("aws:sqs") => match serde_json::from_value::<SqsEvent>(event) {
            Ok(event) => {
                for message in event.records {
                    collect_message(message, lake_bucket, objects);
                }
            }
            Err(source) => objects.push(Err(NotificationError::Fields { kind: "SQS", source })),
        },
        _ => objects.push(Err(NotificationError::Unknown)),
    }
}

fn collect_message(message: SqsMessage, lake_bucket: &str, objects: &mut Objects) {
    match serde_json::from_str(&message.body.unwrap_or_default()) {
        Ok(event) => collect(event, lake_bucket, objects),
        Err(source) => objects.push(Err(NotificationError::Body {
            message_id: message.message_id.unwrap_or_default(),
            source,
        })),
    }
}

fn landing_object(
    record: S3EventRecord,
    lake_bucket: &str,
) -> Result<LandingObject, NotificationError> {
    let event_name = record.event_name.unwrap_or_default();
    let bucket = record.s3.bucket.name.unwrap_or_default();
    let object = record.s3.object;
    let encoded = object.key.unwrap_or_default();
    let etag = object.e_tag.unwrap_or_default();
    let sent = [("bucket name", &bucket), ("key", &encoded), ("eTag", &etag)];
    if let Some(&(field, _)) = sent.iter().find(|(_, value)| value.is_empty()) {
        return Err(NotificationError::Missing { bucket, key: encoded, field });
    }
    let key = match decode_key(&encoded) {
        Ok(key) => key,
        Err(source) => return Err(NotificationError::Key { bucket, key: encoded, source }),
    };
    if bucket != lake_bucket {
        let lake_bucket = lake_bucket.to_owned();
        return Err(NotificationError::OtherBucket { bucket, key, lake_bucket });
    }
    if !key.starts_with(LANDING_PREFIX) {
        return Err(NotificationError::OtherPrefix { bucket, key });
    }
    if !event_name.starts_with("ObjectCreated:") {
        return Err(NotificationError::NotCreated { bucket, key, event_name });
    }
    // An object put while versioning was off or suspended has the version "null", which says
    // nothing about its content: the eTag identifies it, as it does without versions.
    let version_id = object.version_id.filter(|version| !version.is_empty() && version != "null");
    Ok(LandingObject { bucket, key, version_id, etag })
}

/// Undoes the form encoding of a key: a space comes as `+`, a plus sign as `%2B`.
fn decode_key(encoded: &str) -> Result<String, Utf8Error> {
    let spaced = encoded.replace('+', " ");
    Ok(percent_decode_str(&spaced).decode_utf8()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: &str = "landing/year=2026/month=11/day=22/hour=09";

    fn fixture(name: &str) -> Value {
        let path = format!("{}/../../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    fn summary(event: Value) -> Vec<String> {
        landing_objects(event, "snowline-lake")
            .into_iter()
            .map(|object| match object {
                Ok(object) => {
                    assert_eq!(object.bucket, "snowline-lake");
                    let version = object.version_id.as_deref().unwrap_or("-");
                    format!("{} {version} {}", object.key, object.etag)
                }
                Err(error) => telemetry::error_chain(&error),
            })
            .collect()
    }

    #[test]
    fn every_sample_event_yields_its_landing_objects() {
        let one = format!(
            "{HOUR}/snowline-landing-1-2026-11-22-09-15-03-5f0c7a52-0f0d-4b8e-9a51-3c2d1e0f9a8b.gz \
             - 0c4b9d0d4f1f3c5e8a7b6d5c4e3f2a1b"
        );
        for (name, objects) in [
            ("transform-s3-put", vec![one.clone()]),
            (
                "transform-s3-several-records",
                vec![
                    format!("{HOUR}/orders from the shop+web.ndjson Tn3xq9.vK1 9a0364b9e99bb480dd25e1f0284c8555"),
                    format!("{HOUR}/commandes-été.csv - d41d8cd98f00b204e9800998ecf8427e-3"),
                    "s3://snowline-lake/processed/year=2026/month=11/day=22/final_0011223344556677.parquet: \
                     refused: the key is not under landing/"
                        .to_owned(),
                ],
            ),
            ("transform-s3-test-event", vec![]),
            ("transform-sqs-replay", vec![one.clone(), one.clone()]),
            ("transform-failure-record", vec![one]),
        ] {
            assert_eq!(summary(fixture(name)), objects, "{name}");
        }
    }

    #[test]
    fn a_record_that_names_no_landing_object_says_why() {
        for (pointer, value, expected) in [
            ("eventName", "ObjectRemoved:Delete", "ObjectRemoved:Delete is not an ObjectCreated"),
            ("s3/bucket/name", "elsewhere", "s3://elsewhere/landing/year=2026"),
            ("s3/object/key", "landing%2F%FF", "s3://snowline-lake/landing%2F%FF: the key is not"),
            ("s3/object/key", "landingX/a", "s3://snowline-lake/landingX/a: refused: the key"),
            ("s3/object/key", "", "the notification has no key"),
            ("s3/object/eTag", "", "the notification has no eTag"),
            ("eventTime", "yesterday", "cannot read the S3 event: "),
            ("eventSource", "aws:sns", "the event is neither"),
        ] {
            let mut event = fixture("transform-s3-put");
            *event.pointer_mut(&format!("/Records/0/{pointer}")).unwrap() = value.into();
            let objects = summary(event);
            assert_eq!(objects.len(), 1, "{pointer}");
            assert!(objects[0].contains(expected), "{pointer}: {}", objects[0]);
        }
    }

    #[test]
    fn an_sqs_message_that_is_not_json_does_not_hide_its_neighbours() {
        let mut event = fixture("transform-sqs-replay");
        event["Records"][0]["body"] = "not json".into();
        let objects = summary(event);
        assert_eq!(objects.len(), 2);
        assert!(objects[0].starts_with("SQS message 059f36b4"), "{}", objects[0]);
        assert!(objects[1].starts_with(HOUR), "{}", objects[1]);
    }

    #[test]
    fn the_version_null_is_no_version() {
        let mut event = fixture("transform-s3-put");
        event["Records"][0]["s3"]["object"]["versionId"] = "null".into();
        let object = landing_objects(event, "snowline-lake").remove(0).unwrap();
        assert_eq!(object.version_id, None);
    }

    #[test]
    fn anything_else_is_an_unknown_event() {
        for event in ["null", "{}", "[]", "7", "\"landing/\"", r#"{"Records":[]}"#] {
            let objects = landing_objects(serde_json::from_str(event).unwrap(), "snowline-lake");
            assert!(matches!(objects[..], [Err(NotificationError::Unknown)]), "{event}");
        }
    }
}
