//! Why records did not go all the way.

use std::io;
use std::path::PathBuf;

use crate::trace::Key;
use crate::{generate, objects, trace};

/// Why a smoke test failed, and where to look.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot start")]
    Start(#[source] io::Error),
    #[error("{path}", path = path.display())]
    Outputs { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Dataset(#[from] datasets::Error),
    #[error(transparent)]
    Generate(#[from] generate::Error),
    #[error("a record that was made is no JSON object")]
    Record(#[source] serde_json::Error),
    #[error(
        "{dataset} has {column} in its merge key, by which a record cannot be found again; text and \
         integers of the record can"
    )]
    Key { dataset: String, column: String },
    #[error("staging has {0} already, so nothing was sent: try again")]
    Taken(Key),
    #[error(transparent)]
    Trace(#[from] trace::Error),
    #[error("sent, and not loaded in time; how far they came cannot be told")]
    Lost(#[source] objects::Error),
    #[error(
        "sent, not landed: nothing has come to s3://{bucket}/landing/ since; Firehose holds records \
         for FirehoseBufferSeconds, then look into errors/ of the bucket and the log \
         /aws/kinesisfirehose/{stream}"
    )]
    NotLanded { bucket: String, stream: String },
    #[error(
        "landed, not transformed: {object} has no ledger entry; look into TransformFailures ({queue}) \
         and the log /aws/lambda/{function}"
    )]
    NotTransformed { object: String, queue: String, function: String },
    #[error(
        "landed and transformed, not loaded: files gather for LoadBatchWindowSeconds, then look into \
         LoadDeadLetterQueue ({queue}) and the log /aws/lambda/{function}"
    )]
    NotLoaded { queue: String, function: String },
    #[error("cannot have {function} do the {task}")]
    Invoke {
        function: String,
        task: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("loaded, not merged: the {task} failed: {message}")]
    Failed { task: &'static str, message: String },
    #[error("loaded, not merged: the merge has succeeded, and analytics does not show it")]
    NotMerged,
    #[error("the records went all the way, and are still there")]
    Remove(#[source] Box<Error>),
}
