use contract::{Dataset, OutputColumn};
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde::Serialize;

use crate::{StatementError, context, dialect};

/// Most files one COPY statement can name.
pub const MAX_FILES: usize = 1_000;

/// How long an object may be known to the ledger only, or to staging only, before the audit
/// counts it as a mismatch: the two are loaded by different statements.
pub const AUDIT_GRACE_MINUTES: u32 = 60;

/// Most findings of one kind that an audit lists; all are counted.
pub const LISTED_FINDINGS: usize = 25;

/// How far back a listing of what the ledger knows of landing goes: one day more than landing keeps
/// an object.
pub const LANDING_DAYS: u32 = 8;

/// Statements in the text of [`Statements::erase_staging`].
pub const ERASE_STAGING_STATEMENTS: u32 = 5;

/// Most rows of one page of [`Statements::ledger_keys`].
pub const LEDGER_PAGE_ROWS: usize = 50_000;

/// Name and text of every template, sorted by name.
pub(crate) const TEMPLATES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// A column to add to a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Addition {
    /// Schema of the table: `staging`.
    pub schema: &'static str,
    /// Name of the table: `orders`.
    pub table: String,
    /// The column. It must be nullable, for the rows that are there have no value of it.
    pub column: OutputColumn,
}

/// Lines of one landing object whose rows are to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErasedLines {
    /// The landing object, as `s3://bucket/key`.
    pub source_object: String,
    /// Its LastModified, UTC: `2026-11-22 09:16:05.482000`.
    pub landed_at: String,
    /// Lines in it, from 1; not empty.
    pub lines: Vec<i64>,
}

/// The statements of one dataset.
pub struct Statements {
    pub(crate) dataset: Dataset,
    pub(crate) templates: Environment<'static>,
    context: Value,
}

