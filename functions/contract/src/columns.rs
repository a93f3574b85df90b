//! From the properties of the table to its columns.

use crate::error::Found;
use crate::quality::{self, Measured, Quality};
use crate::read::Fields;
use crate::yaml::Node;
use crate::{Column, DataType, Normalise, Rule, extensions, names, odcs, rules, types};

/// A property of the table: its column, and what the rest of the contract still needs of it.
#[derive(Debug)]
pub(crate) struct Property<'a> {
    pub(crate) column: Column,
    pub(crate) fields: Fields<'a>,
    /// Quality rules that are not row rules: measured on the table after a merge.
    pub(crate) measured: Vec<Quality<'a>>,
}

/// Reads the properties, in contract order.
pub(crate) fn read(list: &Node) -> Found<'_, Vec<Property<'_>>> {
    let mut properties: Vec<Property<'_>> = Vec::new();
    for node in list.some_items()? {
        let property = property(node)?;
        let name = &property.column.name;
        if properties.iter().any(|other| other.column.name == *name) {
            return property.fields.require("name")?.fail(format!("`{name}` exists already"));
        }
        properties.push(property);
    }
    Ok(properties)
}

fn property(node: &Node) -> Found<'_, Property<'_>> {
    let fields = node.fields(&odcs::PROPERTY)?;
    let name = names::identifier(fields.require("name")?)?;
    if let Some(node) = fields.get("physicalName")
        && !node.text()?.eq_ignore_ascii_case(name)
    {
        return node.fail(format!("the column is called `{name}` in every table"));
    }
    let data_type = types::data_type(fields)?;
    let required = fields.flag("required")?;
    if let Some(node) = fields.get("primaryKey")
        && node.flag()?
        && !required
    {
        return node.fail(format!("`{name}` is part of the primary key, but not required"));
    }
    let mut column = Column {
        name: name.to_owned(),
        description: fields.description()?,
        data_type,
        required,
        restricted: restricted(fields)?,
        normalise: normalise(fields, data_type)?,
        rules: rules::from_options(fields.get("logicalTypeOptions"), data_type)?,
    };
    let mut measured = Vec::new();
    for node in fields.get("quality").map_or(Ok(&[][..]), Node::items)? {
        let quality = quality::read(node)?;
        check_fit(&quality, &column)?;
        match quality::row_rule(&quality)? {
            Some(rule) => column.rules.push(rule),
            None => measured.push(quality),
        }
    }
    Ok(Property { column, fields, measured })
}

/// Whether the column is personal data. A class that nothing here protects is an error.
fn restricted(fields: Fields<'_>) -> Found<'_, bool> {
    let classes = [("public", false), ("internal", false), ("restricted", true)];
    fields.get("classification").map_or(Ok(false), |node| node.choice(&classes))
}

fn normalise(fields: Fields<'_>, data_type: DataType) -> Found<'_, Vec<Normalise>> {
    let [normalise] = extensions::read(fields, ["normalise"])?;
    let Some(node) = normalise else { return Ok(Vec::new()) };
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
            if !is_text && column.data_type != DataType::Integer {
                return node.fail("valid values are for text and integers");
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
        _ => normalised(text, &column.normalise) == text && fits(text, &column.rules),
    }
}

/// The text after the steps, as the transform applies them.
fn normalised(text: &str, steps: &[Normalise]) -> String {
    steps.iter().fold(text.to_owned(), |text, step| match step {
        Normalise::Trim => text.trim_matches([' ', '\t', '\r', '\n']).to_owned(),
        Normalise::Upper => text.to_ascii_uppercase(),
        Normalise::Lower => text.to_ascii_lowercase(),
    })
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
