//! How the functions reach AWS: one configuration a process, from which every client is made.
//!
//! Input: the environment that Lambda gives a function. That is less than the AWS SDK would look
//! for on any machine (profiles, instance metadata, single sign-on), and so neither searched for
//! at each start nor carried in each binary.

use std::time::Duration;

pub use aws_config::SdkConfig;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector, HttpClientError};
use aws_smithy_runtime_api::client::http::{
    HttpClient, SharedHttpClient, SharedHttpConnector, http_client_fn,
};

/// Longest wait for the answer to one request, unless the environment says otherwise: longer than
/// any answer but a broken one takes.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

const RUSTLS: Provider = Provider::Rustls(CryptoMode::Ring);

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// `REQUEST_TIMEOUT_SECONDS` is out of range.
    #[error(transparent)]
    RequestTimeout(#[from] RequestTimeoutError),
    /// TLS cannot be set up.
    #[error("cannot set up HTTPS")]
    Https(#[from] HttpClientError),
}

/// `REQUEST_TIMEOUT_SECONDS` is no number of seconds that a function could wait.
#[derive(Debug, thiserror::Error)]
#[error("REQUEST_TIMEOUT_SECONDS is {value:?}, not a whole number from 1 to 900")]
pub struct RequestTimeoutError {
    /// What it is.
    pub value: String,
}

/// Reads `REQUEST_TIMEOUT_SECONDS`: how long one request, to AWS or to Snowflake, waits for its
/// answer before it is sent again; 60 when absent.
///
/// # Errors
/// [`RequestTimeoutError`] for anything but a whole number from 1 to 900.
pub fn request_timeout(
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Duration, RequestTimeoutError> {
    match lookup("REQUEST_TIMEOUT_SECONDS").filter(|value| !value.is_empty()) {
        None => Ok(REQUEST_TIMEOUT),
        Some(value) => match value.parse() {
            Ok(seconds @ 1..=900) => Ok(Duration::from_secs(seconds)),
            _ => Err(RequestTimeoutError { value }),
        },
    }
}

/// Reads `AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_USE_FIPS_ENDPOINT`, `AWS_USE_DUALSTACK_ENDPOINT`
/// and the variable of [`request_timeout`] through `lookup`. Credentials are those of the process environment
/// (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`), read when a request needs
/// them. Clients made from one configuration share their connections.
///
/// # Errors
/// [`ConfigError`] names the variable that is wrong.
pub fn config(lookup: impl Fn(&str) -> Option<String>) -> Result<SdkConfig, ConfigError> {
    let variable = |name: &str| lookup(name).filter(|value| !value.is_empty());
    let enabled =
        |name: &str| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(variable("AWS_REGION").map(Region::new))
        .use_fips(enabled("AWS_USE_FIPS_ENDPOINT"))
        .use_dual_stack(enabled("AWS_USE_DUALSTACK_ENDPOINT"))
        .credentials_provider(SharedCredentialsProvider::new(
            EnvironmentVariableCredentialsProvider::new(),
        ))
        // Without it a request that is never answered would last as long as the invocation.
        .timeout_config(TimeoutConfig::builder().read_timeout(request_timeout(&lookup)?).build())
        .http_client(https(&variable)?);
    config.set_endpoint_url(variable("AWS_ENDPOINT_URL"));
    Ok(config.build())
}

/// A client of HTTPS for what is no service of AWS: the same one, with the same authorities. It has
/// no time limit of its own.
///
/// # Errors
/// [`ConfigError::Https`].
pub fn connector(
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<SharedHttpConnector, ConfigError> {
    let tls = tls(&|name: &str| lookup(name).filter(|value| !value.is_empty()))?;
    let connector = Connector::builder().tls_provider(RUSTLS).tls_context(tls).build();
    Ok(SharedHttpConnector::new(connector))
}

fn https(variable: &impl Fn(&str) -> Option<String>) -> Result<SharedHttpClient, HttpClientError> {
    let https = Builder::new().tls_provider(RUSTLS).tls_context(tls(variable)?).build_https();
    // Handed over as a function, the client reads the root certificates with its first request;
    // handed over itself, it would also read them to be validated, once for every service.
    Ok(http_client_fn(move |settings, components| https.http_connector(settings, components)))
}

fn tls(variable: &impl Fn(&str) -> Option<String>) -> Result<TlsContext, HttpClientError> {
    let trusted = match roots::embedded(variable) {
        Some(pem) => TrustStore::empty().with_pem_certificate(pem),
        None => TrustStore::default(),
    };
    TlsContext::builder().with_trust_store(trusted).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> SdkConfig {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        config(lookup).unwrap()
    }

    #[test]
    fn the_environment_says_where_aws_is() {
        let given = read(&[
            ("AWS_REGION", "us-gov-west-1"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
            ("AWS_USE_FIPS_ENDPOINT", "true"),
            ("AWS_USE_DUALSTACK_ENDPOINT", "True"),
        ]);
        assert_eq!(given.region().map(Region::as_ref), Some("us-gov-west-1"));
        assert_eq!(given.endpoint_url(), Some("http://127.0.0.1:9"));
        assert_eq!((given.use_fips(), given.use_dual_stack()), (Some(true), Some(true)));

        let empty = read(&[("AWS_REGION", ""), ("AWS_ENDPOINT_URL", "")]);
        assert_eq!((empty.region(), empty.endpoint_url()), (None, None));
        assert_eq!((empty.use_fips(), empty.use_dual_stack()), (Some(false), Some(false)));
    }

    #[test]
    fn a_request_waits_as_long_as_the_environment_says() {
        let read = |value: &str| {
            let value = value.to_owned();
            request_timeout(|_| Some(value.clone())).map(|timeout| timeout.as_secs()).ok()
        };
        let expected =
            [("", Some(60)), ("1", Some(1)), ("900", Some(900)), ("0", None), ("901", None)];
        for (value, seconds) in expected.into_iter().chain([("1.5", None), ("soon", None)]) {
            assert_eq!(read(value), seconds, "{value:?}");
        }
        let given = self::read(&[("REQUEST_TIMEOUT_SECONDS", "7")]);
        let timeout = given.timeout_config().and_then(TimeoutConfig::read_timeout);
        assert_eq!(timeout, Some(Duration::from_secs(7)));
    }
}
