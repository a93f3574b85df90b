use thiserror::Error;

/// Why a statement could not be rendered.
#[derive(Debug, Error)]
pub enum StatementError {
    /// A template does not parse: the build is broken.
    #[error("template {template} does not parse")]
    Template {
        /// Path under `sql/`.
        template: String,
        /// What the template engine says, with the line.
        #[source]
        source: minijinja::Error,
    },
    /// A template meets a value it cannot print, such as a name that is no SQL identifier.
    #[error("cannot render {template} for dataset {dataset}")]
    Render {
        /// Path under `sql/`.
        template: String,
        /// Name of the dataset.
        dataset: String,
        /// What the template engine says, with the line.
        #[source]
        source: minijinja::Error,
    },
    /// The contract has no aggregate of this name.
    #[error("dataset {dataset} has no aggregate {aggregate}")]
    UnknownAggregate {
        /// Name of the dataset.
        dataset: String,
        /// The name asked for.
        aggregate: String,
    },
    /// A COPY takes 1 to [`MAX_FILES`](crate::MAX_FILES) files.
    #[error("a copy of dataset {dataset} takes 1 to {max} files, not {files}", max = crate::MAX_FILES)]
    FileCount {
        /// Name of the dataset.
        dataset: String,
        /// How many were given.
        files: usize,
    },
    /// No script of this name or folder.
    #[error("no script {name}; there are {known}")]
    UnknownScript {
        /// The name asked for.
        name: String,
        /// All names, comma-separated.
        known: String,
    },
}
