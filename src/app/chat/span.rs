//! Which messages of a conversation are shown. Pure. They are numbered without gaps, so a span of numbers is a span of messages.
//!
//! At first the newest ones, as a live window. From when somebody looks further up, everything since a number: what comes does not push
//! out what they look at. Far up, a span that ends before the newest.

/// How many are shown at first, and how many more each time.
pub(super) const STEP: i64 = 50;
/// Most that are shown at once.
pub(super) const MOST: i64 = 600;

/// Which messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    /// The newest so many, whichever these are.
    Newest(u32),
    /// From this one on.
    Since(i64),
    /// From this one to that one.
    Between(i64, i64),
}

impl Span {
    /// What a conversation shows at first.
    pub(super) const FIRST: Self = Self::Newest(STEP as u32);

    /// Around a message.
    pub(super) fn around(number: i64) -> Self {
        let from = (number - STEP / 2).max(1);
        Self::Between(from, from.saturating_add(STEP))
    }

    /// With those before: `first` is the first that is shown, `last` the newest of all.
    pub(super) fn earlier(self, first: i64, last: i64) -> Self {
        let from = (first - STEP).max(1);
        let to = match self {
            Self::Between(_, to) if to < last => to,
            _ => last,
        };
        if to - from >= MOST {
            Self::Between(from, from + MOST - 1)
        } else if to < last {
            Self::Between(from, to)
        } else {
            Self::Since(from)
        }
    }

    /// With those after.
    pub(super) fn later(self, last: i64) -> Self {
        let Self::Between(from, to) = self else { return self };
        let to = to + STEP;
        let from = from.max(to - MOST + 1);
        if to >= last { Self::Since(from) } else { Self::Between(from, to) }
    }

    /// The same, so that what comes pushes out nothing. `first`: the first that is shown.
    pub(super) fn held(self, first: i64) -> Self {
        if let Self::Newest(_) = self { Self::Since(first) } else { self }
    }

    /// Whether the newest are among them.
    pub(super) fn is_at_end(self, last: i64) -> bool {
        !matches!(self, Self::Between(_, to) if to < last)
    }

    /// Whether a message is among them, as far as that is known.
    pub(super) fn has(self, number: i64) -> bool {
        match self {
            Self::Newest(_) => false,
            Self::Since(from) => number >= from,
            Self::Between(from, to) => (from..=to).contains(&number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_up_shows_more_until_there_is_no_more() {
        let up = Span::FIRST.earlier(151, 200);
        assert_eq!(up, Span::Since(101));
        assert_eq!(up.earlier(101, 200).earlier(51, 200), Span::Since(1));
        assert_eq!(Span::Since(1).earlier(1, 200), Span::Since(1));
    }

    #[test]
    fn not_more_are_shown_than_there_may_be() {
        let mut span = Span::Since(10_000 - MOST + 1);
        span = span.earlier(10_000 - MOST + 1, 10_000);
        assert_eq!(span, Span::Between(9_351, 9_950));
        assert!(!span.is_at_end(10_000) && span.has(9_351) && !span.has(9_951));
        assert_eq!(span.later(10_000), Span::Since(9_401));
        assert_eq!(Span::Between(1, 600).later(10_000), Span::Between(51, 650));
    }

    #[test]
    fn a_message_is_shown_with_what_stands_around_it() {
        assert_eq!(Span::around(100), Span::Between(75, 125));
        assert_eq!(Span::around(3), Span::Between(1, 51));
        assert_eq!(Span::around(3).earlier(1, 20), Span::Since(1));
        assert!(Span::around(100).is_at_end(125) && !Span::around(100).is_at_end(126));
        assert_eq!(Span::around(i64::MAX), Span::Between(i64::MAX - 25, i64::MAX));
    }

    #[test]
    fn what_is_looked_at_stays() {
        assert_eq!(Span::FIRST.held(7), Span::Since(7));
        assert_eq!(Span::Between(1, 9).held(7), Span::Between(1, 9));
    }
}
