//! What is wrong with a contract, and where.

use crate::yaml::{Node, SyntaxError, path_of};

/// A contract that cannot be followed, as one line: `file:line: path: cause`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {}{cause}", if path.is_empty() { String::new() } else { format!("{path}: ") })]
pub struct ContractError {
    /// File the text came from, as the caller named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Place in the document, as `schema[0].properties[3].logicalTypeOptions.pattern`; empty when
    /// the file as a whole is meant or is not YAML.
    pub path: String,
    /// What is wrong there.
    pub cause: String,
}

impl ContractError {
    pub(crate) fn syntax(file: &str, error: SyntaxError) -> Self {
        Self { file: file.to_owned(), line: error.line, path: String::new(), cause: error.cause }
    }

    pub(crate) fn at(file: &str, root: &Node, problem: Problem<'_>) -> Self {
        Self {
            file: file.to_owned(),
            line: problem.node.line,
            path: path_of(root, problem.node),
            cause: problem.cause,
        }
    }
}

/// A cause and the node it concerns, as long as the document is at hand.
#[derive(Debug)]
pub(crate) struct Problem<'a> {
    node: &'a Node,
    cause: String,
}

/// A value read from the document, or what is wrong with it.
pub(crate) type Found<'a, T> = Result<T, Problem<'a>>;

impl Node {
    /// What is wrong with this node.
    pub(crate) fn problem(&self, cause: impl Into<String>) -> Problem<'_> {
        Problem { node: self, cause: cause.into() }
    }

    /// Fails with a cause that concerns this node.
    pub(crate) fn fail<T>(&self, cause: impl Into<String>) -> Found<'_, T> {
        Err(self.problem(cause))
    }
}
