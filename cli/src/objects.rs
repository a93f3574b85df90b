//! Objects in S3, read as a stream.

use std::fmt;
use std::io::Read;
use std::str::FromStr;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use jiff::Timestamp;
use lake::LandingObject;
use tokio_util::io::SyncIoBridge;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A bucket and a key, which may be empty: `s3://bucket/key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct S3Uri {
    pub(crate) bucket: String,
    pub(crate) key: String,
}

impl FromStr for S3Uri {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = text.strip_prefix("s3://").unwrap_or_default();
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        match bucket {
            "" => Err("expected s3://BUCKET/KEY".to_owned()),
            _ => Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() }),
        }
    }
}

impl fmt::Display for S3Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// A request that S3 refused, or that did not reach it.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {uri}")]
pub(crate) struct Error {
    action: &'static str,
    uri: S3Uri,
    source: BoxError,
}

impl Error {
    /// For `map_err`: a failed request about `uri`.
    pub(crate) fn about<E: Into<BoxError>>(
        action: &'static str,
        uri: &S3Uri,
    ) -> impl FnOnce(E) -> Self {
        let uri = uri.clone();
        move |source| Self { action, uri, source: source.into() }
    }
}

/// Why an object that once was cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Absent {
    #[error("is gone")]
    Gone,
    #[error("was replaced since")]
    Replaced,
}

/// An object as it stands now.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) object: LandingObject,
    pub(crate) bytes: u64,
    pub(crate) last_modified: Option<DateTime>,
}

/// The content of an object, on its way.
#[derive(Debug)]
pub(crate) struct Content {
    body: ByteStream,
}

impl Content {
    /// All of it, of an object known to be small.
    pub(crate) async fn bytes(self) -> Result<Vec<u8>, BoxError> {
        Ok(self.body.collect().await?.to_vec())
    }

    /// Reads on a thread that may block, which the returned reader must stay on.
    ///
    /// # Errors
    /// As `read`.
    pub(crate) async fn read_with<T, E>(
        self,
        read: impl FnOnce(&mut dyn Read) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<tokio::task::JoinError> + Send + 'static,
    {
        let mut reader = SyncIoBridge::new(self.body.into_async_read());
        tokio::task::spawn_blocking(move || read(&mut reader)).await?
    }
}

/// S3 as the program reads it.
#[derive(Debug, Clone)]
pub(crate) struct Objects {
    pub(crate) client: Client,
}

impl Objects {
    /// What there is under a key; `None` when there is nothing.
    pub(crate) async fn head(&self, uri: &S3Uri) -> Result<Option<Head>, Error> {
        let answer = self.client.head_object().bucket(&uri.bucket).key(&uri.key).send().await;
        match answer {
            Ok(head) => Ok(Some(Head {
                object: LandingObject {
                    bucket: uri.bucket.clone(),
                    key: uri.key.clone(),
                    version_id: head.version_id,
                    etag: unquoted(head.e_tag),
                },
                bytes: head.content_length.and_then(|bytes| bytes.try_into().ok()).unwrap_or(0),
                last_modified: head.last_modified,
            })),
            Err(error) if absent(&error).is_some() => Ok(None),
            Err(error) => Err(Error::about("look at", uri)(error)),
        }
    }

    /// The keys below a prefix, in order; those that stand for folders are left out.
    pub(crate) async fn list(&self, prefix: &S3Uri) -> Result<Vec<S3Uri>, Error> {
        let request = self.client.list_objects_v2().bucket(&prefix.bucket).prefix(&prefix.key);
        let mut pages = request.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(Error::about("list", prefix))?;
            let keys = page.contents.into_iter().flatten().filter_map(|object| object.key);
            found.extend(
                keys.filter(|key| !key.ends_with('/'))
                    .map(|key| S3Uri { bucket: prefix.bucket.clone(), key }),
            );
        }
        Ok(found)
    }

    /// The objects below a prefix of landing that arrived at a time or later (to the second), each
    /// in its newest version.
    pub(crate) async fn landed(
        &self,
        prefix: &S3Uri,
        since: Timestamp,
    ) -> Result<Vec<LandingObject>, Error> {
        let request = self.client.list_object_versions().bucket(&prefix.bucket).prefix(&prefix.key);
        let is_new = |time: &DateTime| time.secs() >= since.as_second();
        let mut found = Vec::new();
        let (mut key_marker, mut version_marker) = (None, None);
        loop {
            let page =
                request.clone().set_key_marker(key_marker).set_version_id_marker(version_marker);
            let page = page.send().await.map_err(Error::about("list", prefix))?;
            let versions = page.versions.into_iter().flatten().filter(|version| {
                version.is_latest == Some(true)
                    && version.last_modified.as_ref().is_some_and(is_new)
            });
            found.extend(versions.map(|version| LandingObject {
                bucket: prefix.bucket.clone(),
                key: version.key.unwrap_or_default(),
                // That of an object without versions is the word null.
                version_id: version.version_id.filter(|id| id != "null"),
                etag: unquoted(version.e_tag),
            }));
            (key_marker, version_marker) = (page.next_key_marker, page.next_version_id_marker);
            if key_marker.is_none() {
                return Ok(found);
            }
        }
    }

    /// Starts reading whatever is under a key.
    pub(crate) async fn get(&self, uri: &S3Uri) -> Result<Result<Content, Absent>, Error> {
        self.get_pinned(uri, None, None).await
    }

    /// Starts reading one version of a landing object: without versions, the object as long as it
    /// still has that eTag.
    pub(crate) async fn get_version(
        &self,
        object: &LandingObject,
    ) -> Result<Result<Content, Absent>, Error> {
        let uri = S3Uri { bucket: object.bucket.clone(), key: object.key.clone() };
        match &object.version_id {
            Some(version) => self.get_pinned(&uri, Some(version), None).await,
            None => self.get_pinned(&uri, None, Some(&object.etag)).await,
        }
    }

    async fn get_pinned(
        &self,
        uri: &S3Uri,
        version: Option<&str>,
        etag: Option<&str>,
    ) -> Result<Result<Content, Absent>, Error> {
        let answer = self
            .client
            .get_object()
            .bucket(&uri.bucket)
            .key(&uri.key)
            .set_version_id(version.map(str::to_owned))
            .set_if_match(etag.map(|etag| format!("\"{etag}\"")))
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(Ok(Content { body: answer.body })),
            Err(error) => match absent(&error) {
                Some(absent) => Ok(Err(absent)),
                None => Err(Error::about("read", uri)(error)),
            },
        }
    }
}

/// Whether the answer says that the object is not there, or another one is.
fn absent<E>(error: &SdkError<E>) -> Option<Absent> {
    match error.raw_response()?.status().as_u16() {
        404 => Some(Absent::Gone),
        412 => Some(Absent::Replaced),
        _ => None,
    }
}

fn unquoted(etag: Option<String>) -> String {
    etag.unwrap_or_default().trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_bucket_and_perhaps_a_key() {
        for (text, parts) in [
            ("s3://lake/landing/a b.gz", Some(("lake", "landing/a b.gz"))),
            ("s3://lake/", Some(("lake", ""))),
            ("s3://lake", Some(("lake", ""))),
            ("s3:///landing", None),
            ("lake/landing", None),
        ] {
            let uri = text.parse::<S3Uri>().ok();
            let found = uri.as_ref().map(|uri| (uri.bucket.as_str(), uri.key.as_str()));
            assert_eq!(found, parts, "{text}");
        }
    }
}
