//! Where the functions' secrets come from: AWS Secrets Manager in the cloud, a file on a
//! developer's machine.
//!
//! Input: a [`Location`] from the environment. Output: the [`Secret`]'s text, read anew on every
//! [`Source::read`], so that a rotated secret is picked up without a deployment.

use std::fmt;
use std::path::PathBuf;

use aws::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;

/// Where one secret stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// Name or ARN of a text secret in AWS Secrets Manager.
    SecretsManager(String),
    /// A file that holds nothing but the secret.
    File(PathBuf),
}

impl Location {
    /// Reads `<name>_SECRET` (Secrets Manager) or `<name>_FILE` (a path) from the environment;
    /// an empty variable counts as absent.
    ///
    /// # Errors
    /// [`LocationError`] when both variables are set or neither is.
    pub fn from_lookup(
        lookup: impl Fn(&str) -> Option<String>,
        name: &str,
    ) -> Result<Self, LocationError> {
        let variable = |suffix| lookup(&format!("{name}_{suffix}")).filter(|text| !text.is_empty());
        match (variable("SECRET"), variable("FILE")) {
            (Some(id), None) => Ok(Self::SecretsManager(id)),
            (None, Some(path)) => Ok(Self::File(path.into())),
            (None, None) => Err(LocationError::Missing { name: name.to_owned() }),
            (Some(_), Some(_)) => Err(LocationError::Ambiguous { name: name.to_owned() }),
        }
    }
}

/// Why the environment does not say where a secret stands.
#[derive(Debug, thiserror::Error)]
pub enum LocationError {
    /// Neither variable is set.
    #[error("neither {name}_SECRET nor {name}_FILE is set")]
    Missing {
        /// The variables' common prefix.
        name: String,
    },
    /// Both variables are set.
    #[error("both {name}_SECRET and {name}_FILE are set")]
    Ambiguous {
        /// The variables' common prefix.
        name: String,
    },
}

/// The text of a secret; its `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// Why a secret cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Secrets Manager refused or could not be reached.
    #[error("secret {id}: cannot read it from Secrets Manager")]
    SecretsManager {
        /// Name or ARN.
        id: String,
        /// What the service or the network answered.
        #[source]
        source: Box<SdkError<GetSecretValueError>>,
    },
    /// The secret holds bytes instead of text.
    #[error("secret {id}: holds binary data, not text")]
    NotText {
        /// Name or ARN.
        id: String,
    },
    /// The file cannot be read.
    #[error("file {}: cannot read the secret", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the file system answered.
        #[source]
        source: std::io::Error,
    },
}

/// A secret that can be read, as often as needed.
#[derive(Debug, Clone)]
pub struct Source(Inner);

#[derive(Debug, Clone)]
enum Inner {
    SecretsManager { client: Client, id: String },
    File(PathBuf),
}

impl Source {
    /// Prepares to read the secret at `location`, with `aws` if it stands in Secrets Manager.
    /// Nothing is read yet.
    pub fn open(location: Location, aws: &SdkConfig) -> Self {
        Self(match location {
            Location::SecretsManager(id) => Inner::SecretsManager { client: Client::new(aws), id },
            Location::File(path) => Inner::File(path),
        })
    }

    /// Reads the secret as it stands now.
    ///
    /// # Errors
    /// [`Error`] names the secret or the file.
    pub async fn read(&self) -> Result<Secret, Error> {
        match &self.0 {
            Inner::SecretsManager { client, id } => {
                // Boxed: the SDK is nested so deeply that callers could not be compiled.
                let answer = Box::pin(client.get_secret_value().secret_id(id).send()).await;
                let answer = answer.map_err(|source| Error::SecretsManager {
                    id: id.clone(),
                    source: Box::new(source),
                })?;
                let text = answer.secret_string;
                text.map(Secret).ok_or_else(|| Error::NotText { id: id.clone() })
            }
            Inner::File(path) => tokio::fs::read_to_string(path)
                .await
                .map(Secret)
                .map_err(|source| Error::File { path: path.clone(), source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_exactly_one_location() {
        let location = |variables: &[(&str, &str)]| {
            let lookup = |name: &str| {
                let found = variables.iter().find(|(variable, _)| *variable == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            Location::from_lookup(lookup, "SALT").map_err(|error| error.to_string())
        };
        let secret = Location::SecretsManager("arn:salt".to_owned());
        assert_eq!(location(&[("SALT_SECRET", "arn:salt"), ("SALT_FILE", "")]), Ok(secret));
        assert_eq!(location(&[("SALT_FILE", "salt")]), Ok(Location::File("salt".into())));
        for (variables, word) in
            [(&[][..], "neither"), (&[("SALT_SECRET", "a"), ("SALT_FILE", "b")][..], "both")]
        {
            assert!(location(variables).unwrap_err().starts_with(word));
        }
    }

    #[tokio::test]
    async fn a_missing_file_is_named_and_debug_shows_no_text() {
        let location = Location::File("no/such/file".into());
        let missing = Source::open(location, &SdkConfig::builder().build());
        let error = missing.read().await.unwrap_err().to_string();
        assert_eq!(error, "file no/such/file: cannot read the secret");
        assert_eq!(format!("{:?}", Secret("hunter2".to_owned())), "Secret(redacted)");
    }
}
