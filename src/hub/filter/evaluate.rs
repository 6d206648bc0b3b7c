//! What a filter is for a row: true, false or null (`None`).

use super::{
    json,
    number::Number,
    tree::{Arithmetic, Comparison, Condition, Elements, JsonRelation, List, Literal, Operand, Relation, TextForm},
    value::{Value, json_text, unquoted},
};
use crate::hub::Row;
use std::borrow::Cow;

/// A filter's constants and the row that it is asked about.
#[derive(Clone, Copy)]
pub(super) struct Evaluation<'a> {
    pub(super) literals: &'a [Literal],
    pub(super) row: &'a Row,
}

impl<'a> Evaluation<'a> {
    pub(super) fn condition(self, condition: &'a Condition) -> Option<bool> {
        match condition {
            Condition::Constant(value) => *value,
            Condition::And(parts) => self.fold(parts, false),
            Condition::Or(parts) => self.fold(parts, true),
            Condition::Not(part) => self.condition(part).map(|value| !value),
            Condition::Value(operand) => match self.operand(operand) {
                Value::Bool(value) => Some(value),
                _ => None,
            },
            Condition::Is { of, value, negated } => Some((self.condition(of) == Some(*value)) != *negated),
            Condition::Null { of, negated } => Some(self.is_null(of) != *negated),
            Condition::Compare { left, comparison, right } => {
                let order = self.operand(left).compare(&self.operand(right))?;
                Some(comparison.holds(order))
            }
            Condition::Distinct { left, right, negated } => {
                let (left, right) = (self.operand(left), self.operand(right));
                let same = match left.compare(&right) {
                    Some(order) => order.is_eq(),
                    None => left.is_null() && right.is_null(),
                };
                Some(same == *negated)
            }
            Condition::In { of, list, negated } => self.is_in(of, list).map(|value| value != *negated),
            Condition::Like { of, pattern, negated } => match self.operand(of) {
                Value::Text(text) => Some(pattern.matches(&text) != *negated),
                _ => None,
            },
            Condition::Quantified { left, comparison, array, all } => self.quantified(left, *comparison, array, *all),
            Condition::Arrays { array, relation, list } => self.arrays(array, *relation, list),
            Condition::Json { of, relation, tree, .. } => {
                let Value::Json(raw) = self.operand(of) else { return None };
                let tree = tree.as_ref()?;
                Some(match relation {
                    JsonRelation::Contains => tree.is_in(&raw),
                    JsonRelation::Equal => tree.equals(&raw),
                    JsonRelation::NotEqual => !tree.equals(&raw),
                })
            }
            Condition::HasKey { of, key } => {
                let (Value::Json(raw), Some(Value::Text(key))) = (self.operand(of), &self.literals[*key].value) else {
                    return None;
                };
                let is_key = |raw: &str| raw.starts_with('"') && unquoted(raw).is_some_and(|text| text == *key);
                Some(match raw.as_bytes().first()? {
                    b'{' => json::member(&raw, key).is_some(),
                    b'[' => json::elements(&raw).any(is_key),
                    _ => is_key(&raw),
                })
            }
        }
    }

    /// And (decided by false) or or (decided by true).
    fn fold(self, parts: &'a [Condition], decides: bool) -> Option<bool> {
        let mut result = Some(!decides);
        for part in parts {
            match self.condition(part) {
                Some(value) if value == decides => return Some(decides),
                Some(_) => {}
                None => result = None,
            }
        }
        result
    }

    fn is_null(self, operand: &'a Operand) -> bool {
        match operand {
            Operand::Column { column, .. } => self.row.value(*column).is_none_or(|raw| raw == "null"),
            operand => self.operand(operand).is_null(),
        }
    }

    fn is_in(self, of: &'a Operand, list: &List) -> Option<bool> {
        if list.constants.is_empty() && !list.null {
            return Some(false);
        }
        let value = self.operand(of);
        if value.is_null() {
            return None;
        }
        if list.has(&value) { Some(true) } else { (!list.null).then_some(false) }
    }

