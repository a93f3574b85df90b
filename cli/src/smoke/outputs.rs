//! What the stack says of itself.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use serde::Deserialize;

use super::Error;

/// The outputs of the stack that the records pass.
#[derive(Debug)]
pub(super) struct Outputs {
    /// Where the stack is, whatever region the user's profile names.
    pub(super) region: String,
    pub(super) bucket: String,
    pub(super) stream: String,
    pub(super) transform: String,
    pub(super) load: String,
    pub(super) publish: String,
    pub(super) transform_failures: String,
    pub(super) load_dead_letters: String,
}

/// One output, as CloudFormation lists it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    output_key: String,
    output_value: String,
}

impl Outputs {
    /// Reads the list from a file, or from standard input for `-`.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let text = match path.to_str() {
            Some("-") => {
                let mut text = String::new();
                io::stdin().read_to_string(&mut text).map(|_| text)
            }
            _ => fs::read_to_string(path),
        };
        let failed = |source| Error::Outputs { path: path.to_owned(), source };
        Self::parse(&text.map_err(failed)?, failed)
    }

    fn parse(text: &str, failed: impl Fn(io::Error) -> Error) -> Result<Self, Error> {
        let listed: Vec<Output> =
            serde_json::from_str(text).map_err(|error| failed(error.into()))?;
        let mut outputs: BTreeMap<_, _> =
            listed.into_iter().map(|one| (one.output_key, one.output_value)).collect();
        let mut take = |name| {
            let missing = || failed(io::Error::other(format!("there is no output {name}")));
            outputs.remove(name).ok_or_else(missing)
        };
        let arn = take("PublishFunctionArn")?;
        let region = arn.split(':').nth(3).ok_or_else(|| {
            failed(io::Error::other(format!("PublishFunctionArn is no ARN: {arn}")))
        })?;
        Ok(Self {
            region: region.to_owned(),
            bucket: take("LakeBucketName")?,
            stream: take("LandingStreamName")?,
            transform: take("TransformFunctionName")?,
            load: take("LoadFunctionName")?,
            publish: take("PublishFunctionName")?,
            transform_failures: take("TransformFailuresUrl")?,
            load_dead_letters: take("LoadDeadLetterQueueUrl")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error_chain;
    use std::collections::BTreeSet;

    fn parse(text: &str) -> Result<Outputs, Error> {
        Outputs::parse(text, |source| Error::Outputs { path: "outputs".into(), source })
    }

    fn listed(names: &BTreeSet<&str>) -> String {
        let value = |name: &str| match name {
            "PublishFunctionArn" => "arn:aws:lambda:eu-west-1:1:function:f".to_owned(),
            _ => format!("the {name}"),
        };
        let one =
            |name: &&str| format!(r#"{{"OutputKey":"{name}","OutputValue":"{}"}}"#, value(name));
        format!("[{}]", names.iter().map(one).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn every_output_is_one_of_the_template_and_must_be_there() {
        let template = include_str!("../../../template.yaml");
        let outputs = template.split("\nOutputs:\n").nth(1).unwrap();
        let names: BTreeSet<&str> = outputs
            .lines()
            .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
            .filter(|name| !name.starts_with(' '))
            .collect();
        let found = parse(&listed(&names)).unwrap();
        assert_eq!(found.region, "eu-west-1");
        assert_eq!(found.bucket, "the LakeBucketName");
        assert_eq!(found.load_dead_letters, "the LoadDeadLetterQueueUrl");
        for name in ["LakeBucketName", "LandingStreamName", "TransformFailuresUrl"] {
            let mut others = names.clone();
            others.remove(name);
            let error = parse(&listed(&others)).unwrap_err();
            assert_eq!(error_chain(&error), format!("outputs: there is no output {name}"));
        }
        assert!(error_chain(&parse("{}").unwrap_err()).contains("expected a sequence"));
    }
}
