//! The address of the SQL API.

use std::net::IpAddr;

use reqwest::Url;

/// The address requests and tokens are sent to: `https`, or plain `http` on a loopback host, where
/// nobody else can listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

/// Why an address is refused.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Not a URL.
    #[error("{text:?} is not a URL")]
    NotAUrl {
        /// The text.
        text: String,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A token would travel unencrypted.
    #[error("{url} is neither https nor http on a loopback host")]
    Insecure {
        /// The address.
        url: String,
    },
}

impl Endpoint {
    /// Reads a base URL; a path in it is ignored.
    ///
    /// # Errors
    /// [`EndpointError`] for anything but `https://host` and `http://` on a loopback host.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let url = Url::parse(text).map_err(|source| EndpointError::NotAUrl {
            text: text.to_owned(),
            source: source.into(),
        })?;
        let secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        if secure { Ok(Self(url)) } else { Err(EndpointError::Insecure { url: url.into() }) }
    }

    /// Whether Snowflake is there, or a stand-in on this machine. Another host must not be handed
    /// a token in which AWS vouches for the function's role.
    pub(crate) fn may_learn_identity(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        is_loopback(&self.0)
            || ["com", "cn", "mil"]
                .iter()
                .any(|end| host.ends_with(&format!(".snowflakecomputing.{end}")))
    }

    /// The address that takes new statements.
    pub(crate) fn statements(&self) -> Url {
        let mut url = self.0.clone();
        url.set_path("/api/v2/statements");
        url.set_query(None);
        url
    }

    /// The address of a submitted statement, or of what can be done with it (`cancel`).
    pub(crate) fn statement(&self, handle: &str, action: Option<&str>) -> Url {
        let mut url = self.statements();
        // A base URL with a host can always be extended; the handle is percent-encoded.
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(handle).extend(action);
        }
        url
    }

    /// The address a `statementStatusUrl` names, unless it leaves this endpoint: a token must not
    /// follow an answer to another host.
    pub(crate) fn status(&self, path: &str) -> Option<Url> {
        self.0.join(path).ok().filter(|url| url.origin() == self.0.origin())
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_travel_encrypted_or_stay_on_this_machine() {
        for (text, allowed) in [
            ("https://xy12345.snowflakecomputing.com", true),
            ("http://127.0.0.1:8080", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:8080", true),
            ("http://localhost:8080/", true),
            ("http://xy12345.snowflakecomputing.com", false),
            ("http://localhost.example.com", false),
            ("http://10.0.0.1", false),
            ("ftp://127.0.0.1", false),
            ("xy12345.snowflakecomputing.com", false),
        ] {
            assert_eq!(Endpoint::parse(text).is_ok(), allowed, "{text}");
        }
    }

    #[test]
    fn only_snowflake_learns_the_identity() {
        for (text, allowed) in [
            ("https://xy12345.snowflakecomputing.com", true),
            ("https://xy12345.us-east-1.privatelink.snowflakecomputing.com", true),
            ("https://xy12345.snowflakecomputing.cn", true),
            ("https://xy12345.snowflakecomputing.mil", true),
            ("http://127.0.0.1:8080", true),
            ("https://snowflakecomputing.com.example.org", false),
            ("https://evilsnowflakecomputing.com", false),
            ("https://xy12345.snowflakecomputing.org", false),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().may_learn_identity(), allowed, "{text}");
        }
    }

    #[test]
    fn addresses_stay_on_the_endpoint() {
        let endpoint = Endpoint::parse("https://example.com/ignored?q=1").unwrap();
        let base = "https://example.com/api/v2/statements";
        assert_eq!(endpoint.statements().as_str(), base);
        assert_eq!(
            endpoint.statement("01b/../x", Some("cancel")).as_str(),
            format!("{base}/01b%2F..%2Fx/cancel")
        );
        assert_eq!(
            endpoint.status("/api/v2/statements/01b").unwrap().as_str(),
            format!("{base}/01b")
        );
        for path in ["https://evil.example.org/", "//evil.example.org/x", "http://example.com/"] {
            assert_eq!(endpoint.status(path), None, "{path}");
        }
    }
}
