//! From the properties of the table to its columns.

use crate::error::Found;
use crate::extensions::{Extensions, Owner};
use crate::quality::{self, Measured, Quality};
use crate::read::Fields;
use crate::yaml::Node;
use crate::{
    Column, DataType, Decimal, EpochUnit, Normalise, Rule, extensions, names, odcs, rules, types,
};

/// A property of the table: its column, and what the rest of the contract still needs of it.
#[derive(Debug)]
pub(crate) struct Property<'a> {
    pub(crate) column: Column,
    /// The fields inside it, an object before its fields.
    pub(crate) nested: Vec<Column>,
    pub(crate) fields: Fields<'a>,
    /// The custom property `field`.
    field: Option<&'a Node>,
    /// Quality rules that are not row rules: measured on the table after a merge.
    pub(crate) measured: Vec<Quality<'a>>,
}

/// Reads the properties, in contract order.
pub(crate) fn read(list: &Node) -> Found<'_, Vec<Property<'_>>> {
    let mut properties: Vec<Property<'_>> = Vec::new();
    for node in list.some_items()? {
        let property = column(node)?;
        let Column { name, field, .. } = &property.column;
        let name_node = property.fields.require("name")?;
        if properties.iter().any(|other| other.column.name == *name) {
            return name_node.fail(format!("`{name}` exists already"));
        }
        if let Some(other) = properties.iter().find(|other| other.column.field == *field) {
            let other = &other.column.name;
            let node = property.field.unwrap_or(name_node);
            return node.fail(format!("`{name}` and `{other}` both read the field `{field}`"));
        }
        properties.push(property);
    }
    Ok(properties)
}

/// Reads a property of the table.
fn column(node: &Node) -> Found<'_, Property<'_>> {
    let fields = node.fields(&odcs::PROPERTY)?;
    let name = names::identifier(fields.require("name")?)?;
    if let Some(node) = fields.get("physicalName")
        && !node.text()?.eq_ignore_ascii_case(name)
    {
        return node.fail(format!("the column is called `{name}` in every table"));
    }
    let restricted = restricted(fields)?;
    let extensions = extensions::read(fields, Owner::Column)?;
    let mut property = property(fields, &extensions, name, restricted)?;
    let required = property.column.required;
    if let Some(node) = fields.get("primaryKey")
        && node.flag()?
        && !required
    {
        return node.fail(format!("`{name}` is part of the primary key, but not required"));
    }
    if let Some(node) = extensions.get("field") {
        property.field = Some(node);
        property.column.field = names::field(node)?.to_owned();
    }
    property.nested = nested(fields, &property.column)?;
    Ok(property)
}

/// Reads the properties inside a property, and inside those.
fn nested<'a>(parent: Fields<'a>, column: &Column) -> Found<'a, Vec<Column>> {
    let options = parent.get("logicalTypeOptions").filter(|_| column.data_type == DataType::Object);
    let required = options.and_then(|node| node.get("required"));
    let Some(list) = parent.get("properties") else {
        return match required {
            Some(node) => node.fail("none of these is among the properties, for there are none"),
            None => Ok(Vec::new()),
        };
    };
    if column.data_type != DataType::Object {
        return list.fail(format!("`{}` is not an object", column.name));
    }
    let required = match required {
        Some(node) => names::distinct(node, Node::text)?,
        None => Vec::new(),
    };
    let mut found: Vec<Column> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for node in list.some_items()? {
        let fields = node.fields(&odcs::NESTED_PROPERTY)?;
        let name_node = fields.require("name")?;
        let name = names::step(name_node)?;
        if names.contains(&name) {
            return name_node.fail(format!("`{name}` exists already"));
        }
        names.push(name);
        let path = format!("{}.{name}", column.name);
        let extensions = extensions::read(fields, Owner::NestedField)?;
        let Property { column: mut field, measured, .. } =
            property(fields, &extensions, &path, column.restricted)?;
        if let Some(quality) = measured.first() {
            return quality.fields.node.fail("inside an object only row rules are checked");
        }
        field.required |= required.contains(&name);
        let inside = nested(fields, &field)?;
        found.push(field);
        found.extend(inside);
    }
    if let Some(missing) = required.iter().find(|name| !names.contains(name))
        && let Some(node) = options.and_then(|node| node.get("required"))
    {
        return node.fail(format!("`{missing}` is not among the properties"));
    }
    Ok(found)
}

