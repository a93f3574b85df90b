use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::time::Duration;

use telemetry::error_chain;
use tokio::runtime::Handle;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;
use transform::{
    Body, LandingObject, Location, PART_BYTES, PUT_BYTES, RANGE_BYTES, StoreError, Upload,
};

use crate::fake_s3::{BUCKET, FakeS3, LANDED_AT_MICROS};

const KEY: &str = "landing/year=2026/month=11/day=22/hour=09/orders é+1.ndjson";
const OUT: &str = "processed/year=2026/month=11/day=22/final_0011223344556677.parquet";

fn landing_object(etag: &str) -> LandingObject {
    LandingObject {
        bucket: BUCKET.to_owned(),
        key: KEY.to_owned(),
        version_id: None,
        etag: etag.to_owned(),
    }
}

#[tokio::test]
async fn reads_the_very_object_that_was_notified() {
    let s3 = FakeS3::default();
    let etag = s3.put(KEY, "{}\n");
    let mut object = landing_object(&etag);

    let landed = s3.store().get(&object).await.unwrap();
    assert_eq!(landed.landed_at_micros, LANDED_AT_MICROS);
    assert_eq!(read_all(landed.body).await.unwrap(), b"{}\n");
    let range = format!("range=0-{}", RANGE_BYTES - 1);
    assert_eq!(s3.requests(), [format!("GET {KEY} if-match=\"{etag}\" {range}")]);

    object.version_id = Some("Tn3xq9.vK1".to_owned());
    s3.store().get(&object).await.unwrap();
    assert_eq!(s3.requests(), [format!("GET {KEY} versionId=Tn3xq9.vK1 {range}")]);
}

#[tokio::test]
async fn an_object_replaced_since_is_an_error_that_names_it() {
    let s3 = FakeS3::default();
    let etag = s3.put(KEY, "{}\n");
    s3.put(KEY, "{\"newer\":1}\n");
    let error = error_chain(&s3.store().get(&landing_object(&etag)).await.unwrap_err());
    assert!(
        error.starts_with(&format!("s3://{BUCKET}/{KEY}: cannot read the object: ")),
        "{error}"
    );
    assert!(error.contains("PreconditionFailed"), "{error}");
}

/// Content whose period divides no part size, so that swapped parts show.
fn content(bytes: usize) -> Vec<u8> {
    let period: Vec<u8> = (0..251).collect();
    let mut content = period.repeat(bytes / period.len() + 1);
    content.truncate(bytes);
    content
}

async fn read_all(mut body: Body) -> std::io::Result<Vec<u8>> {
    let read = spawn_blocking(move || {
        let mut content = Vec::new();
        body.read_to_end(&mut content).map(|_| content)
    });
    read.await.unwrap()
}

#[tokio::test]
async fn a_large_object_is_read_in_ranges_four_ahead() {
    let s3 = FakeS3::default();
    let bytes = 5 * RANGE_BYTES + 1;
    let etag = s3.put(KEY, content(bytes as usize));
    let landed = s3.store().get(&landing_object(&etag)).await.unwrap();
    assert_eq!(landed.bytes, bytes);
    let mut requests = s3.requests();
    while requests.len() < 4 {
        sleep(Duration::from_millis(1)).await;
        requests.extend(s3.requests());
    }
    sleep(Duration::from_millis(50)).await;
    assert_eq!(s3.requests(), [""; 0], "more is asked for than is read");

    assert!(read_all(landed.body).await.unwrap() == content(bytes as usize), "out of order");
    requests.extend(s3.requests());
    let last = |first: u64| (first + RANGE_BYTES).min(bytes) - 1;
    let ranges = (0..6).map(|range| range * RANGE_BYTES);
    let expected: BTreeSet<_> = ranges
        .map(|first| format!("GET {KEY} if-match=\"{etag}\" range={first}-{}", last(first)))
        .collect();
    assert_eq!(requests.len(), 6);
    assert_eq!(BTreeSet::from_iter(requests), expected);
}

#[tokio::test]
async fn an_object_replaced_while_it_is_read_is_an_error_that_names_it() {
    let s3 = FakeS3::default();
    let bytes = 5 * RANGE_BYTES as usize;
    let etag = s3.put(KEY, content(bytes));
    let landed = s3.store().get(&landing_object(&etag)).await.unwrap();
    s3.put(KEY, vec![b'\n'; bytes]);
    let error = read_all(landed.body).await.unwrap_err();
    let chain = error_chain(error.get_ref().unwrap());
    assert!(
        chain.starts_with(&format!("s3://{BUCKET}/{KEY}: cannot read the object to its end: "))
    );
    assert!(chain.contains("PreconditionFailed"), "{chain}");
}

#[tokio::test]
async fn a_connection_that_breaks_is_taken_up_where_it_broke() {
    let s3 = FakeS3::default();
    let etag = s3.put(KEY, content(1000));
    s3.cut(&[100, 1]);
    let landed = s3.store().get(&landing_object(&etag)).await.unwrap();
    assert!(read_all(landed.body).await.unwrap() == content(1000));
    let requests = s3.requests();
    let ranges: Vec<_> =
        requests.iter().filter_map(|line| Some(line.split_once("range=")?.1)).collect();
    assert_eq!(ranges, [&format!("0-{}", RANGE_BYTES - 1), "900-999", "999-999"]);
    assert!(requests.iter().all(|line| line.contains(&etag)), "{requests:?}");
}

