//! S3 in memory, as far as the transform uses it.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use percent_encoding::percent_decode_str;
use tokio::sync::Barrier;
use transform::Store;

pub(crate) const BUCKET: &str = "snowline-lake";
/// LastModified of every object.
pub(crate) const LANDED_AT_MICROS: i64 = 1_795_338_965_000_000;
const LAST_MODIFIED: &str = "Sun, 22 Nov 2026 09:16:05 GMT";

/// One bucket. Clones share it.
#[derive(Debug, Default, Clone)]
pub(crate) struct FakeS3(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, Object>,
    parts: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    requests: Vec<String>,
    denied: Option<&'static str>,
    cuts: VecDeque<usize>,
    gathering: Option<Arc<Barrier>>,
}

#[derive(Debug, Clone)]
struct Object {
    body: Vec<u8>,
    etag: String,
}

impl FakeS3 {
    pub(crate) fn store(&self) -> Store {
        let connector = SharedHttpConnector::new(self.clone());
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .endpoint_url("http://s3.test")
            .force_path_style(true)
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        Store::new(aws_sdk_s3::Client::from_conf(config))
    }

    /// Stores an object and returns its eTag.
    pub(crate) fn put(&self, key: &str, body: impl Into<Vec<u8>>) -> String {
        self.state().put(key.to_owned(), body.into())
    }

    /// Every visible object outside `landing/`, by key.
    pub(crate) fn written(&self) -> BTreeMap<String, Vec<u8>> {
        let objects = self.state().objects.clone();
        let written = objects.into_iter().filter(|(key, _)| !key.starts_with("landing/"));
        written.map(|(key, object)| (key, object.body)).collect()
    }

    /// Requests since the last call, as `METHOD key name=value ...`, with what matters of query and
    /// headers.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state().requests)
    }

    /// Uploads neither completed nor aborted.
    pub(crate) fn open_uploads(&self) -> usize {
        self.state().parts.len()
    }

    /// Answers 403 to requests that begin like this.
    pub(crate) fn deny(&self, request: &'static str) {
        self.state().denied = Some(request);
    }

    /// Leaves so many bytes out at the end of what the next GETs send.
    pub(crate) fn cut(&self, bytes: &[usize]) {
        self.state().cuts = bytes.iter().copied().collect();
    }

    /// Answers no PUT of an output before so many are under way.
    pub(crate) fn gather(&self, puts: usize) {
        self.state().gathering = Some(Arc::new(Barrier::new(puts)));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl HttpConnector for FakeS3 {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let fake = self.clone();
        HttpConnectorFuture::new(async move {
            let body = ByteStream::new(request.take_body()).collect().await.unwrap();
            let gathering = fake.state().gathering.clone();
            if let Some(barrier) = gathering
                && request.method() == "PUT"
                && !request.uri().contains("/ledger/")
            {
                barrier.wait().await;
            }
            Ok(fake.state().answer(&request, body.to_vec()))
        })
    }
}

