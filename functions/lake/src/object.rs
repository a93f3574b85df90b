use serde::{Deserialize, Serialize};

/// One version of one object under `landing/`. A ledger entry holds these fields under these
/// names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LandingObject {
    /// The bucket, which is the lake's.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// The version, when the bucket is versioned.
    pub version_id: Option<String>,
    /// The eTag, without quotes.
    pub etag: String,
}

impl LandingObject {
    /// The object as `s3://bucket/key`.
    pub fn uri(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.key)
    }
}
