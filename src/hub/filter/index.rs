//! Values as keys of the hub's equality index.

use super::{
    tree::{Comparison, Condition, Operand},
    value::{Reader, Value},
};
use crate::hub::{Kind, Table};

/// A value by which queries can be found: equal values, and only those, have equal keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// `true`, `false`
    Bool(bool),
    /// An exact number without zeros at its ends.
    Number(String),
    /// Text, bytes, a uuid.
    Text(String),
    /// The place of a label.
    Rank(usize),
    /// Microseconds of a date, a timestamp, a time or an interval.
    Moment(i128),
}

impl Scalar {
    fn of(value: &Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.normal_text()),
            Value::Text(text) => Self::Text(text.clone().into_owned()),
            Value::Rank(rank) => Self::Rank(*rank),
            Value::Moment(moment) => Self::Moment(*moment),
            Value::Null | Value::Float(_) | Value::Zoned(..) | Value::Json(_) => return None,
        })
    }
}

/// The value of a column as a key; `None` for null, and for kinds that cannot be keys.
pub fn scalar(kind: &Kind, json: &str) -> Option<Scalar> {
    match kind {
        Kind::Int2 | Kind::Int4 | Kind::Int8 => (json != "null").then(|| Scalar::Number(json.to_owned())),
        kind => Scalar::of(&Reader::of(kind)?.read(json)),
    }
}

/// A column and the values of which it must have one for the filter to hold. The kind with most values comes first.
pub(super) fn equalities(
    condition: &Condition,
    value_of: impl Fn(usize) -> Option<Value<'static>> + Copy,
    table: &Table,
) -> Option<(usize, Vec<Scalar>)> {
    let parts = match condition {
        Condition::And(parts) => parts.as_slice(),
        other => std::slice::from_ref(other),
    };
    let found = parts.iter().filter_map(|part| match part {
        Condition::And(_) => equalities(part, value_of, table),
        Condition::Compare { left: Operand::Column { column, .. }, comparison: Comparison::Equal, right } => {
            let Operand::Constant(place) = right else { return None };
            Some((*column, vec![Scalar::of(&value_of(*place)?)?]))
        }
        Condition::In { of: Operand::Column { column, .. }, list, negated: false } => {
            Some((*column, list.values.iter().map(Scalar::of).collect::<Option<_>>()?))
        }
        _ => None,
    });
    found.min_by_key(|(column, values)| {
        let rank = match table.columns[*column].kind {
            Kind::Bool => 3,
            Kind::Enum { .. } => 2,
            Kind::Uuid => 0,
            _ => 1,
        };
        (rank, values.len())
    })
}
