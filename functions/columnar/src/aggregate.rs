//! Aggregates the accepted rows of an object: exact sums, bounded by the number of groups.

use std::hash::Hash;

use contract::{Aggregate, DataType, Decimal, Function, OutputColumn};
use hashbrown::HashMap;

use crate::columns::{Column, Values};
use crate::object::MeasureTotal;
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

#[derive(Debug)]
struct MeasurePlan {
    name: String,
    function: Function,
    source: Option<usize>,
    /// Fractional digits of its values.
    scale: u8,
}

/// The groups met so far.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    by_key: HashMap<Vec<GroupValue>, Vec<Option<i128>>>,
    /// For each measure the rows that have a value of it; nothing before the first row.
    rows: Vec<u64>,
}

#[derive(Debug)]
struct Group {
    key: Vec<GroupValue>,
    measures: Vec<Option<i128>>,
}

/// The value of a group column, ordered as SQL orders it with nulls first.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

/// The greatest number of 38 digits.
const MAX_SUM: i128 = 10_i128.pow(38) - 1;

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
                let (name, function) = (measure.name.clone(), measure.function);
                let scale = scale(measure.data_type);
                Ok(MeasurePlan { name, function, source, scale })
            })
            .collect::<Result<_, PlanError>>()?;
        let group_types = group_by.iter().map(|&at| stored[at].data_type);
        let types = group_types.chain(aggregate.measures.iter().map(|measure| measure.data_type));
        Ok(Self { name: aggregate.name.clone(), types: types.collect(), group_by, measures })
    }

    /// Groups the rows that `counts`.
    pub(crate) fn groups(
        &self,
        columns: &[&Column],
        counts: &[bool],
    ) -> Result<Groups, SumOverflow> {
        let Numbered { numbers, first_rows } =
            number_groups(self.group_by.iter().map(|&at| columns[at]), counts);
        let mut groups: Vec<Group> = first_rows
            .iter()
            .map(|&row| Group {
                key: self.group_by.iter().map(|&at| group_value(columns[at], row)).collect(),
                measures: Vec::with_capacity(self.measures.len()),
            })
            .collect();
        let mut rows = Vec::with_capacity(self.measures.len());
        for plan in &self.measures {
            let mut totals = vec![None; groups.len()];
            let mut measured = 0;
            for row in (0..counts.len()).filter(|row| counts[*row]) {
                let value = plan.source.map_or(Some(1), |at| number(columns[at], row));
                measured += u64::from(value.is_some());
                let total = &mut totals[numbers[row] as usize];
                *total = self.combine(plan.function, *total, value)?;
            }
            groups.iter_mut().zip(totals).for_each(|(group, total)| group.measures.push(total));
            rows.push(measured);
        }
        let keyed = groups.into_iter().map(|group| (group.key, group.measures));
        Ok(Groups { by_key: keyed.collect(), rows })
    }

    /// Adds the groups of other rows to `groups`.
    pub(crate) fn merge(&self, groups: &mut Groups, more: Groups) -> Result<(), SumOverflow> {
        groups.rows.resize(self.measures.len(), 0);
        groups.rows.iter_mut().zip(more.rows).for_each(|(rows, more)| *rows += more);
        for (key, measures) in more.by_key {
            let Some(present) = groups.by_key.get_mut(&key) else {
                groups.by_key.insert(key, measures);
                continue;
            };
            for ((plan, measure), value) in self.measures.iter().zip(present).zip(measures) {
                *measure = self.combine(plan.function, *measure, value)?;
            }
        }
        Ok(())
    }

    #[inline]
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
                .filter(|sum| (-MAX_SUM..=MAX_SUM).contains(sum))
                .ok_or_else(|| SumOverflow { aggregate: self.name.clone() })?,
        }))
    }

    /// The sum measures over all groups; without one of more than 38 digits, which no group has.
    pub(crate) fn totals(&self, groups: &Groups) -> Vec<MeasureTotal> {
        let sums = self.measures.iter().zip(&groups.rows).enumerate();
        let sums = sums.filter(|(_, (plan, _))| plan.function == Function::Sum);
        let total = |at: usize| {
            let mut values = groups.by_key.values().filter_map(|measures| measures[at]);
            let sum = values.try_fold(0_i128, |sum, value| sum.checked_add(value));
            sum.filter(|sum| (-MAX_SUM..=MAX_SUM).contains(sum))
        };
        sums.filter_map(|(at, (plan, &rows))| {
            let total = Decimal { unscaled: total(at)?, scale: plan.scale };
            Some(MeasureTotal { name: plan.name.clone(), total, rows })
        })
        .collect()
    }

    /// The groups as columns, one row a group, ordered by group: group columns, then measures.
    pub(crate) fn columns(&self, groups: Groups) -> Vec<Column> {
        let mut groups: Vec<_> = groups.by_key.into_iter().collect();
        groups.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        let mut columns: Vec<Column> = self.types.iter().map(|type_| Column::new(*type_)).collect();
        for (key, measures) in groups {
            let measures = measures.into_iter();
            let measures = measures.map(|value| value.map_or(GroupValue::Null, GroupValue::Number));
            for (column, value) in columns.iter_mut().zip(key.into_iter().chain(measures)) {
                push_value(column, &value);
            }
        }
        columns
    }
}

fn scale(data_type: DataType) -> u8 {
    match data_type {
        DataType::Decimal { scale, .. } => scale,
        _ => 0,
    }
}

/// For each row the number of its group.
struct Numbered {
    /// One entry a row; of rows that do not count an arbitrary one.
    numbers: Vec<u32>,
    /// The first row of each group.
    first_rows: Vec<usize>,
}

/// Numbers the groups of equal values, column by column: with each, the groups so far are split.
fn number_groups<'c>(columns: impl Iterator<Item = &'c Column>, counts: &[bool]) -> Numbered {
    let first = counts.iter().position(|counts| *counts);
    let all = Numbered { numbers: vec![0; counts.len()], first_rows: first.into_iter().collect() };
    columns.fold(all, |groups, column| match (&column.values, column.nulls()) {
        (Values::Text(texts), nulls) => match texts.keys() {
            Some((keys, _)) => split(groups, counts, |row| {
                nulls.is_none_or(|nulls| !nulls[row]).then_some(keys[row])
            }),
            None => split(groups, counts, |row| (!column.is_null(row)).then(|| texts.get(row))),
        },
        (Values::Int64(values), None) => split(groups, counts, |row| values[row]),
        _ => split(groups, counts, |row| number(column, row)),
    })
}

/// Splits groups by a further value of their rows.
fn split<T: Hash + Eq + Copy>(
    groups: Numbered,
    counts: &[bool],
    value: impl Fn(usize) -> T,
) -> Numbered {
    let Numbered { mut numbers, .. } = groups;
    let mut first_rows = Vec::new();
    let mut known: HashMap<(u32, T), u32> = HashMap::new();
    for row in (0..counts.len()).filter(|row| counts[*row]) {
        numbers[row] = *known.entry((numbers[row], value(row))).or_insert_with(|| {
            first_rows.push(row);
            first_rows.len() as u32 - 1
        });
    }
    Numbered { numbers, first_rows }
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