    /// The elements of an array, nulls included; `None` if the array is null.
    fn elements(self, array: &'a Elements) -> Option<impl Iterator<Item = Value<'a>>> {
        let raw = self.row.value(array.column).filter(|raw| raw.starts_with('['))?;
        Some(json::leaves(raw).map(|raw| array.reader.read(raw)))
    }

    fn quantified(self, left: &'a Operand, comparison: Comparison, array: &'a Elements, all: bool) -> Option<bool> {
        let left = self.operand(left);
        let mut result = Some(all);
        for element in self.elements(array)? {
            match left.compare(&element).map(|order| comparison.holds(order)) {
                Some(value) if value != all => return Some(value),
                Some(_) => {}
                None => result = None,
            }
        }
        result
    }

    fn arrays(self, array: &'a Elements, relation: Relation, list: &List) -> Option<bool> {
        let mut elements = self.elements(array)?;
        Some(match relation {
            // Nothing contains a null, not even an array that has one.
            Relation::Contains => {
                let elements: Vec<_> = elements.collect();
                let has = |value: &Value<'_>| {
                    elements.iter().any(|own| own.compare(value).is_some_and(std::cmp::Ordering::is_eq))
                };
                !list.null && list.values.iter().all(has)
            }
            Relation::IsContained => elements.all(|element| !element.is_null() && list.has(&element)),
            Relation::Overlaps => elements.any(|element| !element.is_null() && list.has(&element)),
        })
    }

    pub(super) fn operand(self, operand: &'a Operand) -> Value<'a> {
        match operand {
            Operand::Null { .. } => Value::Null,
            Operand::Column { column, reader } => match (self.row.value(*column), reader) {
                (Some("null") | None, _) | (_, None) => Value::Null,
                (Some(raw), Some(reader)) => reader.read(raw),
            },
            Operand::Constant(place) => self.literals[*place].value.clone().unwrap_or(Value::Null),
            Operand::Truth(condition) => self.condition(condition).map_or(Value::Null, Value::Bool),
            Operand::Float(of) => match self.operand(of) {
                Value::Number(number) => Value::Float(number.to_f64()),
                _ => Value::Null,
            },
            Operand::AsText { of, form } => self.as_text(of, *form),
            Operand::Member { of, step, .. } => match self.operand(of) {
                Value::Json(Cow::Borrowed(raw)) => {
                    step.take(raw).map_or(Value::Null, |raw| Value::Json(Cow::Borrowed(raw)))
                }
                _ => Value::Null,
            },
            Operand::MemberText { of, step, .. } => match self.operand(of) {
                Value::Json(Cow::Borrowed(raw)) => step.take(raw).and_then(json_text).map_or(Value::Null, Value::Text),
                _ => Value::Null,
            },
            Operand::Lower(of) => self.text(of, |text| text.to_ascii_lowercase()),
            Operand::Upper(of) => self.text(of, |text| text.to_ascii_uppercase()),
            Operand::Length(of) => match self.operand(of) {
                Value::Text(text) => {
                    Value::Number(Number::integer(i128::try_from(text.chars().count()).unwrap_or(i128::MAX)))
                }
                _ => Value::Null,
            },
            Operand::Concatenation(left, right) => match (self.operand(left), self.operand(right)) {
                (Value::Text(left), Value::Text(right)) => Value::Text((left + right).into_owned().into()),
                _ => Value::Null,
            },
            Operand::Coalesce(of) => {
                of.iter().map(|part| self.operand(part)).find(|value| !value.is_null()).unwrap_or(Value::Null)
            }
            Operand::NullIf(left, right) => {
                let (left, right) = (self.operand(left), self.operand(right));
                if left.compare(&right).is_some_and(std::cmp::Ordering::is_eq) { Value::Null } else { left }
            }
            Operand::Arithmetic { left, operation, right } => match (self.operand(left), self.operand(right)) {
                (Value::Number(left), Value::Number(right)) => Value::Number(match operation {
                    Arithmetic::Sum => left.plus(&right),
                    Arithmetic::Difference => left.plus(&right.negated()),
                    Arithmetic::Product => left.times(&right),
                }),
                _ => Value::Null,
            },
        }
    }

    fn as_text(self, of: &'a Operand, form: TextForm) -> Value<'a> {
        match form {
            TextForm::Same => self.operand(of),
            TextForm::Bool => match self.operand(of) {
                Value::Bool(value) => Value::Text(Cow::Borrowed(if value { "true" } else { "false" })),
                _ => Value::Null,
            },
            TextForm::Raw => {
                let Operand::Column { column, .. } = of else { return Value::Null };
                match self.row.value(*column) {
                    None | Some("null") => Value::Null,
                    Some(raw) => Value::Text(unquoted(raw).unwrap_or(Cow::Borrowed(raw))),
                }
            }
        }
    }

    fn text(self, of: &'a Operand, change: impl FnOnce(&str) -> String) -> Value<'a> {
        match self.operand(of) {
            Value::Text(text) => Value::Text(Cow::Owned(change(&text))),
            _ => Value::Null,
        }
    }
}
