//! Which contract a command follows: one that this build has, or a file.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use contract::{ContractError, Dataset};

/// How a contract is named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ContractName {
    /// The name of a dataset whose contract is part of this build.
    Embedded(String),
    /// A file: what is named has a slash, or ends in `.yaml` or `.yml`.
    File(PathBuf),
}

/// Why a contract cannot be followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// No such dataset.
    #[error(transparent)]
    Dataset(#[from] datasets::Error),
    /// The file cannot be read.
    #[error("{path}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file does not follow its own rules.
    #[error(transparent)]
    Contract(#[from] ContractError),
}

impl FromStr for ContractName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('/') || text.ends_with(".yaml") || text.ends_with(".yml") {
            return Ok(Self::File(text.into()));
        }
        if datasets::names().any(|name| name == text) {
            return Ok(Self::Embedded(text.to_owned()));
        }
        let known = datasets::names().collect::<Vec<_>>().join(", ");
        Err(format!("this build has {known}; a file has a slash in its name, or ends in .yaml"))
    }
}

impl ContractName {
    /// Reads the contract.
    ///
    /// # Errors
    /// [`Error`], with file and line where the contract is at fault.
    pub(crate) fn load(&self) -> Result<Dataset, Error> {
        match self {
            Self::Embedded(name) => Ok(datasets::load(name)?),
            Self::File(path) => {
                let text = fs::read_to_string(path)
                    .map_err(|source| Error::File { path: path.clone(), source })?;
                Ok(Dataset::from_yaml(&path.display().to_string(), &text)?)
            }
        }
    }
}
