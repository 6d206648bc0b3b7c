//! Positions: points in a source's commit order, and the tokens that carry them over the wire.
//!
//! A position is a *set of transactions*, not a number: all that are numbered below `next`, except those that were
//! still `open`. A plain log offset is the special case without open transactions. Clients treat tokens as opaque,
//! apart from one question they may ask: does this position include that transaction?
//!
//! Invariant: positions of one source and epoch are totally ordered by inclusion.

use std::{fmt, str::FromStr};

/// Longest token that is read, in bytes. A token lists the transactions that were open, a few dozen at most in practice.
pub(super) const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// Identifies one continuous history of one database. A restored or failed-over database has another, if it is known to be one:
/// see `PROTOCOL.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(pub u64);

/// The transactions that a reader has seen: all below `next` except the `open` ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    next: u64,
    open: Box<[u64]>,
}

impl Position {
    /// `next` is the first transaction number not yet assigned, `open` those below it that had not committed. Entries of
    /// `open` that are not below `next` say nothing and are dropped.
    pub fn new(next: u64, open: impl IntoIterator<Item = u64>) -> Self {
        let mut open: Vec<u64> = open.into_iter().filter(|txn| *txn < next).collect();
        open.sort_unstable();
        open.dedup();
        Self { next, open: open.into() }
    }

    /// The first transaction number that is not included whatever its outcome.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Transactions below [`next`](Self::next) that are not included, ascending.
    pub fn open(&self) -> &[u64] {
        &self.open
    }

    /// The smallest transaction number that is not included.
    pub fn oldest_missing(&self) -> u64 {
        self.open.first().copied().unwrap_or(self.next)
    }

    /// Whether the effects of `transaction` are part of this position.
    pub fn includes(&self, transaction: u64) -> bool {
        transaction < self.next && self.open.binary_search(&transaction).is_err()
    }

    /// Whether every transaction that `other` includes is included here too.
    pub fn reaches(&self, other: &Position) -> bool {
        self.next >= other.next
            && self.open.iter().take_while(|txn| **txn < other.next).all(|txn| other.open.binary_search(txn).is_ok())
    }
}

/// A position together with the history it belongs to, as it travels: `epoch.next[.open]…` in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The history in which the position has a meaning.
    pub epoch: Epoch,
    /// The point in that history.
    pub position: Position,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}.{:x}", self.epoch.0, self.position.next)?;
        self.position.open.iter().try_for_each(|txn| write!(f, ".{txn:x}"))
    }
}

/// The text is not a position token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a position token")]
pub struct MalformedPosition;

impl FromStr for Token {
    type Err = MalformedPosition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(MalformedPosition);
        }
        let mut numbers = text.split('.').map(hexadecimal);
        let epoch = Epoch(numbers.next().ok_or(MalformedPosition)??);
        let next = numbers.next().ok_or(MalformedPosition)??;
        let open = numbers.collect::<Result<Vec<_>, _>>()?;
        let ascending = open.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascending || open.last().is_some_and(|last| *last >= next) {
            return Err(MalformedPosition);
        }
        Ok(Self { epoch, position: Position::new(next, open) })
    }
}

/// `from_str_radix` alone would also take a sign.
fn hexadecimal(digits: &str) -> Result<u64, MalformedPosition> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(MalformedPosition);
    }
    u64::from_str_radix(digits, 16).map_err(|_| MalformedPosition)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token(text: &str) -> Result<Token, MalformedPosition> {
        text.parse()
    }

    #[test]
    fn a_position_includes_what_is_below_next_and_not_open() {
        let position = Position::new(10, [7, 4]);
        assert!(position.includes(3) && position.includes(9));
        assert!(!position.includes(4) && !position.includes(7) && !position.includes(10));
        assert_eq!(position.oldest_missing(), 4);
    }

    #[test]
    fn a_later_position_reaches_an_earlier_one_and_not_the_other_way_round() {
        let early = Position::new(10, [4, 7]);
        let late = Position::new(12, [7, 11]);
        assert!(late.reaches(&early) && late.reaches(&late));
        assert!(!early.reaches(&late));
    }

    #[test]
    fn garbage_is_not_a_token() {
        for text in [
            "",
            ".",
            "1",
            "1.",
            "1.2.",
            "+1.2",
            "1.2.3",
            "1.9.4.4",
            "1.9.5.4",
            "x.y",
            "1.2.-1",
            "1 .2",
            "ffffffffffffffffff.1",
        ] {
            assert_eq!(token(text), Err(MalformedPosition), "{text:?}");
        }
        assert_eq!(token(&"1.".repeat(MAX_TOKEN_BYTES)), Err(MalformedPosition));
    }

    proptest! {
        #[test]
        fn a_token_survives_the_wire(epoch: u64, next: u64, open in proptest::collection::vec(any::<u64>(), 0..20)) {
            let sent = Token { epoch: Epoch(epoch), position: Position::new(next, open) };
            prop_assert_eq!(token(&sent.to_string()), Ok(sent));
        }

        /// Positions are snapshots of one commit order: whichever transactions commit in whichever order, each later
        /// snapshot reaches each earlier one and includes exactly what had committed.
        #[test]
        fn positions_are_ordered_by_inclusion(order in Just((0..12u64).collect::<Vec<_>>()).prop_shuffle()) {
            let mut committed = Vec::new();
            let mut seen: Vec<Position> = Vec::new();
            for txn in order {
                committed.push(txn);
                let next = committed.iter().max().map_or(0, |max| max + 1);
                let now = Position::new(next, (0..next).filter(|txn| !committed.contains(txn)));
                for txn in 0..14 {
                    prop_assert_eq!(now.includes(txn), committed.contains(&txn));
                }
                for before in &seen {
                    prop_assert!(now.reaches(before) && !before.reaches(&now));
                }
                seen.push(now);
            }
        }
    }
}
