//! The custom property `derive`: columns computed from a row.

use crate::columns::Property;
use crate::error::Found;
use crate::read::Keys;
use crate::yaml::Node;
use crate::{Band, Column, DataType, Derivation, Derived, names};

/// The kinds of derivation.
const KINDS: [&str; 6] = ["date", "hour", "band", "hash", "copy", "constant"];

const CONSTANT: Keys =
    Keys { read: &["name", "description", "derive", "value"], documentation: &[], refused: &[] };
const FROM: Keys =
    Keys { read: &["name", "description", "derive", "from"], documentation: &[], refused: &[] };
const FROM_BANDS: Keys = Keys {
    read: &["name", "description", "derive", "from", "bands"],
    documentation: &[],
    refused: &[],
};
const BAND: Keys = Keys { read: &["label", "upTo"], documentation: &[], refused: &[] };

/// Reads the derived columns, in contract order; `fields` are the columns and the fields inside
/// them.
pub(crate) fn read<'a>(node: Option<&'a Node>, fields: &[&Column]) -> Found<'a, Vec<Derived>> {
    let mut derived: Vec<Derived> = Vec::new();
    let Some(list) = node else { return Ok(derived) };
    for node in list.some_items()? {
        let entry = one(node, fields)?;
        let exists = fields.iter().any(|column| column.name == entry.name)
            || derived.iter().any(|other| other.name == entry.name);
        if exists {
            return node
                .get("name")
                .unwrap_or(node)
                .fail(format!("`{}` exists already", entry.name));
        }
        derived.push(entry);
    }
    Ok(derived)
}

/// Checks that every `encryptedName` is a hash of its column.
pub(crate) fn check_encrypted<'a>(
    properties: &[Property<'a>],
    derived: &[Derived],
) -> Found<'a, ()> {
    for property in properties {
        let Some(node) = property.fields.get("encryptedName") else { continue };
        let (name, column) = (node.text()?, &property.column.name);
        let is_hash = |derived: &Derived| {
            derived.name == name
                && matches!(&derived.derivation, Derivation::Hash { from } if from == column)
        };
        if !derived.iter().any(is_hash) {
            return node.fail(format!("no derived column `{name}` is a hash of `{column}`"));
        }
    }
    Ok(())
}

fn one<'a>(node: &'a Node, columns: &[&Column]) -> Found<'a, Derived> {
    let kind = match node.get("derive") {
        Some(kind) => kind,
        None => return node.fail("`derive` is missing"),
    };
    let fields = match kind.text()? {
        "constant" => node.fields(&CONSTANT)?,
        "band" => node.fields(&FROM_BANDS)?,
        "date" | "hour" | "hash" | "copy" => node.fields(&FROM)?,
        name => return Err(kind.not_among(name, KINDS.into_iter())),
    };
    let from = |source| self::source(fields.require("from")?, columns, source);
    let derivation = match kind.text()? {
        "constant" => Derivation::Constant { value: fields.require("value")?.text()?.to_owned() },
        "band" => Derivation::Band {
            from: from(Source::Number)?.name.clone(),
            bands: bands(fields.require("bands")?)?,
        },
        "hash" => Derivation::Hash { from: from(Source::Text)?.name.clone() },
        "hour" => Derivation::Hour { from: from(Source::Timestamp)?.name.clone() },
        "copy" => {
            let Column { name, data_type, .. } = from(Source::Nested)?;
            Derivation::Copy { from: name.clone(), data_type: *data_type }
        }
        _ => Derivation::Date { from: from(Source::Timestamp)?.name.clone() },
    };
    Ok(Derived {
        name: names::identifier(fields.require("name")?)?.to_owned(),
        description: fields.description()?,
        derivation,
    })
}

/// What a derivation reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Text,
    Number,
    Timestamp,
    Nested,
}

/// Reads the name of the column to compute from. Of a restricted column only a hash may be
/// computed: the others would give its value away.
fn source<'a, 'c>(node: &'a Node, columns: &[&'c Column], source: Source) -> Found<'a, &'c Column> {
    let name = node.text()?;
    let column = match columns.iter().find(|column| column.name == name) {
        None => return node.fail(format!("there is no column or field `{name}`")),
        Some(column) if column.restricted && source != Source::Text => {
            return node.fail(names::out_of_reach(name));
        }
        Some(column) => *column,
    };
    let (fits, expected) = match source {
        Source::Text => (matches!(column.data_type, DataType::String { .. }), "text"),
        Source::Timestamp => (column.data_type == DataType::Timestamp, "a timestamp"),
        Source::Number => (column.data_type.is_exact_number(), "an integer or a NUMBER(p,s)"),
        Source::Nested => (name.contains('.'), "a field inside an object"),
    };
    if !fits {
        return node.fail(format!("`{}` is not {expected}", column.name));
    }
    Ok(column)
}

fn bands(list: &Node) -> Found<'_, Vec<Band>> {
    let nodes = list.some_items()?;
    let mut bands: Vec<Band> = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let fields = node.fields(&BAND)?;
        let label = fields.require("label")?.text()?.to_owned();
        if bands.iter().any(|other| other.label == label) {
            return node.fail(format!("the label `{label}` stands twice"));
        }
        let is_last = index + 1 == nodes.len();
        let up_to = match fields.get("upTo") {
            Some(bound) if is_last => {
                return bound.fail("the last band has no bound, so that every value has a band");
            }
            Some(bound) => Some(bound.decimal()?),
            None if is_last => None,
            None => return node.fail("only the last band has no `upTo`"),
        };
        let previous = bands.last().and_then(|band| band.up_to);
        if let (Some(previous), Some(bound)) = (previous, up_to)
            && previous.compare(&bound).is_ge()
        {
            return node.fail(format!("bands ascend, but {bound} is not above {previous}"));
        }
        bands.push(Band { label, up_to });
    }
    Ok(bands)
}
