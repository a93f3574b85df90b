//! The command line of `snowline replay`.

use std::fmt;

use lake::{LANDING_PREFIX, QUARANTINE_PREFIX};

use crate::objects::S3Uri;

/// Send landing objects, rejected rows or parked messages through the pipeline again
///
/// A landing object, or all below a prefix that ends in a slash, goes to the transform as S3
/// announced it:
///
///   snowline replay s3://LAKE/landing/year=2026/month=11/day=22/ --function TRANSFORM
///
/// The rows of a quarantine file, once the contract is mended, become a landing object of their
/// own; also of all files below a prefix:
///
///   snowline replay s3://LAKE/quarantine/year=2026/month=11/day=22/rejected_ID.ndjson
///
/// What failed too often waits in a queue:
///
///   snowline replay --queue LOAD-DEAD-LETTER-QUEUE-URL --to LOAD-QUEUE-URL
///   snowline replay --queue TRANSFORM-FAILURES-URL --function TRANSFORM
///
/// Sending something twice changes nothing. Exit code 1 when something was left.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Objects to send: s3://BUCKET/landing/... or s3://BUCKET/quarantine/...
    #[arg(value_name = "OBJECT", required_unless_present = "queue", conflicts_with = "queue")]
    object: Option<S3Uri>,

    /// Queue whose messages to send: LoadDeadLetterQueueUrl with --to, TransformFailuresUrl with
    /// --function
    #[arg(long, value_name = "URL")]
    queue: Option<String>,

    /// Queue that the messages came from: LoadQueueUrl
    #[arg(long, value_name = "URL", conflicts_with_all = ["function", "object"])]
    to: Option<String>,

    /// The transform: TransformFunctionName
    #[arg(long, value_name = "NAME")]
    function: Option<String>,

    /// Only list what would be sent
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What to send, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Task {
    /// Landing objects to the transform.
    Landing { uri: S3Uri, function: String },
    /// Rejected rows to landing objects.
    Rows { uri: S3Uri },
    /// The messages of a queue.
    Queue { url: String, target: Target },
}

/// Where the messages of a queue go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// Another queue, as they are.
    Queue(String),
    /// A function, which failed on the event they hold.
    Function(String),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue(name) | Self::Function(name) => f.write_str(name),
        }
    }
}

impl Args {
    /// What the arguments ask for together.
    ///
    /// # Errors
    /// What is missing or does not fit.
    pub(crate) fn task(&self) -> Result<Task, String> {
        match (&self.object, &self.queue) {
            (Some(uri), _) => self.objects(uri),
            (None, Some(url)) => {
                let target = match (&self.to, &self.function) {
                    (Some(to), None) if to == url => {
                        return Err("--queue and --to are one".to_owned());
                    }
                    (Some(to), None) => Target::Queue(to.clone()),
                    (None, Some(function)) => Target::Function(function.clone()),
                    _ => return Err("--queue needs --to or --function".to_owned()),
                };
                Ok(Task::Queue { url: url.clone(), target })
            }
            (None, None) => Err("what is to be sent?".to_owned()),
        }
    }

    fn objects(&self, uri: &S3Uri) -> Result<Task, String> {
        let uri = uri.clone();
        match &self.function {
            Some(function) if uri.key.starts_with(LANDING_PREFIX) => {
                Ok(Task::Landing { uri, function: function.clone() })
            }
            None if uri.key.starts_with(LANDING_PREFIX) => {
                Err("a landing object needs --function".to_owned())
            }
            None if uri.key.starts_with(QUARANTINE_PREFIX) => Ok(Task::Rows { uri }),
            Some(_) if uri.key.starts_with(QUARANTINE_PREFIX) => {
                Err("rejected rows go to a landing object, which needs no --function".to_owned())
            }
            _ => Err(format!(
                "{uri} is neither below {LANDING_PREFIX} nor below {QUARANTINE_PREFIX}"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn what_is_sent_decides_what_else_is_needed() {
        let landing = "s3://lake/landing/year=2026/";
        let quarantine = "s3://lake/quarantine/a.ndjson";
        for (arguments, expected) in [
            (vec![landing, "--function", "f"], Ok("Landing")),
            (vec![quarantine], Ok("Rows")),
            (vec!["--queue", "a", "--to", "b"], Ok("Queue")),
            (vec!["--queue", "a", "--function", "f"], Ok("Function")),
            (vec![landing], Err("needs --function")),
            (vec![quarantine, "--function", "f"], Err("needs no --function")),
            (vec!["s3://lake/processed/a.parquet"], Err("neither below landing/")),
            (vec!["--queue", "a"], Err("needs --to or --function")),
            (vec!["--queue", "a", "--to", "a"], Err("are one")),
            (vec!["--queue", "a", "--to", "b", "--function", "f"], Err("cannot be used")),
            (vec![quarantine, "--queue", "a", "--to", "b"], Err("cannot be used")),
            (vec![quarantine, "--to", "b"], Err("cannot be used")),
            (vec![], Err("required arguments")),
            (vec!["lake/landing/a", "--function", "f"], Err("expected s3://BUCKET/KEY")),
        ] {
            let parsed = Program::try_parse_from([&["replay"], &arguments[..]].concat());
            let task = parsed.map_err(|error| error.to_string()).and_then(|it| it.args.task());
            match expected {
                Ok(kind) => assert!(format!("{:?}", task.unwrap()).contains(kind), "{arguments:?}"),
                Err(reason) => {
                    let error = task.unwrap_err();
                    assert!(error.contains(reason), "{arguments:?}: {error}");
                }
            }
        }
    }
}
