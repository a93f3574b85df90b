//! How the functions reach AWS: one configuration a process, from which every client is made.
//!
//! Input: the environment that Lambda gives a function. That is less than the AWS SDK would look
//! for on any machine (profiles, instance metadata, single sign-on), and so neither searched for
//! at each start nor carried in each binary.

pub use aws_config::SdkConfig;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, HttpClientError};
use aws_smithy_runtime_api::client::http::{HttpClient, SharedHttpClient, http_client_fn};

/// Reads `AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_USE_FIPS_ENDPOINT` and
/// `AWS_USE_DUALSTACK_ENDPOINT` through `lookup`. Credentials are those of the process environment
/// (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`), read when a request needs
/// them. Clients made from one configuration share their connections.
///
/// # Errors
/// [`HttpClientError`] when TLS cannot be set up.
pub fn config(lookup: impl Fn(&str) -> Option<String>) -> Result<SdkConfig, HttpClientError> {
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
        .http_client(https(&variable)?);
    config.set_endpoint_url(variable("AWS_ENDPOINT_URL"));
    Ok(config.build())
}

fn https(variable: &impl Fn(&str) -> Option<String>) -> Result<SharedHttpClient, HttpClientError> {
    let trusted = match roots::embedded(variable) {
        Some(pem) => TrustStore::empty().with_pem_certificate(pem),
        None => TrustStore::default(),
    };
    let tls = TlsContext::builder().with_trust_store(trusted).build()?;
    let https = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .build_https();
    // Handed over as a function, the client reads the root certificates with its first request;
    // handed over itself, it would also read them to be validated, once for every service.
    Ok(http_client_fn(move |settings, components| https.http_connector(settings, components)))
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
}
