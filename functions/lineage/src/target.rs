//! Where events go.

use std::fmt;
use std::net::IpAddr;

use http::Uri;

/// The prefixes of the lake that belong to the pipeline.
const ZONES: [&str; 6] =
    ["landing/", "processing/", "processed/", "quarantine/", "ledger/", "errors/"];

/// Where events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// An address that takes an event a POST.
    Http(Uri),
    /// A prefix under which each event is an object.
    S3 {
        bucket: String,
        /// Empty, or with a slash at its end.
        prefix: String,
    },
}

/// Why a target is refused. The text does not repeat a name and a password in an address.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// Neither `https://host/path` nor `s3://bucket/prefix/`.
    #[error("is neither https://host/path nor s3://bucket/prefix/")]
    Unknown,
    /// Not a URL.
    #[error("is not a URL")]
    NotAUrl(#[source] http::uri::InvalidUri),
    /// The API key would travel unencrypted.
    #[error("http is for a loopback host only, not for {host}")]
    Insecure {
        /// The host.
        host: String,
    },
    /// An address would bring a secret into the configuration.
    #[error("has a user in it; the key of the endpoint belongs in LINEAGE_API_KEY_SECRET")]
    User,
    /// The events would be taken for data.
    #[error("{zone} of the lake belongs to the pipeline")]
    Zone {
        /// The prefix.
        zone: &'static str,
    },
}

impl Target {
    /// Reads an address. `lake_bucket` is the one whose zones no event may be put into.
    pub(crate) fn parse(text: &str, lake_bucket: &str) -> Result<Self, TargetError> {
        if let Some(path) = text.strip_prefix("s3://") {
            let (bucket, prefix) = path.split_once('/').ok_or(TargetError::Unknown)?;
            if bucket.is_empty() || !(prefix.is_empty() || prefix.ends_with('/')) {
                return Err(TargetError::Unknown);
            }
            if bucket == lake_bucket {
                let zone = ZONES.into_iter().find(|zone| prefix.starts_with(zone));
                zone.map_or(Ok(()), |zone| Err(TargetError::Zone { zone }))?;
            }
            return Ok(Self::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() });
        }
        let url: Uri = text.parse().map_err(TargetError::NotAUrl)?;
        let (scheme, host) = (url.scheme_str(), url.host().unwrap_or_default());
        match (scheme, url.authority()) {
            (_, Some(authority)) if authority.as_str().contains('@') => Err(TargetError::User),
            (Some("https"), Some(_)) if !host.is_empty() => Ok(Self::Http(url)),
            (Some("http"), Some(_)) if is_loopback(host) => Ok(Self::Http(url)),
            (Some("http"), Some(_)) => Err(TargetError::Insecure { host: host.to_owned() }),
            _ => Err(TargetError::Unknown),
        }
    }
}

/// The address, without its query, which may have a key in it.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(url) => {
                let authority = url.authority().map_or("", |authority| authority.as_str());
                write!(f, "{}://{authority}{}", url.scheme_str().unwrap_or("https"), url.path())
            }
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_an_encrypted_address_or_a_prefix() {
        for (text, shown) in [
            (
                "https://lineage.example.com/api/v1/lineage",
                "https://lineage.example.com/api/v1/lineage",
            ),
            ("https://example.com?key=hunter2", "https://example.com/"),
            ("http://127.0.0.1:5000/api/v1/lineage", "http://127.0.0.1:5000/api/v1/lineage"),
            ("http://[::1]:5000/", "http://[::1]:5000/"),
            ("http://localhost/a?b", "http://localhost/a"),
            ("s3://events/", "s3://events/"),
            ("s3://lake/lineage/events/", "s3://lake/lineage/events/"),
            ("s3://other/landing/", "s3://other/landing/"),
        ] {
            assert_eq!(Target::parse(text, "lake").unwrap().to_string(), shown);
        }
    }

    #[test]
    fn any_other_target_is_refused() {
        for (text, word) in [
            ("http://lineage.example.com", "loopback host only"),
            ("http://10.0.0.1/", "loopback host only"),
            ("http://localhost.example.com/", "loopback host only"),
            ("https://ada:hunter2@example.com/", "has a user"),
            ("ftp://example.com/", "neither"),
            ("example.com", "neither"),
            ("https://", "not a URL"),
            ("s3://events", "neither"),
            ("s3://events/prefix", "neither"),
            ("s3:///prefix/", "neither"),
            ("s3://lake/landing/", "landing/ of the lake"),
            ("s3://lake/processed/lineage/", "processed/ of the lake"),
        ] {
            let error = Target::parse(text, "lake").unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
