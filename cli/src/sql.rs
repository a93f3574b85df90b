//! `snowline sql`: prints the SQL of a dataset, for administrators to read or run.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use statements::{Script, Settings, StatementError, Statements};
use thiserror::Error;

use crate::contracts::{self, ContractName};

/// Print the SQL of a dataset: what sets it up, or what the pipeline runs
///
/// Without --only: everything that sets the dataset up, in order, to be piped into a SQL client
/// or read. Setting up again changes and drops nothing. A script whose values are missing is left
/// out, with a comment that names the options.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The contract: a dataset of this build, or a file
    #[arg(long, visible_alias = "dataset", value_name = "NAME|FILE", default_value = "orders")]
    contract: ContractName,
    /// A folder (setup, views, grants, staging, publish, checks, trace, samples) or one script
    /// (publish/merge)
    #[arg(long, value_name = "FOLDER[/NAME]")]
    only: Option<String>,
    /// Snowflake database; a stack needs its own
    #[arg(long, default_value = "snowline")]
    database: String,
    /// Snowflake warehouse
    #[arg(long, default_value = "snowline_wh")]
    warehouse: String,
    /// Bucket of the lake: output LakeBucketName of the stack
    #[arg(long)]
    bucket: Option<String>,
    /// ARN of the IAM role Snowflake reads the bucket through
    #[arg(long, value_name = "ARN")]
    storage_role_arn: Option<String>,
    /// PEM file with the public key of the service user
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// ARN of the IAM role of the function load, to log in without a key: output LoadRoleArn
    #[arg(long, value_name = "ARN")]
    load_role_arn: Option<String>,
    /// ARN of the IAM role of the function publish, to log in without a key: output PublishRoleArn
    #[arg(long, value_name = "ARN")]
    publish_role_arn: Option<String>,
    /// Issuer of the AWS account's identity tokens, to log in without a key
    #[arg(long, value_name = "URL")]
    identity_issuer: Option<String>,
    /// Key of a file in the bucket, for the COPY statements of staging; may be repeated
    #[arg(long, value_name = "KEY")]
    file: Vec<String>,
}

/// Why the SQL could not be printed.
#[derive(Debug, Error)]
pub(crate) enum SqlError {
    /// The contract cannot be followed.
    #[error(transparent)]
    Contract(#[from] contracts::Error),
    /// The statements cannot be rendered.
    #[error(transparent)]
    Statements(#[from] StatementError),
    /// What was asked for by name cannot be printed without these options.
    #[error("{script} needs {options}")]
    Missing { script: String, options: String },
    /// The public key cannot be read.
    #[error("cannot read public key {path}", path = path.display())]
    PublicKey {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The file is something else than a public key in PEM.
    #[error("{path} is not a PEM file with a PUBLIC KEY", path = path.display())]
    NotAPublicKey { path: PathBuf },
    /// Standard output is closed.
    #[error("cannot write the SQL")]
    Output(#[from] io::Error),
}

/// Prints the scripts that `args` ask for.
pub(crate) fn run(args: &Args) -> Result<(), SqlError> {
    let dataset = args.contract.load()?;
    let statements = Statements::new(&dataset)?;
    let settings = settings(args)?;
    let text = match &args.only {
        None => print_all(&statements.installation(&settings)?),
        Some(only) => {
            let scripts = statements.scripts(only, &settings)?;
            refuse_missing(only, &scripts)?;
            let session = match only.starts_with("setup") {
                true => String::new(),
                false => statements.session(&settings)? + "\n\n",
            };
            session + &print_all(&scripts)
        }
    };
    Ok(io::stdout().write_all(text.as_bytes())?)
}

fn settings(args: &Args) -> Result<Settings, SqlError> {
    Ok(Settings {
        database: args.database.clone(),
        warehouse: args.warehouse.clone(),
        bucket: args.bucket.clone(),
        storage_role_arn: args.storage_role_arn.clone(),
        public_key: args.public_key.as_deref().map(read_public_key).transpose()?,
        load_role_arn: args.load_role_arn.clone(),
        publish_role_arn: args.publish_role_arn.clone(),
        identity_issuer: args.identity_issuer.clone(),
        file: (!args.file.is_empty()).then(|| args.file.clone()),
    })
}

/// The base64 between the PEM lines, as Snowflake wants it.
fn read_public_key(path: &Path) -> Result<String, SqlError> {
    let text = fs::read_to_string(path)
        .map_err(|source| SqlError::PublicKey { path: path.to_owned(), source })?;
    text.trim()
        .strip_prefix("-----BEGIN PUBLIC KEY-----")
        .and_then(|rest| rest.strip_suffix("-----END PUBLIC KEY-----"))
        .map(|body| body.split_whitespace().collect())
        .ok_or_else(|| SqlError::NotAPublicKey { path: path.to_owned() })
}

/// A script asked for by its own name is printed whole or not at all.
fn refuse_missing(only: &str, scripts: &[Script]) -> Result<(), SqlError> {
    match scripts {
        [script] if script.name == only && !script.missing.is_empty() => {
            Err(SqlError::Missing { script: script.name.clone(), options: options(script) })
        }
        _ => Ok(()),
    }
}

fn print_all(scripts: &[Script]) -> String {
    let print = |script: &Script| match script.missing.as_slice() {
        [] => format!("{}\n", script.text),
        _ => format!("-- {} is left out: it needs {}\n", script.name, options(script)),
    };
    scripts.iter().map(print).collect::<Vec<_>>().join("\n")
}

/// The options that set what a script misses: `--bucket, --storage-role-arn`.
fn options(script: &Script) -> String {
    let option = |setting: &String| format!("--{}", setting.replace('_', "-"));
    script.missing.iter().map(option).collect::<Vec<_>>().join(", ")
}
