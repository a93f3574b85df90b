//! The versions of objects in the lake: found, read, replaced and deleted for good.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use lake::ERASED_PREFIX;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use crate::objects::{Error, S3Uri};

/// What `x-amz-copy-source` need not encode.
const COPY_SOURCE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.');

/// One version of one object, or a delete marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) key: String,
    /// `null` in a bucket without versions.
    pub(crate) id: String,
    /// Without quotes; empty for a delete marker.
    pub(crate) etag: String,
    pub(crate) is_latest: bool,
    pub(crate) is_marker: bool,
}

/// The bucket of the lake.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    pub(crate) client: Client,
    pub(crate) name: String,
}

impl Bucket {
    fn uri(&self, key: &str) -> S3Uri {
        S3Uri { bucket: self.name.clone(), key: key.to_owned() }
    }

    /// Every version and delete marker below a prefix.
    pub(crate) async fn versions(&self, prefix: &str) -> Result<Vec<Version>, Error> {
        let mut found = Vec::new();
        let (mut key_marker, mut id_marker) = (None, None);
        loop {
            let page = self
                .client
                .list_object_versions()
                .bucket(&self.name)
                .prefix(prefix)
                .set_key_marker(key_marker)
                .set_version_id_marker(id_marker)
                .send()
                .await
                .map_err(Error::about("list the versions of", &self.uri(prefix)))?;
            found.extend(page.versions.into_iter().flatten().filter_map(|one| {
                Some(Version {
                    key: one.key?,
                    id: id(one.version_id),
                    etag: one.e_tag.unwrap_or_default().trim_matches('"').to_owned(),
                    is_latest: one.is_latest.unwrap_or(false),
                    is_marker: false,
                })
            }));
            found.extend(page.delete_markers.into_iter().flatten().filter_map(|one| {
                Some(Version {
                    key: one.key?,
                    id: id(one.version_id),
                    etag: String::new(),
                    is_latest: one.is_latest.unwrap_or(false),
                    is_marker: true,
                })
            }));
            if page.next_key_marker.is_none() {
                return Ok(found);
            }
            (key_marker, id_marker) = (page.next_key_marker, page.next_version_id_marker);
        }
    }

    /// The versions and delete markers of one key.
    pub(crate) async fn versions_of(&self, key: &str) -> Result<Vec<Version>, Error> {
        let mut found = self.versions(key).await?;
        found.retain(|version| version.key == key);
        Ok(found)
    }

    /// The content of a version; `None` when it is gone.
    pub(crate) async fn read(&self, version: &Version) -> Result<Option<Vec<u8>>, Error> {
        let uri = self.uri(&version.key);
        let request = self.client.get_object().bucket(&self.name).key(&version.key);
        match request.version_id(&version.id).send().await {
            Ok(answer) => {
                let content = answer.body.collect().await.map_err(Error::about("read", &uri))?;
                Ok(Some(content.to_vec()))
            }
            Err(error) if error.raw_response().is_some_and(|raw| raw.status().as_u16() == 404) => {
                Ok(None)
            }
            Err(error) => Err(Error::about("read", &uri)(error)),
        }
    }

    /// Deletes versions for good.
    pub(crate) async fn delete(&self, versions: &[Version]) -> Result<(), Error> {
        for version in versions {
            let request = self.client.delete_object().bucket(&self.name).key(&version.key);
            let answer = request.version_id(&version.id).send().await;
            answer.map_err(Error::about("delete", &self.uri(&version.key)))?;
        }
        Ok(())
    }

    /// Puts other content under a key, encrypted as the bucket does by default; returns its version.
    pub(crate) async fn put(
        &self,
        key: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<String, Error> {
        let request = self.client.put_object().bucket(&self.name).key(key);
        let answer = request.content_type(content_type).body(ByteStream::from(body)).send().await;
        let answer = answer.map_err(Error::about("write", &self.uri(key)))?;
        Ok(id(answer.version_id))
    }

    /// Puts other content under a key that is announced to the load when it is put, but not when it
    /// is copied: by way of another key. With SSE-S3, as the transform does, so that the eTag by
    /// which COPY knows the file is a function of its bytes. Returns its version.
    pub(crate) async fn put_unannounced(
        &self,
        key: &str,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<String, Error> {
        let scratch = format!("{ERASED_PREFIX}{}", Uuid::new_v4());
        self.client
            .put_object()
            .bucket(&self.name)
            .key(&scratch)
            .server_side_encryption(ServerSideEncryption::Aes256)
            .content_type(content_type)
            .body(ByteStream::from(body))
            .send()
            .await
            .map_err(Error::about("write", &self.uri(&scratch)))?;
        let source = format!("{}/{scratch}", self.name);
        let answer = self
            .client
            .copy_object()
            .bucket(&self.name)
            .key(key)
            .copy_source(utf8_percent_encode(&source, COPY_SOURCE).to_string())
            .server_side_encryption(ServerSideEncryption::Aes256)
            .send()
            .await
            .map_err(Error::about("copy to", &self.uri(key)))?;
        Ok(id(answer.version_id))
    }

    /// Deletes what [`put_unannounced`](Self::put_unannounced) has left, in this run or in one that
    /// was interrupted.
    pub(crate) async fn sweep(&self) -> Result<(), Error> {
        self.delete(&self.versions(ERASED_PREFIX).await?).await
    }
}

/// The version of an object; that of one in a bucket without versions is called `null`.
fn id(version_id: Option<String>) -> String {
    version_id.unwrap_or_else(|| "null".to_owned())
}
