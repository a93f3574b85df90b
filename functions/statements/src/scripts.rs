use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Serialize;

use crate::statements::{Addition, TEMPLATES};
use crate::{
    AUDIT_GRACE_MINUTES, ErasedLines, LANDING_DAYS, LEDGER_PAGE_ROWS, LISTED_FINDINGS,
    StatementError, Statements,
};

/// What scripts need beside the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// Name of the database; the storage integration is named after it.
    pub database: String,
    /// Name of the warehouse.
    pub warehouse: String,
    /// The lake's bucket.
    pub bucket: Option<String>,
    /// ARN of the IAM role Snowflake reads the bucket through.
    pub storage_role_arn: Option<String>,
    /// Public key of the service user: base64 of the DER, without the PEM lines.
    pub public_key: Option<String>,
    /// ARN of the IAM role the function load runs as.
    pub load_role_arn: Option<String>,
    /// ARN of the IAM role the function publish runs as.
    pub publish_role_arn: Option<String>,
    /// URL of the issuer of the AWS account's identity tokens.
    pub identity_issuer: Option<String>,
    /// Keys of files for COPY statements.
    pub file: Option<Vec<String>>,
}

/// A script an administrator reads or runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Folder and name: `setup/warehouse`, `publish/merge`, `checks/freshness`.
    pub name: String,
    /// Statements, each ended by a semicolon; empty when something is missing.
    pub text: String,
    /// Fields of [`Settings`] that the script needs and that are `None`.
    pub missing: Vec<String>,
}

/// The folders of a complete installation, in the order to run them.
const INSTALLATION: &[&str] = &["setup/", "views/", "grants/"];
/// The folders of single statements the functions and `snowline` send or people ask.
const STATEMENTS: &[&str] = &["schema/", "staging/", "publish/", "trace/", "erase/", "samples/"];

impl Statements {
    /// Sets up a session for every script outside `setup/`: database, warehouse, UTC.
    ///
    /// # Errors
    /// [`StatementError::Render`] when a setting is no SQL identifier.
    pub fn session(&self, settings: &Settings) -> Result<String, StatementError> {
        self.render("session.sql", context! { settings => Value::from(Serde(settings)) })
    }

    /// What sets the dataset up from nothing, in the order to run it: setup, views, grants.
    /// Running it again changes nothing and drops nothing.
    ///
    /// # Errors
    /// [`StatementError::Render`] when a name or setting is no SQL identifier.
    pub fn installation(&self, settings: &Settings) -> Result<Vec<Script>, StatementError> {
        self.folders(INSTALLATION, settings)
    }

    /// The script of this name, or all of this folder: `publish/merge`, `setup`.
    ///
    /// # Errors
    /// [`StatementError::UnknownScript`] when there is none, and as
    /// [`installation`](Self::installation).
    pub fn scripts(&self, only: &str, settings: &Settings) -> Result<Vec<Script>, StatementError> {
        let mut all = self.folders(INSTALLATION, settings)?;
        all.extend(self.folders(STATEMENTS, settings)?);
        all.extend(self.check_scripts()?);
        let folder = format!("{}/", only.trim_end_matches('/'));
        let wanted = |script: &&Script| script.name == only || script.name.starts_with(&folder);
        let found: Vec<Script> = all.iter().filter(wanted).cloned().collect();
        if found.is_empty() {
            let known: Vec<String> = all.into_iter().map(|script| script.name).collect();
            return Err(StatementError::UnknownScript {
                name: only.to_owned(),
                known: known.join(", "),
            });
        }
        Ok(found)
    }

    fn folders(
        &self,
        folders: &[&str],
        settings: &Settings,
    ) -> Result<Vec<Script>, StatementError> {
        let mut scripts = Vec::new();
        for folder in folders {
            for (template, _) in TEMPLATES {
                let Some(name) = template.strip_prefix(folder).and_then(|rest| self.own(rest))
                else {
                    continue;
                };
                scripts.extend(self.template_scripts(
                    template,
                    &format!("{folder}{name}"),
                    settings,
                )?);
            }
        }
        Ok(scripts)
    }

