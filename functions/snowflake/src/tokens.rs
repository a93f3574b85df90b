//! The token at hand: kept while fresh, replaced when it is old or refused.

use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;

use crate::credential::{Credential, Renewal, Token};
use crate::error::Error;

/// The tokens of one user.
#[derive(Debug)]
pub(crate) struct Tokens {
    renewals: &'static [Renewal],
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    credential: Credential,
    /// The token and the moment until which it is fresh, in this machine's time.
    token: Option<(Token, SystemTime)>,
    clock: Clock,
}

/// How far this machine's clock is off Snowflake's; nothing until Snowflake complains.
#[derive(Debug, Clone, Copy, Default)]
struct Clock {
    behind: Duration,
    ahead: Duration,
}

impl Clock {
    fn set(&mut self, server: SystemTime, here: SystemTime) {
        self.behind = server.duration_since(here).unwrap_or_default();
        self.ahead = here.duration_since(server).unwrap_or_default();
    }

    fn correct(&self, here: SystemTime) -> SystemTime {
        here + self.behind - self.ahead
    }
}

impl Tokens {
    pub(crate) fn new(credential: Credential) -> Self {
        let renewals = credential.renewals();
        let state = State { credential, token: None, clock: Clock::default() };
        Self { renewals, state: Mutex::new(state) }
    }

    /// What to try, in turn, when a token is refused.
    pub(crate) fn renewals(&self) -> &'static [Renewal] {
        self.renewals
    }

    /// A token fresh at `now`: the one at hand, or a new one.
    pub(crate) async fn current(&self, now: SystemTime) -> Result<Token, Error> {
        let state = &mut *self.state.lock().await;
        if let Some((token, fresh_until)) = &state.token
            && now < *fresh_until
        {
            return Ok(token.clone());
        }
        let (token, reuse) = state.credential.issue(state.clock.correct(now)).await?;
        state.token = Some((token.clone(), now + reuse));
        Ok(token)
    }

    /// Gives up a token that Snowflake refused, unless another caller has replaced it already.
    pub(crate) async fn refused(&self, refused: &Token, renewal: Renewal) {
        let mut state = self.state.lock().await;
        if state.token.as_ref().is_some_and(|(token, _)| token == refused) {
            state.token = None;
            if renewal == Renewal::Reload {
                state.credential.forget_secret();
            }
        }
    }

    /// Signs further tokens by the time that Snowflake's answer names.
    pub(crate) async fn set_clock(&self, server: SystemTime, here: SystemTime) {
        self.state.lock().await.clock.set(server, here);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use std::time::UNIX_EPOCH;

    fn tokens() -> Tokens {
        let lookup = |name: &str| match name {
            "SNOWFLAKE_PRIVATE_KEY_FILE" => Some("tests/fixtures/test_key.pem".to_owned()),
            "SNOWFLAKE_ACCOUNT"
            | "SNOWFLAKE_USER"
            | "SNOWFLAKE_ROLE"
            | "SNOWFLAKE_WAREHOUSE"
            | "SNOWFLAKE_DATABASE" => Some("snowline".to_owned()),
            _ => None,
        };
        let config = Config::from_lookup(lookup).unwrap();
        Tokens::new(Credential::new(&config, &aws::SdkConfig::builder().build()))
    }

    #[tokio::test]
    async fn a_token_is_kept_while_fresh_and_replaced_when_old_or_refused() {
        let tokens = tokens();
        let at = |seconds: u64| UNIX_EPOCH + Duration::from_secs(1_790_000_000 + seconds);
        let first = tokens.current(at(0)).await.unwrap();
        assert_eq!(tokens.current(at(39)).await.unwrap(), first);
        let second = tokens.current(at(40)).await.unwrap();
        assert_ne!(second, first);
        tokens.refused(&first, Renewal::Reload).await;
        let kept = tokens.current(at(41)).await.unwrap();
        assert_eq!(kept, second, "an older token's refusal is stale");
        tokens.refused(&second, Renewal::Reissue).await;
        assert_ne!(tokens.current(at(41)).await.unwrap(), second);
    }

    #[tokio::test]
    async fn a_clock_that_is_off_is_corrected() {
        let tokens = tokens();
        let at = |seconds: u64| UNIX_EPOCH + Duration::from_secs(1_790_000_000 + seconds);
        for (server, here) in [(at(500), at(100)), (at(100), at(500))] {
            let expected = {
                tokens.set_clock(server, server).await;
                tokens.state.lock().await.token = None;
                tokens.current(server).await.unwrap()
            };
            tokens.set_clock(server, here).await;
            tokens.state.lock().await.token = None;
            assert_eq!(tokens.current(here).await.unwrap(), expected);
        }
    }
}
