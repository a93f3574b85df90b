//! The notification of a landing object, as S3 sends it.

use aws_sdk_s3::primitives::DateTimeFormat;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::objects::Head;

/// What S3 leaves as it is in the key of a notification, beside letters and digits. A space
/// becomes a plus sign.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'*').remove(b'-').remove(b'.').remove(b'_').remove(b' ');

/// The event that S3 sent when the object landed, except for what only S3 knows. It is the same
/// each time: its time is the object's.
pub(super) fn created(head: &Head, region: &str) -> Value {
    let object = &head.object;
    let landed_at = head.last_modified.as_ref();
    let mut stored = json!({
        "key": encode(&object.key),
        "size": head.bytes,
        "eTag": object.etag,
        "sequencer": "00",
    });
    if let Some(version) = &object.version_id {
        stored["versionId"] = version.as_str().into();
    }
    json!({"Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": region,
        "eventTime": landed_at.and_then(|time| time.fmt(DateTimeFormat::DateTime).ok()),
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "snowline-replay"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "snowline-replay",
            "bucket": {
                "name": object.bucket,
                "ownerIdentity": {"principalId": "snowline-replay"},
                "arn": format!("arn:aws:s3:::{}", object.bucket),
            },
            "object": stored,
        },
    }]})
}

fn encode(key: &str) -> String {
    utf8_percent_encode(key, ENCODED).to_string().replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lambda_events::s3::S3Event;
    use aws_sdk_s3::primitives::DateTime;
    use lake::LandingObject;

    fn fixture(name: &str) -> Value {
        let path = format!("{}/../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn a_notification_tells_of_the_object_as_s3_does() {
        let hour = "landing/year=2026/month=11/day=22/hour=09";
        let several = fixture("transform-s3-several-records");
        for (record, key, version) in [
            (0, format!("{hour}/orders from the shop+web.ndjson"), Some("Tn3xq9.vK1")),
            (1, format!("{hour}/commandes-été.csv"), None),
        ] {
            let sent = &several["Records"][record];
            let stored = &sent["s3"]["object"];
            let head = Head {
                object: LandingObject {
                    bucket: "snowline-lake".to_owned(),
                    key,
                    version_id: version.map(str::to_owned),
                    etag: stored["eTag"].as_str().unwrap().to_owned(),
                },
                bytes: stored["size"].as_u64().unwrap(),
                last_modified: Some(DateTime::from_secs(1_795_338_965)),
            };
            let event = created(&head, sent["awsRegion"].as_str().unwrap());
            let mut ours = event["Records"][0].clone();
            assert_eq!(ours["eventTime"], "2026-11-22T09:16:05Z");
            // Only S3 knows these.
            for only_s3 in [
                "/eventTime",
                "/eventName",
                "/userIdentity/principalId",
                "/requestParameters/sourceIPAddress",
                "/responseElements",
                "/s3/configurationId",
                "/s3/bucket/ownerIdentity/principalId",
                "/s3/object/sequencer",
            ] {
                let theirs = sent.pointer(only_s3).unwrap().clone();
                *ours.pointer_mut(only_s3).unwrap() = theirs;
            }
            assert_eq!(&ours, sent);
            let read: S3Event = serde_json::from_value(event).unwrap();
            assert_eq!(read.records.len(), 1);
        }
    }
}