#[tokio::test]
async fn a_body_that_ends_early_three_times_fails_to_be_read() {
    let s3 = FakeS3::default();
    let etag = s3.put(KEY, vec![b'\n'; 1000]);
    s3.cut(&[1, 1, 1]);
    let landed = s3.store().get(&landing_object(&etag)).await.unwrap();
    let error = read_all(landed.body).await.unwrap_err();
    let chain = error_chain(error.get_ref().unwrap());
    assert!(
        chain.starts_with(&format!("s3://{BUCKET}/{KEY}: cannot read the object to its end: "))
    );
    assert_eq!(s3.requests().len(), 3);
}

struct Uploading {
    s3: FakeS3,
    tasks: JoinSet<()>,
    upload: Upload,
}

impl Uploading {
    fn start() -> Self {
        let s3 = FakeS3::default();
        let location = Location { bucket: BUCKET.to_owned(), key: OUT.to_owned() };
        let mut tasks = JoinSet::new();
        let upload =
            s3.store().upload(location, "application/octet-stream", &mut tasks, &Handle::current());
        Self { s3, tasks, upload }
    }

    /// Writes `bytes` bytes, `step` at a time, on a thread that may block.
    async fn write(mut self, bytes: usize, step: usize) -> (Self, std::io::Result<()>) {
        let content = content(bytes);
        spawn_blocking(move || {
            let written = content.chunks(step).try_for_each(|chunk| self.upload.write_all(chunk));
            (self, written)
        })
        .await
        .unwrap()
    }
}

#[tokio::test]
async fn short_content_is_put_at_once_and_only_on_completion() {
    for bytes in [0, 1, PUT_BYTES] {
        let (uploading, written) = Uploading::start().write(bytes, 1 << 20).await;
        written.unwrap();
        assert_eq!(uploading.s3.requests(), [""; 0]);

        let stored = uploading.upload.complete().await.unwrap();
        assert_eq!(stored.bytes, bytes as u64);
        assert_eq!(uploading.s3.requests(), [format!("PUT {OUT} encryption=AES256")]);
        assert_eq!(uploading.s3.written()[OUT].len(), bytes);
    }
}

#[tokio::test]
async fn longer_content_is_sent_in_equal_parts_however_it_was_written() {
    let bytes = PUT_BYTES + 1;
    let mut etags = Vec::new();
    for step in [3_333_333, bytes] {
        let (uploading, written) = Uploading::start().write(bytes, step).await;
        written.unwrap();
        assert!(uploading.s3.written().is_empty(), "visible before completion");

        let stored = uploading.upload.complete().await.unwrap();
        assert_eq!(stored.bytes, bytes as u64);
        let content = uploading.s3.written().remove(OUT).unwrap();
        assert!(content == self::content(bytes), "the parts are out of order");
        let requests = uploading.s3.requests();
        assert_eq!(requests.len(), 5, "create, three parts, complete");
        assert_eq!(requests[0], format!("POST {OUT} uploads= encryption=AES256"));
        etags.push(stored.etag);
    }
    assert!(etags[0].ends_with("-3"), "{etags:?}");
    assert_eq!(etags[0], etags[1]);
}

#[tokio::test]
async fn a_dropped_upload_is_aborted_and_never_visible() {
    for bytes in [10, PUT_BYTES + 1] {
        let (uploading, _) = Uploading::start().write(bytes, 1 << 20).await;
        let Uploading { s3, tasks, upload } = uploading;
        drop(upload);
        tasks.join_all().await;
        assert!(s3.written().is_empty());
        assert_eq!(s3.open_uploads(), 0);
        let aborts = s3.requests().iter().filter(|request| request.starts_with("DELETE")).count();
        assert_eq!(aborts, usize::from(bytes > PUT_BYTES));
    }
}

#[tokio::test]
async fn a_part_that_cannot_be_written_fails_the_writer_and_aborts() {
    let uploading = Uploading::start();
    uploading.s3.deny(
        "PUT processed/year=2026/month=11/day=22/final_0011223344556677.parquet partNumber=2",
    );
    let (uploading, written) = uploading.write(4 * PART_BYTES + 1, PART_BYTES).await;
    let error = written.unwrap_err();
    let cause = error.get_ref().unwrap().downcast_ref::<StoreError>().unwrap();
    let chain = error_chain(cause);
    assert!(chain.starts_with(&format!("s3://{BUCKET}/{OUT}: cannot write a part: ")), "{chain}");
    assert!(chain.contains("AccessDenied"), "{chain}");

    uploading.upload.complete().await.unwrap_err();
    uploading.tasks.join_all().await;
    assert!(uploading.s3.written().is_empty());
    assert_eq!(uploading.s3.open_uploads(), 0);
}
