//! How the functions prove to Snowflake who they are, as the environment says.

use secrets::{Location, LocationError};

/// What a token is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// Tokens are signed with the user's private key, which stands there.
    KeyPair(Location),
    /// The token is a programmatic access token, which stands there.
    AccessToken(Location),
    /// AWS vouches for the function's role: workload identity federation. No secret is kept.
    WorkloadIdentity,
}

/// Why the environment names no authentication.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticationError {
    /// `SNOWFLAKE_AUTHENTICATION` is none of the three.
    #[error(
        "SNOWFLAKE_AUTHENTICATION is {value:?}, not key-pair, access-token or workload-identity"
    )]
    Unknown {
        /// What it is.
        value: String,
    },
    /// The private key's location is missing or ambiguous.
    #[error("private key")]
    PrivateKey(#[source] LocationError),
    /// The access token's location is missing or ambiguous.
    #[error("access token")]
    AccessToken(#[source] LocationError),
}

impl Authentication {
    /// Reads `SNOWFLAKE_AUTHENTICATION`: `key-pair` (also when absent), with
    /// `SNOWFLAKE_PRIVATE_KEY_SECRET` or `_FILE`; `access-token`, with
    /// `SNOWFLAKE_ACCESS_TOKEN_SECRET` or `_FILE`; or `workload-identity`.
    ///
    /// # Errors
    /// [`AuthenticationError`] names the variable.
    pub fn from_lookup(
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, AuthenticationError> {
        let value = lookup("SNOWFLAKE_AUTHENTICATION").unwrap_or_default();
        match value.as_str() {
            "" | "key-pair" => Location::from_lookup(lookup, "SNOWFLAKE_PRIVATE_KEY")
                .map(Self::KeyPair)
                .map_err(AuthenticationError::PrivateKey),
            "access-token" => Location::from_lookup(lookup, "SNOWFLAKE_ACCESS_TOKEN")
                .map(Self::AccessToken)
                .map_err(AuthenticationError::AccessToken),
            "workload-identity" => Ok(Self::WorkloadIdentity),
            _ => Err(AuthenticationError::Unknown { value }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_how() {
        let read = |variables: &[(&str, &str)]| {
            let lookup = |name: &str| {
                let found = variables.iter().find(|(variable, _)| *variable == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            Authentication::from_lookup(lookup).map_err(|error| error.to_string())
        };
        let how = |value| ("SNOWFLAKE_AUTHENTICATION", value);
        let key = ("SNOWFLAKE_PRIVATE_KEY_FILE", "key.p8");
        let token = ("SNOWFLAKE_ACCESS_TOKEN_SECRET", "arn:token");
        let file = || Location::File("key.p8".into());
        let secret = || Location::SecretsManager("arn:token".to_owned());
        assert_eq!(read(&[key]), Ok(Authentication::KeyPair(file())));
        assert_eq!(read(&[how("key-pair"), key]), Ok(Authentication::KeyPair(file())));
        assert_eq!(read(&[how("access-token"), token]), Ok(Authentication::AccessToken(secret())));
        assert_eq!(read(&[how("workload-identity")]), Ok(Authentication::WorkloadIdentity));
        assert_eq!(read(&[token]), Err("private key".to_owned()));
        assert_eq!(read(&[how("access-token"), key]), Err("access token".to_owned()));
        assert!(read(&[how("password")]).unwrap_err().contains("\"password\""));
    }
}
