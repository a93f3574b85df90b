//! Computes derived columns from decoded ones.

use std::borrow::Cow;

use contract::{Band, DataType, Derivation};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::columns::{Column, Text, Values};
use crate::decode::time::{MICROS_PER_DAY, MICROS_PER_HOUR};
use crate::field::floor_at;
use crate::plan::{DerivedPlan, Plan};
use crate::rows::Rows;
use crate::texts::Texts;

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
pub(crate) fn derive<'r>(plan: &Plan, rows: &'r Rows, salt: &Salt) -> Vec<Cow<'r, Column>> {
    let derive = |derived: &DerivedPlan| {
        let Some(at) = derived.source else {
            let values = constant(&derived.derivation, rows.lines().len());
            return Cow::Owned(Column::from_values(values));
        };
        let source = &rows.fields[at];
        if let Derivation::Copy { .. } = derived.derivation {
            return Cow::Borrowed(source);
        }
        let values = derive_values(&derived.derivation, source, plan.fields[at].data_type, salt);
        Cow::Owned(Column::with_nulls_of(values, source))
    };
    plan.derived.iter().map(derive).collect()
}

/// One value a row of `source`, also where that is null.
fn derive_values(
    derivation: &Derivation,
    source: &Column,
    data_type: DataType,
    salt: &Salt,
) -> Values {
    match (derivation, &source.values) {
        (Derivation::Date { .. }, Values::Int64(micros)) => {
            let day = |micros: &i64| micros.div_euclid(MICROS_PER_DAY) as i32;
            Values::Int32(micros.iter().map(day).collect())
        }
        (Derivation::Hour { .. }, Values::Int64(micros)) => {
            let hour = |micros: &i64| micros - micros.rem_euclid(MICROS_PER_HOUR);
            Values::Int64(micros.iter().map(hour).collect())
        }
        (Derivation::Band { bands, .. }, Values::Int64(values)) => {
            band(bands, values.iter().map(|value| i128::from(*value)), data_type)
        }
        (Derivation::Band { bands, .. }, Values::Int128(values)) => {
            band(bands, values.iter().copied(), data_type)
        }
        (Derivation::Hash { .. }, Values::Text(texts)) => {
            Values::Text(texts.map_distinct(|text, digest| salt.hex_digest(text, digest)))
        }
        _ => unreachable!("the contract checks the type a derivation reads"),
    }
}

fn constant(derivation: &Derivation, rows: usize) -> Values {
    let Derivation::Constant { value } = derivation else {
        unreachable!("only a constant reads no column")
    };
    let mut text = Text::default();
    text.push(value.as_bytes());
    Values::Text(Texts::of_keys(vec![0; rows], text))
}

/// The label of the first band that holds each value.
fn band(bands: &[Band], values: impl Iterator<Item = i128>, data_type: DataType) -> Values {
    let scale = if let DataType::Decimal { scale, .. } = data_type { scale } else { 0 };
    // A bound beyond 128 bits bounds nothing.
    let floor = |bound| floor_at(bound, scale).map_or(i128::MAX, |(floor, _)| floor);
    let bounds: Vec<i128> = bands.iter().map(|band| band.up_to.map_or(i128::MAX, floor)).collect();
    let band_of = |value: i128| bounds.iter().take_while(|bound| value > **bound).count();
    let mut labels = Texts::default();
    for value in values {
        labels.push(bands.get(band_of(value)).map_or(&[], |band| band.label.as_bytes()));
    }
    Values::Text(labels)
}
