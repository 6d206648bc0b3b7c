//! The sum of a column within a group, from which rows can also be taken away, with what an average needs.

use super::{ViewError, decimal::Decimal};
use crate::hub::{Kind, Unreadable, value};

/// A sum as Postgres has it for integers or for numerics. Nulls are not part of it.
#[derive(Clone, Debug)]
pub(super) enum Sum {
    /// Of integers.
    Integer { count: u64, sum: i128 },
    /// Of numerics. On the heap, so that a group of integers is small.
    Numeric(Box<Numeric>),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Numeric {
    /// Of the finite ones.
    sum: Decimal,
    /// How many finite ones were written with so many decimals: a sum has as many as the one with the most.
    scales: Vec<(u32, u64)>,
    nan: u64,
    infinity: u64,
    minus_infinity: u64,
}

impl Sum {
    /// Of nothing.
    pub fn empty(kind: &Kind) -> Self {
        match kind {
            Kind::Numeric => Self::Numeric(Box::default()),
            _ => Self::Integer { count: 0, sum: 0 },
        }
    }

    /// A value comes or goes, by its JSON text.
    pub fn change(&mut self, json: &str, enters: bool) -> Result<(), ViewError> {
        if json == "null" {
            return Ok(());
        }
        match self {
            Self::Integer { count, sum } => {
                let value: i128 = json.parse().map_err(|_| Unreadable)?;
                *count = step(*count, enters)?;
                *sum += if enters { value } else { -value };
            }
            Self::Numeric(numeric) => numeric.change(&value::string(json)?, enters)?,
        }
        Ok(())
    }

    /// What a statement that fills says of integers.
    pub fn fill_integers(&mut self, filled_count: u64, json: &str) -> Result<(), Unreadable> {
        let Self::Integer { count, sum } = self else { return Err(Unreadable) };
        *count = filled_count;
        *sum = if json == "null" { 0 } else { json.parse().map_err(|_| Unreadable)? };
        Ok(())
    }

    /// What a statement that fills says of numerics of one scale, or of those that have none.
    pub fn fill_numerics(&mut self, scale: &str, count: u64, json: &str) -> Result<(), Unreadable> {
        let Self::Numeric(numeric) = self else { return Err(Unreadable) };
        match scale {
            "NaN" => numeric.nan = count,
            "Infinity" => numeric.infinity = count,
            "-Infinity" => numeric.minus_infinity = count,
            _ => {
                numeric.scales.push((scale.parse().map_err(|_| Unreadable)?, count));
                numeric.sum.add(&Decimal::parse(json).ok_or(Unreadable)?);
            }
        }
        Ok(())
    }

    /// The sum as JSON.
    pub fn json(&self) -> String {
        match self {
            Self::Integer { count: 0, .. } => "null".to_owned(),
            Self::Integer { sum, .. } => sum.to_string(),
            Self::Numeric(numeric) => numeric.special().unwrap_or_else(|| numeric.sum.text(numeric.scale())),
        }
    }

    /// The average as JSON.
    pub fn average_json(&self) -> String {
        match self {
            Self::Integer { count: 0, .. } => "null".to_owned(),
            Self::Integer { count, sum } => Decimal::from(*sum).quotient(0, *count),
            Self::Numeric(numeric) => {
                numeric.special().unwrap_or_else(|| numeric.sum.quotient(numeric.scale(), numeric.finite()))
            }
        }
    }
}

impl Numeric {
    fn change(&mut self, text: &str, enters: bool) -> Result<(), ViewError> {
        let special = match text {
            "NaN" => Some(&mut self.nan),
            "Infinity" => Some(&mut self.infinity),
            "-Infinity" => Some(&mut self.minus_infinity),
            _ => None,
        };
        if let Some(count) = special {
            *count = step(*count, enters)?;
            return Ok(());
        }
        let value = Decimal::parse(text).ok_or(Unreadable)?;
        let known = self.scales.iter().position(|(scale, _)| *scale == value.scale());
        let place = known.unwrap_or_else(|| {
            self.scales.push((value.scale(), 0));
            self.scales.len() - 1
        });
        let count = step(self.scales[place].1, enters)?;
        if count == 0 {
            self.scales.swap_remove(place);
        } else {
            self.scales[place].1 = count;
        }
        if enters {
            self.sum.add(&value);
        } else {
            self.sum.subtract(&value);
        }
        Ok(())
    }

    fn finite(&self) -> u64 {
        self.scales.iter().map(|(_, count)| count).sum()
    }

    fn scale(&self) -> u32 {
        self.scales.iter().map(|(scale, _)| *scale).max().unwrap_or_default()
    }

    /// Sum and average, where digits have nothing to do with it.
    fn special(&self) -> Option<String> {
        let text = match (self.nan, self.infinity, self.minus_infinity) {
            (0, 0, 0) if self.finite() == 0 => "null",
            (0, 0, 0) => return None,
            (0, _, 0) => "\"Infinity\"",
            (0, 0, _) => "\"-Infinity\"",
            _ => "\"NaN\"",
        };
        Some(text.to_owned())
    }
}

/// One more, or one less.
pub(super) fn step(count: u64, enters: bool) -> Result<u64, ViewError> {
    if enters { Some(count + 1) } else { count.checked_sub(1) }.ok_or(ViewError::Inconsistent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(kind: &Kind, entering: &[&str], leaving: &[&str]) -> [String; 2] {
        let mut sum = Sum::empty(kind);
        entering.iter().for_each(|json| sum.change(json, true).expect("a number"));
        leaving.iter().for_each(|json| sum.change(json, false).expect("was there"));
        [sum.json(), sum.average_json()]
    }

    #[test]
    fn a_sum_has_as_many_decimals_as_what_is_left_of_it() {
        assert_eq!(sum(&Kind::Numeric, &["1.5", "2.25", "null"], &[])[0], "3.75");
        assert_eq!(sum(&Kind::Numeric, &["1.5", "2.250"], &["2.250"])[0], "1.5");
        assert_eq!(sum(&Kind::Numeric, &["null"], &[]), ["null", "null"]);
    }

    #[test]
    fn what_is_not_finite_decides_the_sum_while_it_is_there() {
        let infinities = ["1", "\"Infinity\"", "\"-Infinity\""];
        assert_eq!(sum(&Kind::Numeric, &infinities, &[])[0], "\"NaN\"");
        assert_eq!(sum(&Kind::Numeric, &infinities, &infinities[1..2])[1], "\"-Infinity\"");
        assert_eq!(sum(&Kind::Numeric, &infinities, &infinities[1..])[1], "1.00000000000000000000");
        assert_eq!(sum(&Kind::Numeric, &["\"NaN\"", "\"Infinity\""], &[])[0], "\"NaN\"");
    }

    #[test]
    fn integers_do_not_overflow() {
        let large = i64::MAX.to_string();
        assert_eq!(sum(&Kind::Int8, &[&large, &large], &[])[0], "18446744073709551614");
    }

    #[test]
    fn what_was_not_there_cannot_leave() {
        for kind in [Kind::Int4, Kind::Numeric] {
            assert_eq!(Sum::empty(&kind).change("1", false), Err(ViewError::Inconsistent));
        }
    }
}
