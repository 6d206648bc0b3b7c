//! Numbers as Postgres' `numeric` has them: any number of digits, infinities, and a NaN that is larger than everything.

use bigdecimal::BigDecimal;
use std::{cmp::Ordering, str::FromStr};

/// Digits that an `i128` holds whatever they are.
const SMALL_DIGITS: usize = 38;
/// Digits of an exponent: with more, a few characters would be gigabytes of zeros.
const EXPONENT_DIGITS: usize = 3;

/// An exact number.
#[derive(Clone, Debug)]
pub(super) enum Number {
    NegativeInfinity,
    /// `digits · 10^-scale`: the usual case, without allocation.
    Small {
        digits: i128,
        scale: u32,
    },
    Big(BigDecimal),
    Infinity,
    Nan,
}

impl Number {
    /// Reads what Postgres writes, and what SQL calls a number: digits, perhaps a point, perhaps an exponent.
    pub(super) fn read(text: &str) -> Option<Self> {
        match text {
            "NaN" => return Some(Self::Nan),
            "Infinity" => return Some(Self::Infinity),
            "-Infinity" => return Some(Self::NegativeInfinity),
            _ => {}
        }
        let (negative, rest) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (mut digits, mut scale, mut point) = (0_i128, 0_u32, false);
        if rest.len() <= SMALL_DIGITS {
            let mut any = false;
            let plain = rest.iter().all(|byte| match byte {
                b'0'..=b'9' => {
                    any = true;
                    digits = digits * 10 + i128::from(byte - b'0');
                    scale += u32::from(point);
                    true
                }
                b'.' if !point => {
                    point = true;
                    true
                }
                _ => false,
            });
            if plain {
                return any.then_some(Self::Small { digits: if negative { -digits } else { digits }, scale });
            }
        }
        is_number(rest).then(|| BigDecimal::from_str(text).ok().map(Self::Big))?
    }

    /// An integer.
    pub(super) fn integer(value: i128) -> Self {
        Self::Small { digits: value, scale: 0 }
    }

    /// As text from which equal numbers have the same.
    pub(super) fn normal_text(&self) -> String {
        match self {
            Self::NegativeInfinity => "-Infinity".to_owned(),
            Self::Infinity => "Infinity".to_owned(),
            Self::Nan => "NaN".to_owned(),
            Self::Small { .. } | Self::Big(_) => {
                self.finite().map(|big| big.normalized().to_plain_string()).unwrap_or_default()
            }
        }
    }

    /// The same as a double, as Postgres converts integers.
    pub(super) fn to_f64(&self) -> f64 {
        match self {
            Self::NegativeInfinity => f64::NEG_INFINITY,
            Self::Infinity => f64::INFINITY,
            Self::Nan => f64::NAN,
            #[expect(clippy::cast_precision_loss, reason = "rounding to the nearest is what is meant")]
            Self::Small { digits, scale: 0 } => *digits as f64,
            Self::Small { .. } | Self::Big(_) => {
                self.finite().and_then(|big| big.to_plain_string().parse().ok()).unwrap_or(f64::NAN)
            }
        }
    }

    /// The same with the other sign.
    pub(super) fn negated(&self) -> Self {
        match self {
            Self::NegativeInfinity => Self::Infinity,
            Self::Infinity => Self::NegativeInfinity,
            Self::Nan => Self::Nan,
            Self::Small { digits, scale } => Self::Small { digits: -digits, scale: *scale },
            Self::Big(big) => Self::Big(-big),
        }
    }

    /// The sum.
    pub(super) fn plus(&self, other: &Self) -> Self {
        match (self.finite(), other.finite()) {
            (Some(a), Some(b)) => Self::Big(a + b),
            _ => match (self, other) {
                (Self::Nan, _)
                | (_, Self::Nan)
                | (Self::Infinity, Self::NegativeInfinity)
                | (Self::NegativeInfinity, Self::Infinity) => Self::Nan,
                (Self::Infinity, _) | (_, Self::Infinity) => Self::Infinity,
                _ => Self::NegativeInfinity,
            },
        }
    }

