//! The landing zone of the lake: what lies there, and whether the ledger knows it.

use std::collections::HashSet;
use std::time::SystemTime;

use aws_sdk_s3::Client;
use snowflake::{Deadline, Rows};
use statements::LEDGER_PAGE_ROWS;

const PREFIX: &str = "landing/";

/// The landing zone.
pub struct Landing {
    s3: Client,
    bucket: String,
}

/// A landing object as S3 and the ledger both name it: its key, and the eTag of its content.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Object {
    pub(crate) key: String,
    /// Without quotes.
    pub(crate) etag: String,
}

/// A part of the listing, in the order of keys (that of their bytes).
pub(crate) struct Page {
    /// Objects, each with its LastModified.
    pub(crate) objects: Vec<(Object, SystemTime)>,
    /// What asks for the part that follows; none after the last.
    pub(crate) next: Option<String>,
}

/// Why the landing zone cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListingError {
    /// A request failed after the SDK's retries.
    #[error("cannot list s3://{bucket}/{PREFIX}")]
    Request {
        /// The lake's bucket.
        bucket: String,
        /// What the service or the network answered.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An answer lacks what S3 always sends.
    #[error("the listing of s3://{bucket}/{PREFIX} has an object without {field}")]
    Answer {
        /// The lake's bucket.
        bucket: String,
        /// The element.
        field: &'static str,
    },
    /// An answer has not as many objects as it says, or is to be continued and does not say how.
    #[error("the listing of s3://{bucket}/{PREFIX} is incomplete")]
    Incomplete {
        /// The lake's bucket.
        bucket: String,
    },
    /// The deadline passed.
    #[error("s3://{bucket}/{PREFIX} is not listed to its end at the deadline")]
    Deadline {
        /// The lake's bucket.
        bucket: String,
    },
}

impl Landing {
    /// The landing zone in this bucket.
    pub fn new(s3: Client, bucket: String) -> Self {
        Self { s3, bucket }
    }

    /// The object as rows name it: `s3://bucket/key`.
    pub(crate) fn url(&self, object: &Object) -> String {
        format!("s3://{}/{}", self.bucket, object.key)
    }

    /// Lists up to 1,000 objects: the first ones, or those that `next` of a page asks for.
    ///
    /// # Errors
    /// [`ListingError`].
    pub(crate) async fn page(
        &self,
        next: Option<String>,
        deadline: Deadline,
    ) -> Result<Page, ListingError> {
        let bucket = || self.bucket.clone();
        let request = self.s3.list_objects_v2().bucket(bucket()).prefix(PREFIX);
        let answer = request.set_continuation_token(next).send();
        let listed = tokio::time::timeout(deadline.left(), answer)
            .await
            .map_err(|_| ListingError::Deadline { bucket: bucket() })?
            .map_err(|source| ListingError::Request { bucket: bucket(), source: source.into() })?;
        let next = listed.next_continuation_token;
        let contents = listed.contents.unwrap_or_default();
        // A listing cut short would hide what it is for; the parser takes half a document for one.
        let counted = listed.key_count.and_then(|count| usize::try_from(count).ok());
        if counted != Some(contents.len()) || listed.is_truncated != Some(next.is_some()) {
            return Err(ListingError::Incomplete { bucket: bucket() });
        }
        let objects = contents.into_iter().map(|found| {
            let lacks = |field| ListingError::Answer { bucket: bucket(), field };
            let modified = found.last_modified.and_then(|time| SystemTime::try_from(time).ok());
            let etag = found.e_tag.ok_or_else(|| lacks("ETag"))?;
            let object = Object {
                key: found.key.ok_or_else(|| lacks("Key"))?,
                etag: etag.trim_matches('"').to_owned(),
            };
            Ok((object, modified.ok_or_else(|| lacks("LastModified"))?))
        });
        Ok(Page { objects: objects.collect::<Result<_, ListingError>>()?, next })
    }
}

/// A stretch of the ledger: all objects it knows from some key on, up to `end`.
///
/// One stretch at a time is held, so that the memory needed does not grow with the landing zone.
pub(crate) struct KnownObjects {
    objects: HashSet<Object>,
    /// The first key of which the stretch may lack objects; none if it reaches to the end.
    end: Option<String>,
}

impl KnownObjects {
    /// A stretch that reaches no key.
    pub(crate) fn none() -> Self {
        Self { objects: HashSet::new(), end: Some(String::new()) }
    }

    /// Reads the answer of [`statements::Statements::ledger_keys`].
    ///
    /// # Errors
    /// [`snowflake::Error::Unexpected`] when it is another answer.
    pub(crate) fn read(rows: &Rows) -> Result<Self, snowflake::Error> {
        let mut objects = HashSet::with_capacity(rows.len());
        let mut last = None;
        for row in rows.iter() {
            let (key, etag) = (row.text("key")?, row.text("etag")?);
            last = Some(key);
            objects.insert(Object { key: key.to_owned(), etag: etag.to_owned() });
        }
        let end = last.filter(|_| rows.len() >= LEDGER_PAGE_ROWS).map(str::to_owned);
        Ok(Self { objects, end })
    }

    /// Whether the stretch has every object of this key that the ledger knows. Keys before the
    /// stretch are not to be asked for.
    pub(crate) fn reaches(&self, key: &str) -> bool {
        self.end.as_deref().is_none_or(|end| key < end)
    }

    pub(crate) fn contains(&self, object: &Object) -> bool {
        self.objects.contains(object)
    }
}
