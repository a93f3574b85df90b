//! From the text of a contract to its dataset.

use crate::error::{ContractError, Found};
use crate::extensions::{self, Owner};
use crate::names::Stored;
use crate::promises::Promises;
use crate::yaml::{self, Node};
use crate::{
    Column, Dataset, Derived, aggregates, checks, columns, derived, names, odcs, promises, versions,
};

/// The version of the standard this crate follows.
const API_VERSION: &str = "v3.1.0";

/// The table consumers query is `processed_` and the name of the dataset.
const TABLE_PREFIX: &str = "processed_";

impl Dataset {
    /// Reads a contract. `file` is its name, for errors only.
    ///
    /// # Errors
    /// The first construct that is unknown, contradictory or not enforced, with its place.
    pub fn from_yaml(file: &str, text: &str) -> Result<Self, ContractError> {
        let root = yaml::parse(text).map_err(|error| ContractError::syntax(file, error))?;
        read(&root).map_err(|problem| ContractError::at(file, &root, problem))
    }
}

fn read(root: &Node) -> Found<'_, Dataset> {
    let contract = root.fields(&odcs::CONTRACT)?;
    contract.require("apiVersion")?.choice(&[(API_VERSION, ())])?;
    contract.require("kind")?.choice(&[("DataContract", ())])?;
    contract.require("id")?.text()?;
    contract.require("status")?.text()?;
    let version = contract.require("version")?.text()?.to_owned();
    let (format, csv) = promises::landing_format(contract.require("servers")?)?;

    let schema = contract.require("schema")?;
    let [table] = schema.items()? else {
        return schema.fail("a contract describes one table");
    };
    let table = table.fields(&odcs::TABLE)?;
    let name = table_name(table)?;
    let extensions = extensions::read(table, Owner::Table)?;

    let properties = columns::read(table.require("properties")?)?;
    let columns: Vec<Column> = properties.iter().map(|property| property.column.clone()).collect();
    let nested: Vec<Column> =
        properties.iter().flat_map(|property| property.nested.iter().cloned()).collect();
    let fields: Vec<&Column> = columns.iter().chain(&nested).collect();
    let derived = derived::read(extensions.get("derive"), &fields)?;
    derived::check_encrypted(&properties, &derived)?;
    let stored = stored(&columns, &nested, &derived);
    let aggregates = aggregates::read(extensions.get("aggregates"), name, &stored)?;
    let dedupe = versions::dedupe(extensions.get("dedupe"), table, &stored)?;
    let operation = versions::operation(extensions.get("operation"), &columns)?;
    let unknown_fields = versions::unknown_fields(extensions.get("unknownFields"))?;
    let checks = checks::read(table, &properties, &stored, &dedupe)?;
    let Promises { freshness, latency, retention } =
        promises::service_levels(contract, name, &stored)?;
    Ok(Dataset {
        name: name.to_owned(),
        version,
        format,
        csv,
        columns,
        nested,
        derived,
        aggregates,
        dedupe,
        operation,
        unknown_fields,
        checks,
        freshness,
        latency,
        retention,
    })
}

/// The columns that other parts of the contract can name.
fn stored(columns: &[Column], nested: &[Column], derived: &[Derived]) -> Vec<Stored> {
    let column = |column: &Column| Stored {
        name: column.name.clone(),
        data_type: column.data_type,
        nullable: !column.required,
        restricted: column.restricted,
    };
    let derived = derived.iter().map(|derived| Stored {
        name: derived.name.clone(),
        data_type: derived.derivation.data_type(),
        nullable: derived.is_nullable(columns, nested),
        restricted: false,
    });
    columns.iter().map(column).chain(derived).collect()
}

fn table_name<'a>(table: crate::read::Fields<'a>) -> Found<'a, &'a str> {
    let name = names::identifier(table.require("name")?)?;
    if let Some(node) = table.get("physicalName") {
        let expected = format!("{TABLE_PREFIX}{name}");
        if !node.text()?.eq_ignore_ascii_case(&expected) {
            return node.fail(format!("the table consumers query is called `{expected}`"));
        }
    }
    if let Some(node) = table.get("physicalType") {
        node.choice(&[("table", ())])?;
    }
    if let Some(node) = table.get("logicalType") {
        node.choice(&[("object", ())])?;
    }
    Ok(name)
}
