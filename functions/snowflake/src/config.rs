//! What the environment says about the Snowflake account.

use std::time::Duration;

use crate::account;
use crate::authentication::{Authentication, AuthenticationError};
use crate::endpoint::{Endpoint, EndpointError};

/// Where and as whom statements run.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address of the SQL API.
    pub endpoint: Endpoint,
    /// Account identifier: `myorg-myaccount`, or a locator with its region.
    pub account: String,
    /// Login name of the user the functions sign in as.
    pub user: String,
    /// Role, warehouse and database are case-sensitive, written as `SHOW` prints them.
    pub role: String,
    /// Warehouse that runs the statements.
    pub warehouse: String,
    /// Database in which names are looked up.
    pub database: String,
    /// How the functions prove who they are.
    pub authentication: Authentication,
    /// Longest wait for the answer to one request.
    pub request_timeout: Duration,
    /// Root certificates in PEM that the server's certificate must lead to; without them, the
    /// system's.
    pub authorities: Option<&'static [u8]>,
}

/// Which variable is missing or wrong.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable is not set, or empty.
    #[error("{variable} is not set")]
    Missing {
        /// Name of the variable.
        variable: &'static str,
    },
    /// `SNOWFLAKE_URL` is no address to send a token to.
    #[error("SNOWFLAKE_URL")]
    Url(#[from] EndpointError),
    /// Nothing says how to sign in.
    #[error("cannot tell how to sign in to Snowflake")]
    Authentication(#[from] AuthenticationError),
    /// A token that names the function's role would go to a host that is not Snowflake's.
    #[error("SNOWFLAKE_URL {url} is not Snowflake's: it must not learn the function's identity")]
    ForeignHost {
        /// The address.
        url: String,
    },
    /// `REQUEST_TIMEOUT_SECONDS` is out of range.
    #[error(transparent)]
    RequestTimeout(#[from] aws::RequestTimeoutError),
}

impl Config {
    /// Reads `SNOWFLAKE_ACCOUNT`, `SNOWFLAKE_USER`, `SNOWFLAKE_ROLE`, `SNOWFLAKE_WAREHOUSE`,
    /// `SNOWFLAKE_DATABASE`, the variables of [`Authentication::from_lookup`], those of
    /// [`aws::request_timeout`], and the optional `SNOWFLAKE_URL`, which is
    /// `https://<account>.snowflakecomputing.com` otherwise. The authorities are those of
    /// [`roots::embedded`].
    ///
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let optional = |variable: &str| lookup(variable).filter(|text| !text.trim().is_empty());
        let required = |variable| optional(variable).ok_or(ConfigError::Missing { variable });
        let account = required("SNOWFLAKE_ACCOUNT")?;
        let url = optional("SNOWFLAKE_URL")
            .unwrap_or_else(|| format!("https://{}", account::host(&account)));
        let endpoint = Endpoint::parse(&url)?;
        let authentication = Authentication::from_lookup(&lookup)?;
        if authentication == Authentication::WorkloadIdentity && !endpoint.may_learn_identity() {
            return Err(ConfigError::ForeignHost { url });
        }
        Ok(Self {
            endpoint,
            user: required("SNOWFLAKE_USER")?,
            role: required("SNOWFLAKE_ROLE")?,
            warehouse: required("SNOWFLAKE_WAREHOUSE")?,
            database: required("SNOWFLAKE_DATABASE")?,
            authentication,
            request_timeout: aws::request_timeout(&lookup)?,
            authorities: roots::embedded(&lookup),
            account,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPLETE: [(&str, &str); 6] = [
        ("SNOWFLAKE_ACCOUNT", "myorg-acme"),
        ("SNOWFLAKE_USER", "SNOWLINE"),
        ("SNOWFLAKE_ROLE", "SNOWLINE_LOAD"),
        ("SNOWFLAKE_WAREHOUSE", "SNOWLINE_WH"),
        ("SNOWFLAKE_DATABASE", "SNOWLINE"),
        ("SNOWFLAKE_PRIVATE_KEY_FILE", "key.pem"),
    ];

    fn read(change: (&str, &str)) -> Result<Config, ConfigError> {
        Config::from_lookup(|name| {
            let changed = (name == change.0).then_some(change.1);
            let default =
                || COMPLETE.iter().find(|(variable, _)| *variable == name).map(|(_, v)| *v);
            changed.or_else(default).map(str::to_owned)
        })
    }

    #[test]
    fn the_address_follows_from_the_account_unless_given() {
        let endpoint = |url| read(("SNOWFLAKE_URL", url)).unwrap().endpoint;
        let default = Endpoint::parse("https://myorg-acme.snowflakecomputing.com").unwrap();
        assert_eq!(endpoint(""), default);
        assert_eq!(endpoint("http://127.0.0.1:1"), Endpoint::parse("http://127.0.0.1:1").unwrap());
        assert!(read(("SNOWFLAKE_URL", "http://example.com")).is_err());
    }

    #[test]
    fn an_identity_goes_to_snowflake_alone() {
        let read = |url: &str| {
            Config::from_lookup(|name| match name {
                "SNOWFLAKE_AUTHENTICATION" => Some("workload-identity".to_owned()),
                "SNOWFLAKE_URL" => Some(url.to_owned()),
                "REQUEST_TIMEOUT_SECONDS" => None,
                _ => Some("SNOWLINE".to_owned()),
            })
        };
        assert!(read("https://acme.snowflakecomputing.com").is_ok());
        let error = read("https://example.org").unwrap_err();
        assert!(matches!(error, ConfigError::ForeignHost { .. }), "{error:?}");
    }

    #[test]
    fn a_missing_variable_is_named() {
        for (variable, _) in COMPLETE {
            let error = read((variable, "")).unwrap_err();
            let expected = match variable {
                "SNOWFLAKE_PRIVATE_KEY_FILE" => {
                    "cannot tell how to sign in to Snowflake".to_owned()
                }
                _ => format!("{variable} is not set"),
            };
            assert_eq!(error.to_string(), expected);
        }
    }
}
