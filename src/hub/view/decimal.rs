//! Sums and quotients of numerics, digit for digit as Postgres writes them.

use bigdecimal::num_bigint::{BigInt, Sign};

/// Significant digits that Postgres aims at in a quotient (`NUMERIC_MIN_SIG_DIGITS`).
const QUOTIENT_DIGITS: i64 = 16;
/// Decimals that Postgres writes at most of a quotient (`NUMERIC_MAX_DISPLAY_SCALE`).
const MAX_QUOTIENT_SCALE: i64 = 1_000;
/// Postgres computes with digits to the base of ten to the power of this (`DEC_DIGITS`), and it shows in how many digits it writes.
const DIGIT_GROUP: i64 = 4;

/// `mantissa` divided by ten to the power of `scale`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Decimal {
    mantissa: BigInt,
    scale: u32,
}

impl Decimal {
    /// Digits with an optional sign and point; nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let mantissa = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { mantissa, scale: u32::try_from(fraction.len()).ok()? })
    }

    /// How many decimals it was written with.
    pub fn scale(&self) -> u32 {
        self.scale
    }

    pub fn add(&mut self, other: &Self) {
        self.widen(other.scale);
        self.mantissa += other.at(self.scale);
    }

    pub fn subtract(&mut self, other: &Self) {
        self.widen(other.scale);
        self.mantissa -= other.at(self.scale);
    }

    /// With this many decimals. Those that are left out have to be zeros.
    pub fn text(&self, scale: u32) -> String {
        decimal_text(&self.at(scale), scale)
    }

    /// Divided by a count, if this is a sum that is written with `scale` decimals.
    pub fn quotient(&self, scale: u32, count: u64) -> String {
        let mantissa = self.at(scale);
        let result_scale = quotient_scale(&mantissa, scale, count);
        let (mut dividend, mut divisor) = (mantissa, BigInt::from(count));
        if result_scale >= scale {
            dividend *= power_of_ten(result_scale - scale);
        } else {
            divisor *= power_of_ten(scale - result_scale);
        }
        // Half a unit away from zero, then cut off.
        let half = &divisor * if dividend.sign() == Sign::Minus { -1 } else { 1 };
        decimal_text(&((dividend * 2 + half) / (divisor * 2)), result_scale)
    }

    fn widen(&mut self, scale: u32) {
        if scale > self.scale {
            self.mantissa *= power_of_ten(scale - self.scale);
            self.scale = scale;
        }
    }

    fn at(&self, scale: u32) -> BigInt {
        if scale >= self.scale {
            &self.mantissa * power_of_ten(scale - self.scale)
        } else {
            &self.mantissa / power_of_ten(self.scale - scale)
        }
    }
}

impl From<i128> for Decimal {
    fn from(value: i128) -> Self {
        Self { mantissa: value.into(), scale: 0 }
    }
}

/// How many decimals Postgres gives to a quotient (`select_div_scale`).
fn quotient_scale(dividend: &BigInt, scale: u32, divisor: u64) -> u32 {
    let (weight, first) = leading(&dividend.magnitude().to_string(), i64::from(scale));
    let (divisor_weight, divisor_first) = leading(&divisor.to_string(), 0);
    let mut weight = weight - divisor_weight;
    if first <= divisor_first {
        weight -= 1;
    }
    let wanted = (QUOTIENT_DIGITS - weight * DIGIT_GROUP).max(i64::from(scale)).clamp(0, MAX_QUOTIENT_SCALE);
    u32::try_from(wanted).expect("it was clamped")
}

/// The first digit that is not zero to Postgres' base, and which power of the base it stands for.
fn leading(digits: &str, scale: i64) -> (i64, i64) {
    if digits == "0" {
        return (0, 0);
    }
    let length = i64::try_from(digits.len()).expect("memory is smaller");
    // The decimal place of the first digit: 0 for units.
    let place = length - scale - 1;
    let group = place.rem_euclid(DIGIT_GROUP) + 1;
    let first = (0..group).zip(digits.bytes().map(|digit| i64::from(digit - b'0')).chain(std::iter::repeat(0)));
    (place.div_euclid(DIGIT_GROUP), first.fold(0, |value, (_, digit)| value * 10 + digit))
}

fn power_of_ten(exponent: u32) -> BigInt {
    BigInt::from(10).pow(exponent)
}

fn decimal_text(mantissa: &BigInt, scale: u32) -> String {
    let scale = usize::try_from(scale).expect("at least 32 bits");
    let mut digits = mantissa.magnitude().to_string();
    if scale > 0 {
        digits = format!("{digits:0>width$}", width = scale + 1);
        digits.insert(digits.len() - scale, '.');
    }
    if mantissa.sign() == Sign::Minus {
        digits.insert(0, '-');
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).expect("a number")
    }

    #[test]
    fn sums_keep_all_digits_and_the_scale_that_is_asked_for() {
        let mut sum = decimal("123456789012345678901234567890.1");
        sum.add(&decimal("-0.05"));
        assert_eq!(sum.text(2), "123456789012345678901234567890.05");
        sum.subtract(&decimal("-0.05"));
        assert_eq!([sum.text(1), sum.text(4)].map(|text| text[30..].to_owned()), [".1", ".1000"]);
        assert_eq!([decimal("-0.05").text(2), decimal("0").text(2), decimal("-7").text(0)], ["-0.05", "0.00", "-7"]);
    }

    #[test]
    fn quotients_have_the_digits_that_postgres_gives_them() {
        // Each as Postgres 15 answers `select sum / count`.
        for (sum, scale, count, quotient) in [
            ("7", 0, 2, "3.5000000000000000"),
            ("1", 0, 3, "0.33333333333333333333"),
            ("-2", 0, 3, "-0.66666666666666666667"),
            ("0", 0, 3, "0.00000000000000000000"),
            ("10", 0, 3, "3.3333333333333333"),
            ("100000", 0, 3, "33333.333333333333"),
            ("0.00001", 5, 3, "0.000003333333333333333333"),
            ("1.50", 2, 1, "1.50000000000000000000"),
            ("99999", 0, 10000, "9.9999000000000000"),
        ] {
            assert_eq!(decimal(sum).quotient(scale, count), quotient, "{sum} / {count}");
        }
    }
}
