//! Where tokens come from: a private key, a stored token, or AWS vouching for the function's role.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws::SdkConfig;
use aws_sdk_sts::Client as Sts;
use jsonwebtoken::{Algorithm, Header, encode};
use secrets::Source;
use serde::Serialize;

use crate::account::token_account;
use crate::authentication::Authentication;
use crate::config::Config;
use crate::error::Error;
use crate::key::{KeyError, PrivateKey};

/// Snowflake takes a signed token only within 60 s of `iat`, whatever its `exp` says; this leaves
/// room for a slow request and a clock that is a little off.
const SIGNED_REUSE: Duration = Duration::from_secs(40);

/// `exp - iat`: short, for a token is not used for long; Snowflake allows an hour.
const SIGNED_LIFETIME: Duration = Duration::from_secs(300);

/// How long a token of AWS is asked for, and how long it is used: a request may take a minute.
const IDENTITY_LIFETIME: Duration = Duration::from_secs(300);
const IDENTITY_REUSE: Duration = Duration::from_secs(200);

/// How long a stored token is used before the secret is read anew; a refusal comes first.
const STORED_REUSE: Duration = Duration::from_secs(86_400);

/// The audience of tokens for Snowflake.
const AUDIENCE: &str = "snowflakecomputing.com";

/// A bearer token; its `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token {
    text: String,
    /// `X-Snowflake-Authorization-Token-Type`.
    pub(crate) kind: &'static str,
}

impl Token {
    pub(crate) fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

/// What is done about a token that was refused, before the request is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// A fresh token of the credential at hand.
    Reissue,
    /// The secret is read anew first: it may have been rotated.
    Reload,
}

/// What tokens are made of.
#[derive(Debug)]
pub(crate) enum Credential {
    KeyPair { subject: String, source: Source, key: Option<PrivateKey> },
    AccessToken { source: Source },
    WorkloadIdentity { sts: Sts },
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: String,
    sub: &'a str,
    iat: u64,
    exp: u64,
}

impl Credential {
    /// Reads nothing yet: a secret is read for the first token.
    pub(crate) fn new(config: &Config, aws: &SdkConfig) -> Self {
        let open = |location: &secrets::Location| Source::open(location.clone(), aws);
        match &config.authentication {
            Authentication::KeyPair(location) => {
                let user = config.user.trim().to_uppercase();
                let subject = format!("{}.{user}", token_account(&config.account));
                Self::KeyPair { subject, source: open(location), key: None }
            }
            Authentication::AccessToken(location) => Self::AccessToken { source: open(location) },
            Authentication::WorkloadIdentity => Self::WorkloadIdentity { sts: Sts::new(aws) },
        }
    }

    /// What to try, in turn, when a token is refused.
    pub(crate) fn renewals(&self) -> &'static [Renewal] {
        match self {
            Self::KeyPair { .. } => &[Renewal::Reissue, Renewal::Reload],
            // The token at hand is the secret itself.
            Self::AccessToken { .. } => &[Renewal::Reload],
            Self::WorkloadIdentity { .. } => &[Renewal::Reissue],
        }
    }

    /// Gives up what was read of a secret.
    pub(crate) fn forget_secret(&mut self) {
        if let Self::KeyPair { key, .. } = self {
            *key = None;
        }
    }

    /// A new token, and how long it may be used. `now` is Snowflake's time.
    pub(crate) async fn issue(&mut self, now: SystemTime) -> Result<(Token, Duration), Error> {
        match self {
            Self::KeyPair { subject, source, key } => {
                let held = match key.take() {
                    Some(held) => held,
                    None => {
                        let text = source.read().await.map_err(Error::ReadSecret)?;
                        PrivateKey::from_pem(text.expose()).map_err(Error::Key)?
                    }
                };
                let text = sign(subject, key.insert(held), now).map_err(Error::Key)?;
                Ok((Token { text, kind: "KEYPAIR_JWT" }, SIGNED_REUSE))
            }
            Self::AccessToken { source } => {
                let secret = source.read().await.map_err(Error::ReadSecret)?;
                let text = secret.expose().trim().to_owned();
                Ok((Token { text, kind: "PROGRAMMATIC_ACCESS_TOKEN" }, STORED_REUSE))
            }
            Self::WorkloadIdentity { sts } => {
                let text = format!("WIF.AWS.{}", identity_token(sts).await?);
                Ok((Token { text, kind: "WORKLOAD_IDENTITY_FEDERATION" }, IDENTITY_REUSE))
            }
        }
    }
}

fn sign(subject: &str, key: &PrivateKey, now: SystemTime) -> Result<String, KeyError> {
    let iat = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let claims = Claims {
        iss: format!("{subject}.{}", key.fingerprint),
        sub: subject,
        iat,
        exp: iat + SIGNED_LIFETIME.as_secs(),
    };
    encode(&Header::new(Algorithm::RS256), &claims, &key.encoding).map_err(KeyError::Signing)
}

/// A token in which AWS says to Snowflake whose role this is (`sts:GetWebIdentityToken`, which
/// only regional endpoints offer).
async fn identity_token(sts: &Sts) -> Result<String, Error> {
    let request = sts
        .get_web_identity_token()
        .audience(AUDIENCE)
        .signing_algorithm("ES384")
        .duration_seconds(IDENTITY_LIFETIME.as_secs() as i32);
    // Boxed: the SDK is nested so deeply that callers could not be compiled.
    let answer = Box::pin(request.send()).await.map_err(|source| Error::Identity(source.into()))?;
    answer.web_identity_token.ok_or(Error::NoIdentity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{DecodingKey, Validation, decode};
    use serde_json::{Value, json};

    #[tokio::test]
    async fn a_signed_token_names_account_user_and_key() {
        let lookup = |name: &str| match name {
            "SNOWFLAKE_URL" | "SNOWFLAKE_AUTHENTICATION" | "REQUEST_TIMEOUT_SECONDS" => None,
            "SNOWFLAKE_ACCOUNT" => Some("xy12345.us-east-1".to_owned()),
            "SNOWFLAKE_PRIVATE_KEY_SECRET" => None,
            "SNOWFLAKE_PRIVATE_KEY_FILE" => Some("tests/fixtures/test_key.pem".to_owned()),
            _ => Some("snowline".to_owned()),
        };
        let config = Config::from_lookup(lookup).unwrap();
        let mut credential = Credential::new(&config, &SdkConfig::builder().build());
        let now = UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        let (token, _) = credential.issue(now).await.unwrap();
        let public = include_bytes!("../tests/fixtures/test_key.pub.pem");
        let mut validation = Validation::new(Algorithm::RS256);
        validation.validate_exp = false;
        let key = DecodingKey::from_rsa_pem(public).unwrap();
        let claims = decode::<Value>(token.expose(), &key, &validation).unwrap().claims;
        let fingerprint = "SHA256:+qJAqgdvLB0mi0iK9dKheMnKvtPcT0BcwY80cM3UGqo=";
        assert_eq!(
            claims,
            json!({
                "iss": format!("XY12345.SNOWLINE.{fingerprint}"),
                "sub": "XY12345.SNOWLINE",
                "iat": 1_790_000_000,
                "exp": 1_790_000_300,
            })
        );
        assert_eq!(format!("{token:?}"), "Token(redacted)");
    }
}