    /// The product.
    pub(super) fn times(&self, other: &Self) -> Self {
        if let (Some(a), Some(b)) = (self.finite(), other.finite()) {
            return Self::Big(a * b);
        }
        match self.sign() * other.sign() {
            _ if matches!(self, Self::Nan) || matches!(other, Self::Nan) => Self::Nan,
            0 => Self::Nan,
            1 => Self::Infinity,
            _ => Self::NegativeInfinity,
        }
    }

    fn sign(&self) -> i8 {
        let zero = Self::integer(0);
        match self.compare(&zero) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }
    }

    fn finite(&self) -> Option<BigDecimal> {
        match self {
            Self::Small { digits, scale } => Some(BigDecimal::new((*digits).into(), i64::from(*scale))),
            Self::Big(big) => Some(big.clone()),
            Self::NegativeInfinity | Self::Infinity | Self::Nan => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::NegativeInfinity => 0,
            Self::Small { .. } | Self::Big(_) => 1,
            Self::Infinity => 2,
            Self::Nan => 3,
        }
    }

    /// In the order of Postgres.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        if let (Self::Small { digits: a, scale: sa }, Self::Small { digits: b, scale: sb }) = (self, other) {
            let (up_a, up_b) = (sb.saturating_sub(*sa), sa.saturating_sub(*sb));
            if let (Some(a), Some(b)) = (scaled(*a, up_a), scaled(*b, up_b)) {
                return a.cmp(&b);
            }
        }
        match (self.finite(), other.finite()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

fn scaled(digits: i128, by: u32) -> Option<i128> {
    if by == 0 { Some(digits) } else { digits.checked_mul(10_i128.checked_pow(by)?) }
}

/// Whether this is digits with at most one point among them, and perhaps an exponent.
fn is_number(unsigned: &[u8]) -> bool {
    let end = unsigned.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (mantissa, exponent) = unsigned.split_at(end.unwrap_or(unsigned.len()));
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let mut parts = mantissa.splitn(2, |byte| *byte == b'.');
    let (whole, fraction) = (parts.next().unwrap_or_default(), parts.next());
    let mantissa = match fraction {
        None => digits(whole),
        Some(fraction) => (digits(whole) || digits(fraction)) && whole.iter().chain(fraction).all(u8::is_ascii_digit),
    };
    let exponent = match exponent {
        [] => true,
        [_, b'+' | b'-', rest @ ..] | [_, rest @ ..] => digits(rest) && rest.len() <= EXPONENT_DIGITS,
    };
    mantissa && exponent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::read(text).expect("a number")
    }

    #[test]
    fn numbers_are_in_the_order_of_postgres() {
        let ordered = [
            "-Infinity",
            "-100000000000000000000000000000000000000000000000001",
            "-1e20",
            "-0.5",
            "0",
            "0.0000000000000000000000000000000000000000000000000001",
            "9223372036854775806.999",
            "9223372036854775807",
            "1e40",
            "Infinity",
            "NaN",
        ];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(number(a).compare(&number(b)), i.cmp(&j), "{a} {b}");
            }
        }
    }

    #[test]
    fn trailing_zeros_mean_nothing() {
        assert_eq!(number("1.0").compare(&number("1.000")), Ordering::Equal);
        assert_eq!(number("100").normal_text(), number("1e2").normal_text());
        assert_eq!(number("-0").normal_text(), number("0.00").normal_text());
    }

    #[test]
    fn what_is_no_number_is_not_read() {
        for text in ["", ".", "-", "1x", "1..2", "e5", "1e", "0x10", "1_000", " 1", "inf"] {
            assert!(Number::read(text).is_none(), "{text}");
        }
    }
}