impl Statements {
    /// Parses the embedded templates for a dataset.
    ///
    /// # Errors
    /// [`StatementError::Template`] if a template does not parse.
    pub fn new(dataset: &Dataset) -> Result<Self, StatementError> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|_| AutoEscape::Custom("sql".into()));
        templates.set_formatter(dialect::write_value);
        templates
            .add_function("literal", |text: &str| Value::from_safe_string(dialect::literal(text)));
        templates.add_filter("indent", |text: &str, width: usize| {
            Value::from_safe_string(dialect::indent(text, width))
        });
        for (name, text) in TEMPLATES {
            templates.add_template(name, text).map_err(|source| StatementError::Template {
                template: (*name).to_owned(),
                source,
            })?;
        }
        Ok(Self { dataset: dataset.clone(), templates, context: context::of(dataset) })
    }

    /// COPY of `processed/.../final_*.parquet` files into `staging.<dataset>`. `files` are keys
    /// relative to the bucket. The answer has one row a file (`file`, `status`, `rows_loaded`,
    /// `first_error`, ...); a file already loaded with the same bytes is skipped.
    ///
    /// # Errors
    /// [`StatementError::FileCount`] for no file or more than [`MAX_FILES`].
    pub fn copy_rows(&self, files: &[String]) -> Result<String, StatementError> {
        self.copy("staging/copy_rows.sql", files, context! {})
    }

    /// COPY of an aggregate's `processed/.../<aggregate>_*.parquet` files into
    /// `staging.<aggregate>`, otherwise as [`copy_rows`](Self::copy_rows).
    ///
    /// # Errors
    /// As [`copy_rows`](Self::copy_rows), and [`StatementError::UnknownAggregate`].
    pub fn copy_aggregate(&self, name: &str, files: &[String]) -> Result<String, StatementError> {
        if !self.dataset.aggregates.iter().any(|aggregate| aggregate.name == name) {
            return Err(StatementError::UnknownAggregate {
                dataset: self.dataset.name.clone(),
                aggregate: name.to_owned(),
            });
        }
        self.copy("staging/copy_aggregate.sql", files, context! { table => name })
    }

    /// COPY of `ledger/.../ledger_*.json` files into `ops.ledger`, otherwise as
    /// [`copy_rows`](Self::copy_rows).
    ///
    /// # Errors
    /// As [`copy_rows`](Self::copy_rows).
    pub fn copy_ledger(&self, files: &[String]) -> Result<String, StatementError> {
        self.copy("staging/copy_ledger.sql", files, context! {})
    }

    /// Lists the columns of the tables the pipeline writes: `qualified_name` (`staging.orders`) and
    /// `column_name`, both in lower case. A table that does not exist, or that the role has no
    /// privilege on, has no row.
    ///
    /// # Errors
    /// [`StatementError::Render`] when a contract name is no SQL identifier.
    pub fn table_columns(&self) -> Result<String, StatementError> {
        self.render("schema/columns.sql", context! {})
    }

    /// Adds columns where they do not exist: a statement an addition, in their order.
    ///
    /// # Errors
    /// [`StatementError::Render`] when a name is no SQL identifier.
    pub fn add_columns(&self, additions: &[Addition]) -> Result<String, StatementError> {
        let additions = self.addition_values(additions);
        self.render("schema/add_columns.sql", context! { additions })
    }

    /// What adds a column of the rows: to analytics, then to staging.
    pub fn additions_of(&self, column: &OutputColumn) -> [Addition; 2] {
        let to = |schema, table| Addition { schema, table, column: column.clone() };
        let name = &self.dataset.name;
        [to("analytics", format!("processed_{name}")), to("staging", name.clone())]
    }

    pub(crate) fn addition_values(&self, additions: &[Addition]) -> Vec<Value> {
        let value = |addition: &Addition| {
            context! {
                schema => addition.schema,
                table => addition.table.as_str(),
                column => context::column(&addition.column),
            }
        };
        additions.iter().map(value).collect()
    }

    /// Compares ledger and staging. The first row of the answer has a null `finding` and the
    /// totals: `objects`, `pending`, `rows_expected` and `rows_found` of the table of rows, and how
    /// many findings of each kind there are: `rows_missing`, `rows_superfluous`, `no_ledger_entry`.
    /// Each further row is a `finding` (its kind), at most [`LISTED_FINDINGS`] of a kind:
    /// `source_object`, `contract_version`, `table_name`, `rows_expected`, `rows_found`. An object
    /// of which one side is missing counts as pending for `grace_minutes` (usually
    /// [`AUDIT_GRACE_MINUTES`]) after the other side was loaded.
    ///
    /// # Errors
    /// [`StatementError::Render`] when a contract name is no SQL identifier, as in all that follow.
    pub fn audit(&self, grace_minutes: u32) -> Result<String, StatementError> {
        self.render("publish/audit.sql", context! { grace_minutes, listed => LISTED_FINDINGS })
    }

    /// Lists `key` and `etag` of the landing objects in the ledger that landed within so many days
    /// (usually [`LANDING_DAYS`]), in the order of keys (that of their bytes), from `first_key` on; a
    /// page of [`LEDGER_PAGE_ROWS`] may be followed by more.
    ///
    /// # Errors
    /// [`StatementError::Render`].
    pub fn ledger_keys(&self, first_key: &str, days: u32) -> Result<String, StatementError> {
        let limit = LEDGER_PAGE_ROWS;
        self.render("publish/ledger_keys.sql", context! { first_key, days, limit })
    }

    /// Applies what arrived in staging since the last merge to analytics. The answer is one row:
    /// `number of rows inserted`, `number of rows updated` and, for a dataset with an operation
    /// column, `number of rows deleted`.
    ///
    /// # Errors
    /// [`StatementError::Render`].
    pub fn merge(&self) -> Result<String, StatementError> {
        self.render("publish/merge.sql", context! {})
    }

    /// Inserts the results of `rows` checks into `ops.check_results` at once. Bindings are text,
    /// for each result in turn: run_id (may be null), task, check_id, severity (`error` or
    /// `warning`), passed (`true` or `false`), value (a number or null), threshold, failing_keys (a
    /// JSON array or null), failing_rows_query (null when passed or when there is none).
    ///
    /// # Errors
    /// [`StatementError::Render`].
    pub fn insert_check_results(&self, rows: usize) -> Result<String, StatementError> {
        self.render("publish/insert_check_results.sql", context! { rows })
    }

    /// Tells where every version of one merge key came from, and whether analytics has it.
    /// Bindings are text, one a column of the key, in the order of the contract's `dedupe.key`.
    /// The answer has one row a version, the oldest first: the lineage columns, `_loaded_at`,
    /// `operation` (null for an insert, and without an operation column), `is_waiting` for the
    /// next merge, `merged_at` (null unless it is the version in analytics) and, null until the
    /// ledger entry is loaded, `version_id`, `etag`, `rows_read`, `rows_accepted`,
    /// `rows_rejected`, `outputs` (JSON).
    ///
    /// # Errors
    /// [`StatementError::Render`].
    pub fn trace(&self) -> Result<String, StatementError> {
        self.render("trace/versions.sql", context! {})
    }

    /// Lists the ledger entries of the landing objects that an erasure has to do with: those with
    /// rows in staging of which `columns` have the values bound (text, one a column), those whose
    /// `ids` are given, and those of which staging does not hold every row. The answer has one row
    /// an entry: `id`, `source_object`, `landed_at`, `key`, `outputs` (JSON),
    /// and of its object `rows_expected`, `rows_found`, `is_whole` (both are equal), `is_waiting`
    /// for a merge, `is_recent` (loaded within `wait_minutes`) and `is_concerned` (by rows or id).
    ///
    /// # Errors
    /// [`StatementError::Render`].
    pub fn erase_objects(
        &self,
        columns: &[String],
        ids: &[String],
        wait_minutes: u32,
    ) -> Result<String, StatementError> {
        let more = context! {
            erased_columns => Value::from(columns.to_vec()),
            ids => Value::from(ids.to_vec()),
            wait_minutes,
        };
        self.render("erase/1_objects.sql", more)
    }

    /// Lists `source_object`, `landed_at` and `source_line` of the rows in staging of which `columns`
    /// have the values bound, as in [`erase_objects`](Self::erase_objects).
    ///
    /// # Errors
    /// [`StatementError::Render`].
    pub fn erase_rows(&self, columns: &[String]) -> Result<String, StatementError> {
        let erased_columns = Value::from(columns.to_vec());
        self.render("erase/2_rows.sql", context! { erased_columns })
    }

    /// Deletes the rows of analytics of which `columns` have the values bound.
    ///
    /// # Errors
    /// [`StatementError::Render`].
    pub fn erase_analytics(&self, columns: &[String]) -> Result<String, StatementError> {
        let erased_columns = Value::from(columns.to_vec());
        self.render("erase/3_analytics.sql", context! { erased_columns })
    }

    /// Deletes rows of staging and accounts for them in `ops.erasures`, in one transaction of
    /// [`ERASE_STAGING_STATEMENTS`] statements. No values are bound: Snowflake takes none with
    /// several statements, and the text names no person.
    ///
    /// # Errors
    /// [`StatementError::Render`].
    pub fn erase_staging(
        &self,
        erasure_id: &str,
        objects: &[ErasedLines],
    ) -> Result<String, StatementError> {
        let objects = Value::from(Serde(objects.to_vec()));
        self.render("erase/4_staging.sql", context! { erasure_id, objects })
    }

    fn copy(
        &self,
        template: &str,
        files: &[String],
        more: Value,
    ) -> Result<String, StatementError> {
        if files.is_empty() || files.len() > MAX_FILES {
            return Err(StatementError::FileCount {
                dataset: self.dataset.name.clone(),
                files: files.len(),
            });
        }
        self.render(template, context! { files => Value::from(files.to_vec()), ..more })
    }

    /// Renders a template over the contract and `more`.
    pub(crate) fn render(&self, template: &str, more: Value) -> Result<String, StatementError> {
        self.templates
            .get_template(template)
            .and_then(|found| found.render(context! { ..more, ..self.context.clone() }))
            .map(|text| text.trim().to_owned())
            .map_err(|source| StatementError::Render {
                template: template.to_owned(),
                dataset: self.dataset.name.clone(),
                source,
            })
    }
}