    /// The name of a template within its folder, without its number; `None` when it belongs to
    /// another dataset.
    fn own<'a>(&self, path: &'a str) -> Option<&'a str> {
        let name = path.strip_suffix(".sql")?;
        match name.split_once('/') {
            Some((dataset, name)) => (dataset == self.dataset.name).then_some(name),
            None => {
                Some(name.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches('_'))
            }
        }
    }

    /// One script, except that there is a COPY for each aggregate.
    fn template_scripts(
        &self,
        template: &str,
        name: &str,
        settings: &Settings,
    ) -> Result<Vec<Script>, StatementError> {
        if name != "staging/copy_aggregate" {
            return Ok(vec![self.script(template, name.to_owned(), settings, None)?]);
        }
        let of = |aggregate: &contract::Aggregate| {
            let name = format!("staging/copy_{}", aggregate.name);
            self.script(template, name, settings, Some(&aggregate.name))
        };
        self.dataset.aggregates.iter().map(of).collect()
    }

    fn script(
        &self,
        template: &str,
        name: String,
        settings: &Settings,
        table: Option<&str>,
    ) -> Result<Script, StatementError> {
        let missing = self.missing(template, settings);
        if !missing.is_empty() {
            return Ok(Script { name, text: String::new(), missing });
        }
        let more = context! {
            settings => Value::from(Serde(settings)),
            files => settings.file.clone(),
            table => table,
            grace_minutes => AUDIT_GRACE_MINUTES,
            additions => self.addition_values(&self.possible_additions()),
            listed => LISTED_FINDINGS,
            first_key => "landing/",
            limit => LEDGER_PAGE_ROWS,
            days => LANDING_DAYS,
            rows => 1,
            erased_columns => self.dataset.dedupe.key.clone(),
            ids => ["0123456789abcdef"],
            wait_minutes => AUDIT_GRACE_MINUTES,
            erasure_id => "00000000-0000-0000-0000-000000000000",
            objects => [Value::from(Serde(sample_lines()))],
        };
        let text = terminated(self.render(template, more)?);
        Ok(Script { name, text, missing })
    }

    /// Every column of the rows that a later version of the contract could have brought.
    fn possible_additions(&self) -> Vec<Addition> {
        let columns = self.dataset.processed_columns();
        let nullable = columns.iter().filter(|column| column.nullable);
        nullable.flat_map(|column| self.additions_of(column)).collect()
    }

    /// The settings a template reads, under any condition, and does not get.
    fn missing(&self, template: &str, settings: &Settings) -> Vec<String> {
        let read = self
            .templates
            .get_template(template)
            .map(|template| template.undeclared_variables(true))
            .unwrap_or_default();
        [
            ("settings.bucket", settings.bucket.is_none()),
            ("settings.storage_role_arn", settings.storage_role_arn.is_none()),
            ("settings.public_key", settings.public_key.is_none()),
            ("settings.load_role_arn", settings.load_role_arn.is_none()),
            ("settings.publish_role_arn", settings.publish_role_arn.is_none()),
            ("settings.identity_issuer", settings.identity_issuer.is_none()),
            ("files", settings.file.is_none()),
        ]
        .into_iter()
        .filter(|(variable, absent)| *absent && read.contains(*variable))
        .map(|(variable, _)| variable.trim_start_matches("settings.").to_owned())
        .collect()
    }

    fn check_scripts(&self) -> Result<Vec<Script>, StatementError> {
        let script = |check: crate::CheckStatement| Script {
            name: format!("checks/{}", check.id),
            text: terminated(check.query),
            missing: Vec::new(),
        };
        Ok(self.checks()?.into_iter().map(script).collect())
    }
}

/// Two lines of an object, where a script needs some.
fn sample_lines() -> ErasedLines {
    ErasedLines {
        source_object: "s3://example-lake/landing/year=2026/month=11/day=22/hour=09/orders"
            .to_owned(),
        landed_at: "2026-11-22 09:00:00.000000".to_owned(),
        lines: vec![1, 2],
    }
}

fn terminated(text: String) -> String {
    if text.ends_with(';') { text } else { text + ";" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            database: "snowline".to_owned(),
            warehouse: "snowline_wh".to_owned(),
            bucket: None,
            storage_role_arn: None,
            public_key: None,
            load_role_arn: None,
            publish_role_arn: None,
            identity_issuer: None,
            file: None,
        }
    }

    fn orders() -> Statements {
        Statements::new(&datasets::load("orders").unwrap()).unwrap()
    }

    #[test]
    fn a_script_names_what_it_misses_and_prints_nothing() {
        let statements = orders();
        let found = statements.scripts("setup/storage_integration", &settings()).unwrap();
        assert_eq!(found[0].missing, ["bucket", "storage_role_arn"]);
        assert_eq!(found[0].text, "");
        let complete = statements.installation(&settings()).unwrap();
        let incomplete = complete.iter().filter(|script| !script.missing.is_empty());
        let names: Vec<&str> = incomplete.map(|script| script.name.as_str()).collect();
        let expected = [
            "setup/service_user_key",
            "setup/service_user_identity",
            "setup/storage_integration",
            "setup/stage",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_setting_that_is_no_identifier_is_refused() {
        let settings = Settings { database: "x; drop database y".to_owned(), ..settings() };
        let error = orders().installation(&settings).unwrap_err();
        assert!(matches!(error, StatementError::Render { .. }), "{error:?}");
    }

    #[test]
    fn an_unknown_script_is_answered_with_the_known_ones() {
        let error = orders().scripts("publish/mrege", &settings()).unwrap_err().to_string();
        assert!(error.contains("publish/merge") && error.contains("checks/volume"), "{error}");
    }
}
