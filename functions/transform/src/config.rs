//! What the environment decides.

/// The function's configuration. It holds where the salt stands, never the salt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Name of the dataset (`DATASET`), which picks the contract.
    pub dataset: String,
    /// Name of the bucket that holds every zone (`LAKE_BUCKET`).
    pub lake_bucket: String,
    /// The region of the function and of the lake (`AWS_REGION`, which Lambda sets).
    pub region: String,
    /// Where the salt of hashed columns stands (`HASH_SALT_SECRET` or `HASH_SALT_FILE`).
    pub hash_salt: secrets::Location,
}

/// Why the environment makes no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable is not set, or empty.
    #[error("environment variable {0} is not set")]
    Missing(&'static str),
    /// The place of the salt is not told, or told twice.
    #[error("cannot tell where the hash salt stands")]
    HashSalt(#[from] secrets::LocationError),
}

impl Config {
    /// Reads the process environment.
    ///
    /// # Errors
    /// [`ConfigError`] names the first variable that is missing or wrong.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads the variables through `lookup`. An empty variable counts as absent.
    ///
    /// # Errors
    /// [`ConfigError`] names the first variable that is missing or wrong.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let required =
            |name| lookup(name).filter(|value| !value.is_empty()).ok_or(ConfigError::Missing(name));
        Ok(Self {
            dataset: required("DATASET")?,
            lake_bucket: required("LAKE_BUCKET")?,
            region: required("AWS_REGION")?,
            hash_salt: secrets::Location::from_lookup(&lookup, "HASH_SALT")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPLETE: [(&str, &str); 4] = [
        ("DATASET", "orders"),
        ("LAKE_BUCKET", "snowline-lake"),
        ("AWS_REGION", "eu-west-1"),
        ("HASH_SALT_SECRET", "salt"),
    ];

    fn config(variables: &[(&str, &str)]) -> Result<Config, String> {
        Config::from_lookup(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        })
        .map_err(|error| telemetry::error_chain(&error))
    }

    #[test]
    fn a_complete_environment_is_read() {
        let expected = Config {
            dataset: "orders".to_owned(),
            lake_bucket: "snowline-lake".to_owned(),
            region: "eu-west-1".to_owned(),
            hash_salt: secrets::Location::SecretsManager("salt".to_owned()),
        };
        assert_eq!(config(&COMPLETE), Ok(expected));
    }

    #[test]
    fn a_missing_variable_is_named() {
        for (absent, named) in [
            ("DATASET", "DATASET"),
            ("LAKE_BUCKET", "LAKE_BUCKET"),
            ("AWS_REGION", "AWS_REGION"),
            ("HASH_SALT_SECRET", "HASH_SALT_FILE"),
        ] {
            let without: Vec<_> =
                COMPLETE.into_iter().filter(|(name, _)| *name != absent).collect();
            let empty =
                COMPLETE.map(|(name, value)| (name, if name == absent { "" } else { value }));
            for variables in [&without[..], &empty] {
                let error = config(variables).unwrap_err();
                assert!(error.contains(named), "{error}");
            }
        }
    }
}