/// Reads what a column and a field inside one have in common.
fn property<'a>(
    fields: Fields<'a>,
    extensions: &Extensions<'a>,
    name: &str,
    restricted: bool,
) -> Found<'a, Property<'a>> {
    let data_type = types::data_type(fields)?;
    let mut column = Column {
        description: fields.description()?,
        required: fields.flag("required")?,
        restricted,
        epoch: epoch(extensions.get("epoch"), data_type)?,
        normalise: normalise(extensions.get("normalise"), data_type)?,
        rules: rules::from_options(fields.get("logicalTypeOptions"), data_type)?,
        ..Column::new(name, data_type)
    };
    column.rules.extend(rules::arrival(extensions.get("notLaterThanArrival"), data_type)?);
    let mut measured = Vec::new();
    for node in fields.get("quality").map_or(Ok(&[][..]), Node::items)? {
        let quality = quality::read(node)?;
        check_fit(&quality, &column)?;
        match quality::row_rule(&quality)? {
            Some(rule) => column.rules.push(rule),
            None => measured.push(quality),
        }
    }
    Ok(Property { column, nested: Vec::new(), fields, field: None, measured })
}

/// Whether the column is personal data. A class that nothing here protects is an error.
fn restricted(fields: Fields<'_>) -> Found<'_, bool> {
    let classes = [("public", false), ("internal", false), ("restricted", true)];
    fields.get("classification").map_or(Ok(false), |node| node.choice(&classes))
}

fn epoch(node: Option<&Node>, data_type: DataType) -> Found<'_, Option<EpochUnit>> {
    let Some(node) = node else { return Ok(None) };
    if data_type != DataType::Timestamp {
        return node.fail("only a timestamp counts from the epoch");
    }
    let units = [("seconds", EpochUnit::Seconds), ("milliseconds", EpochUnit::Milliseconds)];
    node.choice(&units).map(Some)
}

fn normalise(node: Option<&Node>, data_type: DataType) -> Found<'_, Vec<Normalise>> {
    let Some(node) = node else { return Ok(Vec::new()) };
    if !matches!(data_type, DataType::String { .. }) {
        return node.fail("only text is normalised");
    }
    let words =
        [("trim", Normalise::Trim), ("upper", Normalise::Upper), ("lower", Normalise::Lower)];
    let steps = names::distinct(node, |item| item.choice(&words))?;
    if steps.contains(&Normalise::Upper) && steps.contains(&Normalise::Lower) {
        return node.fail("`upper` and `lower` undo each other");
    }
    Ok(steps)
}

/// Checks that a quality rule fits the type of its column, and that each valid value can occur.
fn check_fit<'a>(quality: &Quality<'a>, column: &Column) -> Found<'a, ()> {
    let is_text = matches!(column.data_type, DataType::String { .. });
    match &quality.measure {
        Measured::MissingValues(node) if !is_text => node.fail("only text can stand for nothing"),
        Measured::InvalidValues(Rule::OneOf { values }, node) => {
            if !is_text && !column.data_type.is_exact_number() {
                return node.fail("valid values are for text, integers and NUMBER(p,s)");
            }
            for (value, node) in values.iter().zip(node.items()?) {
                if !can_be(column, value) {
                    return node.fail(format!("`{}` can never be `{value}`", column.name));
                }
            }
            Ok(())
        }
        Measured::InvalidValues(_, node) if !is_text => node.fail("a pattern is for text"),
        _ => Ok(()),
    }
}

/// Whether a value of the column can equal the text, once normalised.
fn can_be(column: &Column, text: &str) -> bool {
    match column.data_type {
        DataType::Integer => text.parse::<i64>().is_ok_and(|number| number.to_string() == text),
        DataType::Decimal { precision, scale } => {
            text.parse::<Decimal>().is_ok_and(|number| number.fits(precision, scale))
        }
        _ => column.normalised(text) == text && fits(text, &column.rules),
    }
}

/// Whether the length of the text obeys the rules.
fn fits(text: &str, rules: &[Rule]) -> bool {
    let length = text.chars().count();
    rules.iter().all(|rule| match rule {
        Rule::MinLength { chars } => length >= *chars as usize,
        Rule::MaxLength { chars } => length <= *chars as usize,
        _ => true,
    })
}
