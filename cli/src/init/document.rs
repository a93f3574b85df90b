//! Writes a draft as a contract: ODCS v3.1, with comments that say what to verify.

use contract::{
    Aggregate, Column, DataType, Dataset, Derivation, Derived, EpochUnit, Format, Function,
    Normalise, Rule, TextFormat,
};

use super::draft::{Draft, Notes};
use super::yaml::{Entry, Yaml, document, entry, plain, text, texts};

/// The text of the contract; `source` says what it was inferred from.
pub(crate) fn write(draft: &Draft, source: &str) -> String {
    let dataset = &draft.dataset;
    let name = &dataset.name;
    let header = [
        format!("The contract of the dataset {name}, inferred by `snowline init` from {source}."),
        "What follows `check:` is concluded from that sample alone: verify it, correct it, and remove the note. \
         docs/schema.md says what every part of a contract does."
            .to_owned(),
    ];
    let mut entries = vec![
        entry("apiVersion", text("v3.1.0")),
        entry("kind", text("DataContract")),
        entry("id", text(format!("urn:datacontract:{name}"))),
        entry("name", text(name)),
        entry("version", text(&dataset.version)),
        entry("status", text("draft")),
        entry("servers", Yaml::List(vec![Yaml::Mapping(server(dataset))])),
        entry("schema", Yaml::List(vec![Yaml::Mapping(table(draft))])),
    ];
    entries.extend(freshness(dataset));
    document(&header, &entries)
}

fn server(dataset: &Dataset) -> Vec<Entry> {
    let location = "s3://example-lake/landing/year=*/month=*/day=*/hour=*/*";
    let mut server = vec![
        entry("server", text("landing")),
        entry("type", text("s3")),
        entry("location", text(location)),
    ];
    match dataset.format {
        Format::Json => {
            server.push(entry("format", text("json")));
            server.push(entry("delimiter", text("new_line")));
        }
        Format::Csv => {
            server.push(entry("format", text("csv")));
            let dialect = vec![
                property("csvDelimiter", text(dataset.csv.delimiter)),
                property("csvNull", text(&dataset.csv.null)),
            ];
            server.push(entry("customProperties", Yaml::List(dialect)));
        }
    }
    server
}

/// An entry of `customProperties`.
fn property(name: &str, value: Yaml) -> Yaml {
    Yaml::Mapping(vec![entry("property", text(name)), entry("value", value)])
}

fn table(draft: &Draft) -> Vec<Entry> {
    let dataset = &draft.dataset;
    let columns = dataset.columns.iter().map(|column| Yaml::Mapping(column_entries(column, draft)));
    vec![
        entry("name", text(&dataset.name)),
        entry("physicalName", text(format!("processed_{}", dataset.name))),
        entry("physicalType", text("table")),
        entry("logicalType", text("object")),
        entry("properties", Yaml::List(columns.collect())),
        entry("customProperties", Yaml::List(table_properties(draft))),
    ]
}

fn column_entries(column: &Column, draft: &Draft) -> Vec<Entry> {
    let key = &draft.dataset.dedupe.key;
    let mut entries = common_entries(column, &column.name, draft);
    if let Some(position) = key.iter().position(|name| *name == column.name) {
        entries.push(entry("primaryKey", plain(true)));
        entries.push(entry("primaryKeyPosition", plain(position + 1)));
    }
    if column.restricted {
        entries.push(entry("classification", text("restricted")));
        entries
            .extend(hash_of(column, &draft.dataset).map(|hash| entry("encryptedName", text(hash))));
    }
    let mut properties = Vec::new();
    if column.field != column.name {
        properties.push(property("field", text(&column.field)));
    }
    add_rules(column, draft, properties, &mut entries);
    entries
}

fn hash_of<'d>(column: &Column, dataset: &'d Dataset) -> Option<&'d str> {
    let is_hash = |derived: &&Derived| matches!(&derived.derivation, Derivation::Hash { from } if *from == column.name);
    dataset.derived.iter().find(is_hash).map(|derived| derived.name.as_str())
}

