//! Aggregates the accepted rows of an object: exact sums, bounded by the number of groups.

use contract::{Aggregate, DataType, Function, OutputColumn};
use hashbrown::HashMap;

use crate::columns::{Column, Values};
use crate::plan::PlanError;

/// An aggregate with its names resolved to positions among the stored columns.
#[derive(Debug)]
pub(crate) struct AggregatePlan {
    name: String,
    group_by: Vec<usize>,
    measures: Vec<MeasurePlan>,
    /// Types of the group columns, then of the measures.
    types: Vec<DataType>,
}

#[derive(Debug, Clone, Copy)]
struct MeasurePlan {
    function: Function,
    source: Option<usize>,
}

/// The groups met so far.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    by_key: HashMap<Box<[u8]>, Group>,
}

#[derive(Debug)]
struct Group {
    key: Vec<GroupValue>,
    measures: Vec<Option<i128>>,
}

/// The value of a group column, ordered as SQL orders it with nulls first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum GroupValue {
    Null,
    Number(i128),
    Text(Vec<u8>),
}

/// A sum of more than 38 digits.
#[derive(Debug, thiserror::Error)]
#[error("aggregate {aggregate}: a sum exceeds 38 digits")]
pub struct SumOverflow {
    /// Name of the aggregate.
    pub aggregate: String,
}

impl AggregatePlan {
    /// Resolves the names of `aggregate` among `stored` columns.
    pub(crate) fn new(aggregate: &Aggregate, stored: &[OutputColumn]) -> Result<Self, PlanError> {
        let position = |name: &str| {
            let found = stored.iter().position(|column| column.name == name);
            found.filter(|&at| stored[at].data_type != DataType::Double).ok_or_else(|| {
                PlanError::Column { user: aggregate.name.clone(), column: name.to_owned() }
            })
        };
        let group_by: Vec<usize> =
            aggregate.group_by.iter().map(|name| position(name)).collect::<Result<_, _>>()?;
        let measures = aggregate
            .measures
            .iter()
            .map(|measure| {
                let source = measure.column.as_deref().map(position).transpose()?;
                Ok(MeasurePlan { function: measure.function, source })
            })
            .collect::<Result<_, PlanError>>()?;
        let group_types = group_by.iter().map(|&at| stored[at].data_type);
        let types = group_types.chain(aggregate.measures.iter().map(|measure| measure.data_type));
        Ok(Self { name: aggregate.name.clone(), types: types.collect(), group_by, measures })
    }

    /// Adds the rows that `counts` accepts to `groups`.
    pub(crate) fn add(
        &self,
        columns: &[Column],
        rows: usize,
        counts: impl Fn(usize) -> bool,
        groups: &mut Groups,
    ) -> Result<(), SumOverflow> {
        let mut key = Vec::new();
        for row in (0..rows).filter(|row| counts(*row)) {
            key.clear();
            for &column in &self.group_by {
                push_key(&columns[column], row, &mut key);
            }
            if !groups.by_key.contains_key(key.as_slice()) {
                let values =
                    self.group_by.iter().map(|&at| group_value(&columns[at], row)).collect();
                let group = Group { key: values, measures: vec![None; self.measures.len()] };
                groups.by_key.insert(key.as_slice().into(), group);
            }
            let Some(group) = groups.by_key.get_mut(key.as_slice()) else { continue };
            for (plan, measure) in self.measures.iter().zip(&mut group.measures) {
                let value = match plan.source {
                    Some(at) => number(&columns[at], row),
                    None => Some(1),
                };
                *measure = self.combine(plan.function, *measure, value)?;
            }
        }
        Ok(())
    }

    /// Adds the groups of other rows to `groups`.
    pub(crate) fn merge(&self, groups: &mut Groups, more: Groups) -> Result<(), SumOverflow> {
        for (key, group) in more.by_key {
            let Some(present) = groups.by_key.get_mut(&key) else {
                groups.by_key.insert(key, group);
                continue;
            };
            for ((plan, measure), value) in
                self.measures.iter().zip(&mut present.measures).zip(group.measures)
            {
                *measure = self.combine(plan.function, *measure, value)?;
            }
        }
        Ok(())
    }

    fn combine(
        &self,
        function: Function,
        left: Option<i128>,
        right: Option<i128>,
    ) -> Result<Option<i128>, SumOverflow> {
        let (Some(left), Some(right)) = (left, right) else { return Ok(left.or(right)) };
        Ok(Some(match function {
            Function::Min => left.min(right),
            Function::Max => left.max(right),
            Function::Count | Function::Sum => left
                .checked_add(right)
                .filter(|sum| sum.unsigned_abs() < 10_u128.pow(38))
                .ok_or_else(|| SumOverflow { aggregate: self.name.clone() })?,
        }))
    }

    /// The groups as columns, one row a group, ordered by group: group columns, then measures.
    pub(crate) fn columns(&self, groups: Groups) -> Vec<Column> {
        let mut groups: Vec<Group> = groups.by_key.into_values().collect();
        groups.sort_unstable_by(|left, right| left.key.cmp(&right.key));
        let mut columns: Vec<Column> = self.types.iter().map(|type_| Column::new(*type_)).collect();
        for group in groups {
            let measures = group.measures.into_iter();
            let measures = measures.map(|value| value.map_or(GroupValue::Null, GroupValue::Number));
            for (column, value) in columns.iter_mut().zip(group.key.into_iter().chain(measures)) {
                push_value(column, &value);
            }
        }
        columns
    }
}

/// Appends the bytes that tell a group value from others.
fn push_key(column: &Column, row: usize, key: &mut Vec<u8>) {
    key.push(u8::from(column.is_null(row)));
    if column.is_null(row) {
        return;
    }
    match &column.values {
        Values::Text(text) => {
            let text = text.get(row);
            key.extend_from_slice(&(text.len() as u32).to_le_bytes());
            key.extend_from_slice(text);
        }
        Values::Int64(values) => key.extend_from_slice(&values[row].to_le_bytes()),
        _ => key.extend_from_slice(&number(column, row).unwrap_or_default().to_le_bytes()),
    }
}

fn group_value(column: &Column, row: usize) -> GroupValue {
    match &column.values {
        _ if column.is_null(row) => GroupValue::Null,
        Values::Text(text) => GroupValue::Text(text.get(row).to_vec()),
        _ => number(column, row).map_or(GroupValue::Null, GroupValue::Number),
    }
}

/// The unscaled value of a numeric column; null of any other.
fn number(column: &Column, row: usize) -> Option<i128> {
    match &column.values {
        _ if column.is_null(row) => None,
        Values::Int64(values) => Some(i128::from(values[row])),
        Values::Int32(values) => Some(i128::from(values[row])),
        Values::Int128(values) => Some(values[row]),
        Values::Boolean(values) => Some(i128::from(values[row])),
        Values::Double(_) | Values::Text(_) => None,
    }
}

fn push_value(column: &mut Column, value: &GroupValue) {
    match (&mut column.values, value) {
        (Values::Text(text), GroupValue::Text(value)) => text.push(value),
        (Values::Int64(values), GroupValue::Number(value)) => values.push(*value as i64),
        (Values::Int32(values), GroupValue::Number(value)) => values.push(*value as i32),
        (Values::Int128(values), GroupValue::Number(value)) => values.push(*value),
        (Values::Boolean(values), GroupValue::Number(value)) => values.push(*value != 0),
        _ => return column.push_null(),
    }
    column.mark_valid();
}
