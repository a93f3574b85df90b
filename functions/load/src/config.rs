//! What the environment decides.

/// The function's configuration. It holds where a secret stands, never the secret.
#[derive(Debug, Clone)]
pub struct Config {
    /// Name of the stack (`STACK_NAME`), by which its metrics are told apart.
    pub stack_name: String,
    /// Name of the dataset (`DATASET`), which picks the contract.
    pub dataset: String,
    /// Name of the bucket that holds every zone (`LAKE_BUCKET`).
    pub lake_bucket: String,
    /// The role that owns the tables, under which columns are added (`SNOWFLAKE_SCHEMA_ROLE`).
    pub schema_role: String,
    /// Where and as whom statements run (`SNOWFLAKE_*`).
    pub snowflake: snowflake::Config,
}

/// Why the environment makes no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable is not set, or empty.
    #[error("environment variable {0} is not set")]
    Missing(&'static str),
    /// A variable that concerns Snowflake is missing or wrong.
    #[error("Snowflake's configuration")]
    Snowflake(#[from] snowflake::ConfigError),
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
            stack_name: required("STACK_NAME")?,
            dataset: required("DATASET")?,
            lake_bucket: required("LAKE_BUCKET")?,
            schema_role: required("SNOWFLAKE_SCHEMA_ROLE")?,
            snowflake: snowflake::Config::from_lookup(&lookup)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_named() {
        for absent in ["STACK_NAME", "DATASET", "LAKE_BUCKET", "SNOWFLAKE_SCHEMA_ROLE"] {
            let lookup = |name: &str| Some(if name == absent { "" } else { "a" }.to_owned());
            let error = Config::from_lookup(lookup).unwrap_err().to_string();
            assert_eq!(error, format!("environment variable {absent} is not set"));
        }
    }
}
