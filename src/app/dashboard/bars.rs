//! What a chart shows, and how high. Pure.

/// One step of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) struct Bar {
    /// Which step.
    pub(in crate::app) step: i64,
    /// What it is called.
    pub(in crate::app) name: String,
    /// How much, in whatever is shown.
    pub(in crate::app) amount: i64,
}

/// The height of the tallest bar, in units of the drawing.
pub(super) const HEIGHT: i64 = 100;

/// A round number that is no smaller than any of them: where the scale ends.
pub(super) fn scale(bars: &[Bar]) -> i64 {
    let most = bars.iter().map(|bar| bar.amount).max().unwrap_or_default();
    let mut power = 1_i64;
    loop {
        for step in [1, 2, 5] {
            let end = power.saturating_mul(step);
            if end >= most {
                return end;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// How high a bar is, in the same units. Whatever is not nothing is seen.
pub(super) fn height(amount: i64, scale: i64) -> i64 {
    let height = i128::from(amount.max(0)) * i128::from(HEIGHT) / i128::from(scale.max(1));
    let least = i64::from(amount > 0);
    i64::try_from(height).unwrap_or(HEIGHT).clamp(least, HEIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(amounts: &[i64]) -> Vec<Bar> {
        amounts.iter().map(|&amount| Bar { step: 0, name: String::new(), amount }).collect()
    }

    #[test]
    fn a_scale_ends_with_a_round_number() {
        let ends = [&[][..], &[0, 1], &[3], &[10], &[11], &[49, 50], &[51], &[i64::MAX]];
        assert_eq!(ends.map(|amounts| scale(&bars(amounts))), [1, 1, 5, 10, 20, 50, 100, i64::MAX]);
    }

    #[test]
    fn a_bar_is_as_high_as_its_part_of_the_scale_and_never_vanishes() {
        assert_eq!([0, 1, 500, 1_000, 2_000, -5].map(|amount| height(amount, 1_000)), [0, 1, 50, 100, 100, 0]);
        assert_eq!(height(i64::MAX, i64::MAX), HEIGHT);
        assert_eq!(height(5, 0), HEIGHT);
    }
}