impl State {
    fn answer(&mut self, request: &HttpRequest, body: Vec<u8>) -> HttpResponse {
        let (path, query) = request.uri().split_once('?').unwrap_or((request.uri(), ""));
        let prefix = format!("http://s3.test/{BUCKET}/");
        let key = path.strip_prefix(&prefix).expect("another bucket");
        let key = percent_decode_str(key).decode_utf8().unwrap().into_owned();
        let parameters: BTreeMap<&str, &str> =
            query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
        let if_match = request.headers().get("if-match");
        let range = request.headers().get("range").map(|range| range.trim_start_matches("bytes="));

        let mut line = format!("{} {key}", request.method());
        for name in ["uploads", "partNumber", "uploadId", "versionId"] {
            if let Some(value) = parameters.get(name) {
                line.push_str(&format!(" {name}={value}"));
            }
        }
        if let Some(etag) = if_match {
            line.push_str(&format!(" if-match={etag}"));
        }
        if let Some(range) = range {
            line.push_str(&format!(" range={range}"));
        }
        if let Some(encryption) = request.headers().get("x-amz-server-side-encryption") {
            line.push_str(&format!(" encryption={encryption}"));
        }
        let denied = self.denied.is_some_and(|denied| line.starts_with(denied));
        self.requests.push(line);
        if denied {
            return error(403, "AccessDenied");
        }
        let upload = parameters.get("uploadId").copied();
        match (request.method(), upload) {
            ("GET", _) => self.get(&key, if_match, range),
            ("PUT", None) => {
                let etag = self.put(key, body);
                ok(String::new(), &etag)
            }
            ("POST", None) => {
                let upload = format!("upload-{}", self.requests.len());
                self.parts.insert(upload.clone(), BTreeMap::new());
                ok(
                    format!(
                        "<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
                    ),
                    "",
                )
            }
            ("PUT", Some(upload)) => {
                let number = parameters["partNumber"].parse().unwrap();
                let etag = digest(&body);
                self.parts.get_mut(upload).unwrap().insert(number, body);
                ok(String::new(), &etag)
            }
            ("POST", Some(upload)) => self.complete(key, upload, &body),
            ("DELETE", Some(upload)) => {
                self.parts.remove(upload).unwrap();
                ok(String::new(), "")
            }
            other => unimplemented!("{other:?}"),
        }
    }

    fn put(&mut self, key: String, body: Vec<u8>) -> String {
        let etag = digest(&body);
        self.objects.insert(key, Object { body, etag: etag.clone() });
        etag
    }

    fn get(&mut self, key: &str, if_match: Option<&str>, range: Option<&str>) -> HttpResponse {
        let Some(Object { body, etag }) = self.objects.get(key) else {
            return error(404, "NoSuchKey");
        };
        if if_match.is_some_and(|wanted| wanted.trim_matches('"') != etag) {
            return error(412, "PreconditionFailed");
        }
        let (first, end) = match range {
            Some(_) if body.is_empty() => return error(416, "InvalidRange"),
            Some(range) => {
                let (first, last) = range.split_once('-').unwrap();
                let end = last.parse::<usize>().unwrap() + 1;
                (first.parse().unwrap(), end.min(body.len()))
            }
            None => (0, body.len()),
        };
        let cut = self.cuts.pop_front().unwrap_or_default();
        let sent = body[first..end.saturating_sub(cut).max(first)].to_vec();
        let status = if range.is_some() { 206 } else { 200 };
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(sent));
        let headers = response.headers_mut();
        if range.is_some() {
            headers.insert("content-range", format!("bytes {first}-{}/{}", end - 1, body.len()));
        }
        headers.insert("etag", format!("\"{etag}\""));
        headers.insert("last-modified", LAST_MODIFIED);
        headers.insert("content-length", (end - first).to_string());
        response
    }

    /// Joins the parts the request lists, which must be all there are, in order.
    fn complete(&mut self, key: String, upload: &str, request: &[u8]) -> HttpResponse {
        let request = std::str::from_utf8(request).unwrap();
        let parts = self.parts.remove(upload).unwrap();
        let listed: Vec<&str> = request
            .split("<PartNumber>")
            .skip(1)
            .filter_map(|rest| rest.split('<').next())
            .collect();
        assert_eq!(listed, parts.keys().map(u32::to_string).collect::<Vec<_>>());
        let digests: String = parts.values().map(|part| digest(part)).collect();
        let etag = format!("{}-{}", digest(digests.as_bytes()), parts.len());
        let body = parts.into_values().flatten().collect();
        self.objects.insert(key, Object { body, etag: etag.clone() });
        ok(
            format!(
                "<CompleteMultipartUploadResult><ETag>\"{etag}\"</ETag></CompleteMultipartUploadResult>"
            ),
            "",
        )
    }
}

/// An eTag: like the real one, a digest of the content.
fn digest(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    format!("{:016x}", hasher.finish())
}

fn ok(body: String, etag: &str) -> HttpResponse {
    let mut response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body));
    if !etag.is_empty() {
        response.headers_mut().insert("etag", format!("\"{etag}\""));
    }
    response
}

fn error(status: u16, code: &str) -> HttpResponse {
    let body = format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>");
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
}
