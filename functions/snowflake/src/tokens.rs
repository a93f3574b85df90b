//! Tokens: signed with the private key, kept while fresh.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, Header, encode};
use secrets::Source;
use serde::Serialize;
use tokio::sync::Mutex;

use crate::account::token_account;
use crate::config::Config;
use crate::error::Error;
use crate::key::{KeyError, PrivateKey};

/// Snowflake takes a token only within 60 s of `iat`, whatever its `exp` says; this leaves room
/// for a slow request and a clock that is a little off.
const REUSE: Duration = Duration::from_secs(40);

/// `exp - iat`: short, for a token is not used for long; Snowflake allows an hour.
const LIFETIME: Duration = Duration::from_secs(300);

/// A bearer token; its `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

/// What happens to the key when a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// Sign anew with the key at hand.
    SignAgain,
    /// Read the key anew first: it may have been rotated.
    ReloadKey,
}

/// The source of tokens for one user.
#[derive(Debug)]
pub(crate) struct Tokens {
    subject: String,
    source: Source,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    key: Option<PrivateKey>,
    token: Option<(Token, SystemTime)>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: String,
    sub: &'a str,
    iat: u64,
    exp: u64,
}

impl Tokens {
    /// Reads nothing yet: the key is loaded for the first token.
    pub(crate) fn new(config: &Config, source: Source) -> Self {
        let user = config.user.trim().to_uppercase();
        let subject = format!("{}.{user}", token_account(&config.account));
        Self { subject, source, state: Mutex::default() }
    }

    /// A token fresh at `now`: the one at hand, or a new one.
    pub(crate) async fn current(&self, now: SystemTime) -> Result<Token, Error> {
        let mut state = self.state.lock().await;
        if let Some((token, issued)) = &state.token
            && now.duration_since(*issued).is_ok_and(|age| age < REUSE)
        {
            return Ok(token.clone());
        }
        let key = match state.key.take() {
            Some(key) => key,
            None => self.load_key().await?,
        };
        let token = self.sign(&key, now).map_err(Error::Key)?;
        *state = State { key: Some(key), token: Some((token.clone(), now)) };
        Ok(token)
    }

    /// Gives up a token that Snowflake refused, unless another caller has replaced it already.
    pub(crate) async fn refused(&self, refused: &Token, renewal: Renewal) {
        let mut state = self.state.lock().await;
        if state.token.as_ref().is_some_and(|(token, _)| token == refused) {
            state.token = None;
            if renewal == Renewal::ReloadKey {
                state.key = None;
            }
        }
    }

    async fn load_key(&self) -> Result<PrivateKey, Error> {
        let text = self.source.read().await.map_err(Error::ReadKey)?;
        PrivateKey::from_pem(text.expose()).map_err(Error::Key)
    }

    fn sign(&self, key: &PrivateKey, now: SystemTime) -> Result<Token, KeyError> {
        let iat = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = Claims {
            iss: format!("{}.{}", self.subject, key.fingerprint),
            sub: &self.subject,
            iat,
            exp: iat + LIFETIME.as_secs(),
        };
        let token = encode(&Header::new(Algorithm::RS256), &claims, &key.encoding);
        token.map(Token).map_err(KeyError::Signing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{DecodingKey, Validation, decode};
    use secrets::Location;
    use serde_json::{Value, json};

    fn tokens() -> Tokens {
        let location = Location::File("tests/fixtures/test_key.pem".into());
        let lookup = |name: &str| {
            let value = match name {
                "SNOWFLAKE_URL" => return None,
                "SNOWFLAKE_ACCOUNT" => "xy12345.us-east-1",
                "SNOWFLAKE_PRIVATE_KEY_SECRET" => "",
                _ => "snowline",
            };
            Some(value.to_owned())
        };
        let key = Source::open(location, &aws::SdkConfig::builder().build());
        Tokens::new(&Config::from_lookup(lookup).unwrap(), key)
    }

    #[tokio::test]
    async fn a_token_names_account_user_and_key_and_is_signed_with_the_key() {
        let now = UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        let token = tokens().current(now).await.unwrap();
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

    #[tokio::test]
    async fn a_token_is_kept_while_fresh_and_replaced_when_old_or_refused() {
        let tokens = tokens();
        let at = |seconds: u64| UNIX_EPOCH + Duration::from_secs(1_790_000_000 + seconds);
        let first = tokens.current(at(0)).await.unwrap();
        assert_eq!(tokens.current(at(39)).await.unwrap(), first);
        let second = tokens.current(at(40)).await.unwrap();
        assert_ne!(second, first);
        tokens.refused(&first, Renewal::ReloadKey).await;
        assert_eq!(
            tokens.current(at(41)).await.unwrap(),
            second,
            "an older token's refusal is stale"
        );
        tokens.refused(&second, Renewal::SignAgain).await;
        assert_ne!(tokens.current(at(41)).await.unwrap(), second);
    }
}
