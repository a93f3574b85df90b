//! S3 in memory, as far as the transform uses it.

use std::collections::BTreeMap;
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
    objects: BTreeMap<String, Vec<u8>>,
    parts: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    requests: Vec<String>,
    denied: Option<&'static str>,
    cut: usize,
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
        let body = body.into();
        let etag = digest(&body);
        self.state().objects.insert(key.to_owned(), body);
        etag
    }

    /// Every visible object outside `landing/`, by key.
    pub(crate) fn written(&self) -> BTreeMap<String, Vec<u8>> {
        let mut objects = self.state().objects.clone();
        objects.retain(|key, _| !key.starts_with("landing/"));
        objects
    }

    /// Requests since the last call, as `METHOD key?query`, with the If-Match header if any.
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

    /// Leaves so many bytes out at the end of what a GET sends.
    pub(crate) fn cut(&self, bytes: usize) {
        self.state().cut = bytes;
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

        let mut line = format!("{} {key}", request.method());
        for name in ["uploads", "partNumber", "uploadId", "versionId"] {
            if let Some(value) = parameters.get(name) {
                line.push_str(&format!(" {name}={value}"));
            }
        }
        if let Some(etag) = if_match {
            line.push_str(&format!(" if-match={etag}"));
        }
        let denied = self.denied.is_some_and(|denied| line.starts_with(denied));
        self.requests.push(line);
        if denied {
            return error(403, "AccessDenied");
        }
        let upload = parameters.get("uploadId").copied();
        match (request.method(), upload) {
            ("GET", _) => self.get(&key, if_match),
            ("PUT", None) => {
                let etag = digest(&body);
                self.objects.insert(key, body);
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

    fn get(&self, key: &str, if_match: Option<&str>) -> HttpResponse {
        let Some(body) = self.objects.get(key) else { return error(404, "NoSuchKey") };
        let etag = digest(body);
        if if_match.is_some_and(|wanted| wanted.trim_matches('"') != etag) {
            return error(412, "PreconditionFailed");
        }
        let sent = body[..body.len() - self.cut].to_vec();
        let mut response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(sent));
        response.headers_mut().insert("etag", format!("\"{etag}\""));
        response.headers_mut().insert("last-modified", LAST_MODIFIED);
        response.headers_mut().insert("content-length", body.len().to_string());
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
        self.objects.insert(key, parts.into_values().flatten().collect());
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
