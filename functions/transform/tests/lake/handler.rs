use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZeroUsize;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use telemetry::error_chain;
use tokio::time::timeout;
use transform::{Config, Handler, Summary};

use crate::fake_s3::{BUCKET, FakeS3};

const HOUR: &str = "landing/year=2026/month=11/day=22/hour=09";

fn handler(s3: &FakeS3, salt: &str) -> Handler {
    let name = format!("salt-{:?}", std::thread::current().id());
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, salt).unwrap();
    let config = Config {
        dataset: "orders".to_owned(),
        lake_bucket: BUCKET.to_owned(),
        region: "eu-west-1".to_owned(),
        hash_salt: secrets::Location::File(path),
    };
    let salt = secrets::Source::open(config.hash_salt.clone(), &aws::SdkConfig::builder().build());
    let dataset = datasets::load("orders").unwrap();
    Handler::new(config, dataset, s3.store(), salt, NonZeroUsize::new(2).unwrap())
}

/// Two good orders, one without an amount and one that is not JSON.
fn orders() -> Vec<u8> {
    let order = json!({
        "order_id": "7f1f2c0a-58a5-4d1c-9d8e-2d2f0c7b1a01", "customer_id": "C-1",
        "order_timestamp": "2026-11-22T09:15:00Z", "order_amount": 12.5, "currency": "EUR",
        "quantity": 1, "product_id": "P-1", "product_category": "books",
        "order_status": "placed", "shipping_country": "DE", "customer_email": "a@example.com",
    });
    let mut second = order.clone();
    second["order_id"] = "7f1f2c0a-58a5-4d1c-9d8e-2d2f0c7b1a02".into();
    let mut bad = order.clone();
    bad["order_amount"] = Value::Null;
    format!("{order}\n{second}\n{bad}\n{{\n").into_bytes()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// The event S3 sends about these objects, given as key and eTag.
fn event(objects: &[(&str, &str)]) -> Value {
    let path = format!("{}/../../events/transform-s3-put.json", env!("CARGO_MANIFEST_DIR"));
    let sample: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let records = objects.iter().map(|(key, etag)| {
        let mut record = sample["Records"][0].clone();
        record["s3"]["object"]["key"] = key.replace('=', "%3D").into();
        record["s3"]["object"]["eTag"] = (*etag).into();
        record
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}

fn ledger(written: &BTreeMap<String, Vec<u8>>) -> Value {
    let mut entries = written.iter().filter(|(key, _)| key.starts_with("ledger/"));
    let (_, line) = entries.next().unwrap();
    assert!(entries.next().is_none());
    serde_json::from_slice(line).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_becomes_its_outputs_and_last_a_ledger_entry_that_lists_them() {
    let s3 = FakeS3::default();
    let key = format!("{HOUR}/orders.gz");
    let content = gzip(&orders());
    let etag = s3.put(&key, content.clone());

    let summary = handler(&s3, "pepper\n").handle(event(&[(&key, &etag)])).await.unwrap();
    let expected = Summary { objects: 1, rows_read: 4, rows_accepted: 2, rows_rejected: 2 };
    assert_eq!(summary, expected);

    let written = s3.written();
    let ledger = ledger(&written);
    let id = ledger["id"].as_str().unwrap();
    let day = "year=2026/month=11/day=22";
    let keys = [
        format!("processing/{day}/processed_{id}.parquet"),
        format!("processed/{day}/final_{id}.parquet"),
        format!("processed/{day}/orders_hourly_{id}.parquet"),
        format!("quarantine/{day}/rejected_{id}.ndjson"),
        format!("ledger/{day}/ledger_{id}.json"),
    ];
    let mut requests = s3.requests();
    assert!(requests[0].starts_with(&format!("GET {key} if-match=\"{etag}\"")), "{requests:?}");
    // What Snowflake reads has S3's own key; the rest is left to the bucket.
    let put = |key: &String| {
        let is_loaded = key.starts_with("processed/") || key.starts_with("ledger/");
        format!("PUT {key}{}", if is_loaded { " encryption=AES256" } else { "" })
    };
    assert_eq!(requests[5], put(&keys[4]), "the ledger entry comes last");
    requests[1..5].sort();
    let mut outputs: Vec<_> = keys[..4].iter().map(put).collect();
    outputs.sort();
    assert_eq!(requests[1..5], outputs);

    assert_eq!(ledger["bytes"], content.len());
    assert_eq!(ledger["rejected_by_rule"], json!({"json": 1, "required": 1}));
    let listed = ledger["outputs"].as_array().unwrap();
    let zones = ["processing", "processed", "aggregate", "quarantine"];
    let tables = [Value::Null, "orders".into(), "orders_hourly".into(), Value::Null];
    for (((output, key), zone), table) in listed.iter().zip(&keys).zip(zones).zip(tables) {
        let rows = if zone == "aggregate" { 1 } else { 2 };
        let bytes = &written[key];
        let etag = (!table.is_null()).then(|| s3.put(key, bytes.clone()));
        let expected = json!({
            "zone": zone, "table": table, "key": key, "rows": rows, "bytes": bytes.len(), "etag": etag,
        });
        assert_eq!(*output, expected);
    }
    assert_eq!((listed.len(), written.len()), (4, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_outputs_are_written_at_once() {
    let s3 = FakeS3::default();
    let key = format!("{HOUR}/orders.ndjson");
    let etag = s3.put(&key, orders());
    s3.gather(4);
    let handler = handler(&s3, "pepper");
    let handled = handler.handle(event(&[(&key, &etag)]));
    timeout(Duration::from_secs(10), handled).await.expect("one waits for another").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_delivery_to_another_environment_writes_the_same_bytes() {
    let s3 = FakeS3::default();
    let key = format!("{HOUR}/orders.ndjson");
    let etag = s3.put(&key, orders());
    handler(&s3, "pepper").handle(event(&[(&key, &etag)])).await.unwrap();
    let first = s3.written();
    handler(&s3, "pepper\n").handle(event(&[(&key, &etag), (&key, &etag)])).await.unwrap();
    assert_eq!(s3.written(), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_object_yields_only_a_ledger_entry() {
    let s3 = FakeS3::default();
    let key = format!("{HOUR}/empty.ndjson");
    let etag = s3.put(&key, "");
    let summary = handler(&s3, "pepper").handle(event(&[(&key, &etag)])).await.unwrap();
    assert_eq!(summary, Summary { objects: 1, ..Summary::default() });
    let written = s3.written();
    assert_eq!(ledger(&written)["outputs"], json!([]));
    assert_eq!(written.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_fail_are_all_named_after_their_neighbours_are_done() {
    let s3 = FakeS3::default();
    let good = format!("{HOUR}/good.ndjson");
    let gone = format!("{HOUR}/gone.ndjson");
    let etag = s3.put(&good, orders());
    let event = event(&[(&gone, "e1"), ("elsewhere/a", "e2"), (&good, &etag), ("landing/a", "e3")]);
    let error = error_chain(&handler(&s3, "pepper").handle(event).await.unwrap_err());
    for part in [
        "3 of 4 objects failed: ",
        &format!("s3://{BUCKET}/{gone}: cannot read the object: "),
        &format!("s3://{BUCKET}/elsewhere/a: refused: the key is not under landing/"),
        &format!("s3://{BUCKET}/landing/a: the key has no year="),
        "NoSuchKey",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
    assert_eq!(ledger(&s3.written())["key"], good);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_all_its_outputs_an_object_has_no_ledger_entry() {
    let s3 = FakeS3::default();
    let key = format!("{HOUR}/orders.ndjson");
    let etag = s3.put(&key, orders());
    s3.deny("PUT quarantine/");
    let error =
        error_chain(&handler(&s3, "pepper").handle(event(&[(&key, &etag)])).await.unwrap_err());
    assert!(error.starts_with(&format!("s3://{BUCKET}/quarantine/year=2026/")), "{error}");
    assert!(error.contains("AccessDenied"), "{error}");
    assert!(s3.written().keys().all(|key| !key.starts_with("ledger/")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_cannot_be_read_as_a_whole_leaves_nothing_visible() {
    let content = gzip(&orders());
    let truncated = &content[..content.len() - 9];
    for (name, stored, cut) in [("truncated.gz", truncated, 0), ("broken.gz", &content[..], 9)] {
        let s3 = FakeS3::default();
        let key = format!("{HOUR}/{name}");
        let etag = s3.put(&key, stored);
        s3.cut(&[cut; 3]);
        let outcome = handler(&s3, "pepper").handle(event(&[(&key, &etag)])).await;
        let error = error_chain(&outcome.unwrap_err());
        assert!(error.starts_with(&format!("s3://{BUCKET}/{key}: cannot transform")), "{error}");
        assert_eq!(s3.written(), BTreeMap::new());
        assert_eq!(s3.open_uploads(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_salt_hashes_nothing() {
    let s3 = FakeS3::default();
    let key = format!("{HOUR}/orders.ndjson");
    let etag = s3.put(&key, orders());
    let error = handler(&s3, "\n").handle(event(&[(&key, &etag)])).await.unwrap_err();
    assert_eq!(error.to_string(), "the hash salt is empty");
    assert_eq!(s3.written(), BTreeMap::new());
}