/// What a column and a field inside one begin with.
fn common_entries(column: &Column, name: &str, draft: &Draft) -> Vec<Entry> {
    let checks = draft.notes.get(&column.name).map_or(&[][..], |Notes { checks, .. }| checks);
    let comments = checks.iter().map(|check| format!("check: {check}"));
    let (logical, physical) = types(column.data_type);
    let mut entries = vec![
        entry("name", text(name)).commented(comments),
        entry("logicalType", text(logical)),
        entry("physicalType", text(physical)),
    ];
    if column.required {
        entries.push(entry("required", plain(true)));
    }
    entries
}

/// Adds rules, custom properties and the fields inside, in that order.
fn add_rules(column: &Column, draft: &Draft, mut properties: Vec<Yaml>, entries: &mut Vec<Entry>) {
    let options: Vec<_> = column.rules.iter().flat_map(|rule| option(rule, column)).collect();
    if !options.is_empty() {
        entries.push(entry("logicalTypeOptions", Yaml::InlineMapping(options)));
    }
    let values = column.rules.iter().filter_map(|rule| match rule {
        Rule::OneOf { values } => Some(valid_values(column, values)),
        _ => None,
    });
    let values: Vec<Yaml> = values.collect();
    if !values.is_empty() {
        entries.push(entry("quality", Yaml::List(values)));
    }
    if !column.normalise.is_empty() {
        properties.push(property("normalise", texts(column.normalise.iter().map(step))));
    }
    properties.extend(column.epoch.map(|unit| property("epoch", text(epoch(unit)))));
    if !properties.is_empty() {
        entries.push(entry("customProperties", Yaml::List(properties)));
    }
    let nested: Vec<Yaml> = children(column, &draft.dataset)
        .map(|field| {
            let mut entries = common_entries(field, &field.field, draft);
            add_rules(field, draft, Vec::new(), &mut entries);
            Yaml::Mapping(entries)
        })
        .collect();
    if !nested.is_empty() {
        entries.push(entry("properties", Yaml::List(nested)));
    }
}

/// The fields directly inside a column or field.
fn children<'d>(parent: &Column, dataset: &'d Dataset) -> impl Iterator<Item = &'d Column> {
    let prefix = format!("{}.", parent.name);
    dataset.nested.iter().filter(move |field| {
        field.name.strip_prefix(&prefix).is_some_and(|rest| !rest.contains('.'))
    })
}

fn types(data_type: DataType) -> (&'static str, String) {
    let (logical, physical) = match data_type {
        DataType::String { max_chars: Some(chars) } => {
            return ("string", format!("VARCHAR({chars})"));
        }
        DataType::Decimal { precision, scale } => {
            return ("number", format!("NUMBER({precision},{scale})"));
        }
        DataType::String { max_chars: None } => ("string", "VARCHAR"),
        DataType::Integer => ("integer", "NUMBER(19,0)"),
        DataType::Double => ("number", "FLOAT"),
        DataType::Timestamp => ("timestamp", "TIMESTAMP_NTZ(6)"),
        DataType::Date => ("date", "DATE"),
        DataType::Time => ("time", "TIME(6)"),
        DataType::Boolean => ("boolean", "BOOLEAN"),
        DataType::Object => ("object", "VARIANT"),
        DataType::Array => ("array", "VARIANT"),
    };
    (logical, physical.to_owned())
}

/// The option that stands for a rule, where the physical type does not imply it already. What is
/// not inferred from samples has none.
fn option(rule: &Rule, column: &Column) -> Option<(&'static str, Yaml)> {
    match rule {
        Rule::MinLength { chars } => Some(("minLength", plain(chars))),
        Rule::MaxLength { chars } => {
            let is_implied = column.data_type == DataType::String { max_chars: Some(*chars) };
            (!is_implied).then(|| ("maxLength", plain(chars)))
        }
        Rule::Pattern { pattern } => Some(("pattern", text(pattern))),
        Rule::Format { format } => Some(("format", text(format_name(*format)))),
        Rule::OneOf { .. }
        | Rule::Minimum { .. }
        | Rule::Maximum { .. }
        | Rule::Earliest { .. }
        | Rule::Latest { .. }
        | Rule::MultipleOf { .. }
        | Rule::NotLaterThanArrival { .. } => None,
    }
}

fn format_name(format: TextFormat) -> &'static str {
    match format {
        TextFormat::Uuid => "uuid",
        TextFormat::Email => "email",
        TextFormat::Ipv4 => "ipv4",
        TextFormat::Ipv6 => "ipv6",
        TextFormat::Hostname => "hostname",
        TextFormat::Uri => "uri",
        TextFormat::DateTime => "date-time",
    }
}

