//! Computes derived columns from decoded ones.

use contract::{Band, DataType, Derivation};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::columns::{Column, Values};
use crate::decode::time::{MICROS_PER_DAY, MICROS_PER_HOUR};
use crate::plan::{DerivedPlan, Plan, floor_at};

/// The salt of hashed columns, ready to hash.
#[derive(Clone)]
pub(crate) struct Salt(Hmac<Sha256>);

impl Salt {
    pub(crate) fn new(salt: &[u8]) -> Self {
        match Hmac::new_from_slice(salt) {
            Ok(keyed) => Self(keyed),
            Err(_) => unreachable!("HMAC takes a key of any length (RFC 2104)"),
        }
    }

    fn hex_digest(&self, text: &[u8], out: &mut Vec<u8>) {
        let digest = self.0.clone().chain_update(text).finalize().into_bytes();
        for byte in digest {
            out.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
        }
    }
}

/// The derived columns of these rows, in contract order.
pub(crate) fn derive(plan: &Plan, columns: &[Column], rows: usize, salt: &Salt) -> Vec<Column> {
    plan.derived.iter().map(|derived| derive_column(plan, derived, columns, rows, salt)).collect()
}

fn derive_column(
    plan: &Plan,
    derived: &DerivedPlan,
    columns: &[Column],
    rows: usize,
    salt: &Salt,
) -> Column {
    let source = derived.source.map(|position| (&columns[position], &plan.fields[position]));
    let mut out = Column::new(derived.derivation.data_type());
    for row in 0..rows {
        match source {
            Some((source, _)) if source.is_null(row) => out.push_null(),
            _ => {
                push_derived(
                    &derived.derivation,
                    source.map(|(s, f)| (s, f.data_type)),
                    row,
                    salt,
                    &mut out.values,
                );
                out.mark_valid();
            }
        }
    }
    out
}

fn push_derived(
    derivation: &Derivation,
    source: Option<(&Column, DataType)>,
    row: usize,
    salt: &Salt,
    out: &mut Values,
) {
    match (derivation, source.map(|(column, data_type)| (&column.values, data_type)), out) {
        (Derivation::Date { .. }, Some((Values::Int64(micros), _)), Values::Int32(days)) => {
            days.push(micros[row].div_euclid(MICROS_PER_DAY) as i32);
        }
        (Derivation::Hour { .. }, Some((Values::Int64(micros), _)), Values::Int64(hours)) => {
            hours.push(micros[row] - micros[row].rem_euclid(MICROS_PER_HOUR));
        }
        (Derivation::Band { bands, .. }, Some((values, data_type)), Values::Text(labels)) => {
            labels.push(band_of(bands, unscaled(values, row), data_type).as_bytes());
        }
        (Derivation::Hash { .. }, Some((Values::Text(texts), _)), Values::Text(hashes)) => {
            let mut digest = Vec::with_capacity(64);
            salt.hex_digest(texts.get(row), &mut digest);
            hashes.push(&digest);
        }
        (Derivation::Constant { value }, _, Values::Text(texts)) => texts.push(value.as_bytes()),
        _ => unreachable!("the contract checks the type a derivation reads"),
    }
}

fn unscaled(values: &Values, row: usize) -> i128 {
    match values {
        Values::Int64(values) => i128::from(values[row]),
        Values::Int128(values) => values[row],
        _ => unreachable!("the contract bands numbers only"),
    }
}

fn band_of(bands: &[Band], value: i128, data_type: DataType) -> &str {
    let scale = if let DataType::Decimal { scale, .. } = data_type { scale } else { 0 };
    let holds = |band: &&Band| {
        band.up_to
            .is_none_or(|bound| floor_at(bound, scale).is_none_or(|(floor, _)| value <= floor))
    };
    bands.iter().find(holds).map_or("", |band| &band.label)
}
