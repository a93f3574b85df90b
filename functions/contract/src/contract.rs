//! From the text of a contract to its dataset.

use crate::error::{ContractError, Found};
use crate::yaml::{self, Node};
use crate::{
    Column, Dataset, aggregates, checks, columns, derived, extensions, names, odcs, promises,
    versions,
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
    let format = promises::landing_format(contract.require("servers")?)?;

    let schema = contract.require("schema")?;
    let [table] = schema.items()? else {
        return schema.fail("a contract describes one table");
    };
    let table = table.fields(&odcs::TABLE)?;
    let name = table_name(table)?;
    let [dedupe, operation, unknown_fields, derive, aggregates] =
        extensions::read(table, ["dedupe", "operation", "unknownFields", "derive", "aggregates"])?;

    let properties = columns::read(table.require("properties")?)?;
    let columns: Vec<Column> = properties.iter().map(|property| property.column.clone()).collect();
    let derived = derived::read(derive, &columns)?;
    derived::check_encrypted(&properties, &derived)?;
    let aggregates = aggregates::read(aggregates, name, &columns, &derived)?;
    let dedupe = versions::dedupe(dedupe, table, &columns)?;
    let operation = versions::operation(operation, &columns)?;
    let unknown_fields = versions::unknown_fields(unknown_fields)?;
    let checks = checks::read(table, &properties, &columns, &dedupe)?;
    let freshness = promises::freshness(contract.get("slaProperties"), name, &columns)?;
    Ok(Dataset {
        name: name.to_owned(),
        version,
        format,
        columns,
        derived,
        aggregates,
        dedupe,
        operation,
        unknown_fields,
        checks,
        freshness,
    })
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