fn valid_values(column: &Column, values: &[String]) -> Yaml {
    let id = column.name.replace(|char: char| !char.is_ascii_alphanumeric() && char != '_', "_");
    Yaml::Mapping(vec![
        entry("id", text(format!("{id}_values"))),
        entry("metric", text("invalidValues")),
        entry("arguments", Yaml::Mapping(vec![entry("validValues", texts(values))])),
        entry("mustBe", plain(0)),
    ])
}

fn step(step: &Normalise) -> &'static str {
    match step {
        Normalise::Trim => "trim",
        Normalise::Upper => "upper",
        Normalise::Lower => "lower",
    }
}

fn epoch(unit: EpochUnit) -> &'static str {
    match unit {
        EpochUnit::Seconds => "seconds",
        EpochUnit::Milliseconds => "milliseconds",
    }
}

fn table_properties(draft: &Draft) -> Vec<Yaml> {
    let dataset = &draft.dataset;
    let mut comments = vec![
        format!("check: the key. {}: {}.", dataset.dedupe.key.join(", "), draft.key_why),
        format!("check: the order. {}: {}.", dataset.dedupe.order.join(", "), draft.order_why),
    ];
    comments.extend(draft.decisions.iter().map(|decision| format!("decide: {decision}")));
    let dedupe = Yaml::InlineMapping(vec![
        ("key", texts(&dataset.dedupe.key)),
        ("order", texts(&dataset.dedupe.order)),
    ]);
    let first = entry("property", text("dedupe")).commented(comments);
    let mut properties = vec![Yaml::Mapping(vec![first, entry("value", dedupe)])];
    properties.extend(dataset.operation.as_ref().map(|name| property("operation", text(name))));
    let left_out = draft
        .left_out
        .iter()
        .map(|(field, reason)| format!("check: no column reads the field {field:?}: {reason}."));
    let unknown = entry("property", text("unknownFields")).commented(left_out);
    properties.push(Yaml::Mapping(vec![unknown, entry("value", text("keep"))]));
    if !dataset.derived.is_empty() {
        let derived = dataset.derived.iter().map(derive).collect();
        properties.push(property("derive", Yaml::List(derived)));
    }
    if !dataset.aggregates.is_empty() {
        let aggregates = dataset.aggregates.iter().map(aggregate).collect();
        properties.push(property("aggregates", Yaml::List(aggregates)));
    }
    properties
}

fn derive(derived: &Derived) -> Yaml {
    let kind = match &derived.derivation {
        Derivation::Date { .. } => "date",
        Derivation::Hour { .. } => "hour",
        Derivation::Band { .. } => "band",
        Derivation::Hash { .. } => "hash",
        Derivation::Copy { .. } => "copy",
        Derivation::Constant { .. } => "constant",
    };
    let mut entries = vec![("name", text(&derived.name)), ("derive", text(kind))];
    entries.extend(derived.derivation.source().map(|from| ("from", text(from))));
    Yaml::InlineMapping(entries)
}

fn aggregate(aggregate: &Aggregate) -> Yaml {
    let measures = aggregate.measures.iter().map(|measure| {
        let function = match measure.function {
            Function::Count => "count",
            Function::Sum => "sum",
            Function::Min => "min",
            Function::Max => "max",
        };
        let mut entries = vec![("name", text(&measure.name)), ("function", text(function))];
        entries.extend(measure.column.as_ref().map(|column| ("column", text(column))));
        Yaml::InlineMapping(entries)
    });
    Yaml::Mapping(vec![
        entry("name", text(&aggregate.name)),
        entry("groupBy", texts(&aggregate.group_by)),
        entry("measures", Yaml::List(measures.collect())),
    ])
}

fn freshness(dataset: &Dataset) -> Option<Entry> {
    let level = dataset.freshness.as_ref()?;
    let element = format!("{}.{}", dataset.name, level.column);
    let level = vec![
        entry("property", text("freshness")).commented([
            "check: how old may the newest row be? It also bounds how long an object may lie in landing.".to_owned(),
        ]),
        entry("value", plain(level.minutes)),
        entry("unit", text("m")),
        entry("element", text(element)),
    ];
    Some(entry("slaProperties", Yaml::List(vec![Yaml::Mapping(level)])))
}
