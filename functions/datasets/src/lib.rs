//! The datasets this build knows: every `contracts/<dataset>.odcs.yaml`, embedded.
//!
//! The build has validated them all, so that a contract that cannot be followed never ships.

use contract::{ContractError, Dataset};

/// Name and text of every contract, ordered by name.
static CONTRACTS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/contracts.rs"));

/// Why a dataset could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No contract has this name.
    #[error("there is no dataset `{name}`; this build has {}", known.join(", "))]
    Unknown {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// The embedded contract does not follow its own rules: a build of another version.
    #[error(transparent)]
    Contract(#[from] ContractError),
}

/// The names of the datasets, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    CONTRACTS.iter().map(|(name, _)| *name)
}

/// The text of the contract of a dataset.
///
/// # Errors
/// [`Error::Unknown`] when there is none of this name.
pub fn text(name: &str) -> Result<&'static str, Error> {
    CONTRACTS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
        .ok_or_else(|| Error::Unknown { name: name.to_owned(), known: names().collect() })
}

/// Reads the contract of a dataset.
///
/// # Errors
/// [`Error::Unknown`] when there is none of this name.
pub fn load(name: &str) -> Result<Dataset, Error> {
    Ok(Dataset::from_yaml(&format!("contracts/{name}.odcs.yaml"), text(name)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contract_loads_under_its_name() {
        assert!(names().any(|name| name == "orders"));
        for name in names() {
            assert_eq!(load(name).unwrap().name, name);
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = load("No such").unwrap_err().to_string();
        let known = names().collect::<Vec<_>>().join(", ");
        assert_eq!(error, format!("there is no dataset `No such`; this build has {known}"));
    }
}
