//! Why pieces move, and a row of `public.stock_movements`.

use crate::{
    app::time::Timestamp,
    store::{LiveRow, Query},
};
use serde::{Deserialize, Serialize};

/// Longest note, in characters.
pub const MAX_NOTE: usize = 200;

/// Why somebody says that there are more pieces, or fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// They came from a supplier.
    Received,
    /// A customer brought them back.
    GivenBack,
    /// They were sold, but not by an order.
    Sold,
    /// They are broken, or not to be found.
    Lost,
    /// They were counted, and there are so many.
    Counted,
    /// Something that was said before was wrong; how many more, or fewer.
    Corrected,
    /// A file said that there are so many. Not for forms.
    Imported,
}

impl Reason {
    /// All of them, in the order of the form.
    pub const ALL: [Self; 6] =
        [Self::Received, Self::Sold, Self::Counted, Self::Lost, Self::GivenBack, Self::Corrected];

    /// In forms, events and rows.
    pub fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::GivenBack => "given_back",
            Self::Sold => "sold",
            Self::Lost => "lost",
            Self::Counted => "counted",
            Self::Corrected => "corrected",
            Self::Imported => "imported",
        }
    }

    /// The inverse of [`word`](Self::word), for those that forms have.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }

    /// The inverse of [`word`](Self::word), for all that events have.
    pub fn recorded(word: &str) -> Option<Self> {
        Self::of(word).or_else(|| Some(Self::Imported).filter(|reason| reason.word() == word))
    }

    /// For people, in the form.
    pub fn label(self) -> &'static str {
        match self {
            Self::Received => "Received from a supplier",
            Self::GivenBack => "Brought back by a customer",
            Self::Sold => "Sold over the counter",
            Self::Lost => "Broken or lost",
            Self::Counted => "Counted: there are",
            Self::Corrected => "Correction, by (− for fewer)",
            Self::Imported => "Imported from a file",
        }
    }

    /// How many pieces there are then, if there were `now` and somebody typed `number`. None if that is more than can be counted.
    pub fn apply(self, now: i32, number: i32) -> Option<i32> {
        match self {
            Self::Received | Self::GivenBack | Self::Corrected => now.checked_add(number),
            Self::Sold | Self::Lost => now.checked_sub(number),
            Self::Counted | Self::Imported => Some(number),
        }
    }

    /// The number of pieces that somebody typed: digits, and for a correction perhaps a sign before them.
    pub fn number(self, typed: &str) -> Option<i32> {
        let typed = typed.trim();
        let (sign, digits) = match typed.strip_prefix(['-', '−']) {
            Some(digits) if self == Self::Corrected => (-1, digits),
            _ => (1, typed.strip_prefix('+').filter(|_| self == Self::Corrected).unwrap_or(typed)),
        };
        let is_number = !digits.is_empty() && digits.len() <= 7 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = is_number.then(|| digits.parse::<i32>().ok()).flatten()? * sign;
        (number != 0 || self == Self::Counted).then_some(number)
    }
}

/// What became of pieces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Movement {
    /// The product.
    pub product_id: i64,
    /// The number of the event in the product's stream.
    pub version: i64,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub who_name: String,
    /// Why: a [`Reason`]'s word, or what the event was.
    pub kind: String,
    /// How many more, or fewer.
    pub change: i32,
    /// How many there were then.
    pub left_over: Option<i32>,
    /// For which order.
    pub order_id: Option<i64>,
    /// What was said with it.
    pub note: String,
}

/// The key as it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub struct MovementKey {
    /// The product.
    pub product_id: i64,
    /// The number of the event.
    pub version: i64,
}

impl LiveRow for Movement {
    const TABLE: &'static str = "public.stock_movements";
    type Key = MovementKey;

    fn key(&self) -> MovementKey {
        MovementKey { product_id: self.product_id, version: self.version }
    }
}

impl Movement {
    /// The latest of one product.
    pub(super) fn latest(product: i64, rows: u32) -> Query<Self> {
        Query::all()
            .columns(["product_id", "version", "at", "who_name", "kind", "change", "left_over", "order_id", "note"])
            .filter("product_id = $1", [product])
            .descending("version")
            .limit(rows)
    }

    /// For people.
    pub(super) fn words(&self) -> String {
        match (self.kind.as_str(), self.order_id) {
            ("added", _) => "Added to the inventory".to_owned(),
            ("restored", _) => "Brought back after it was deleted".to_owned(),
            ("deleted", _) => "Deleted".to_owned(),
            ("set", _) => "Set to another number".to_owned(),
            ("ordered", Some(order)) => format!("Set aside for order {order}"),
            ("order_ended", Some(order)) => format!("Back from order {order}"),
            ("counted", _) => "Counted".to_owned(),
            ("corrected", _) => "Corrected".to_owned(),
            (kind, _) => Reason::recorded(kind).map_or_else(|| kind.to_owned(), |reason| reason.label().to_owned()),
        }
    }

    /// With its sign.
    pub(super) fn signed(&self) -> String {
        let number = crate::app::inventory::grouped(i64::from(self.change).abs());
        if self.change < 0 { format!("−{number}") } else { format!("+{number}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_says_which_way_pieces_go() {
        let after = |reason: Reason| reason.apply(10, 4);
        assert_eq!(Reason::ALL.map(after), [Some(14), Some(6), Some(4), Some(6), Some(14), Some(14)]);
        assert_eq!(Reason::Received.apply(i32::MAX, 1), None);
        assert!(Reason::ALL.into_iter().all(|reason| Reason::of(reason.word()) == Some(reason)));
        assert_eq!((Reason::of("imported"), Reason::recorded("imported")), (None, Some(Reason::Imported)));
        assert_eq!(Reason::recorded("sold"), Some(Reason::Sold));
    }

    #[test]
    fn a_number_of_pieces_is_digits_and_only_a_correction_has_a_sign() {
        let typed = ["5", " 12 ", "0", "-5", "−5", "+5", "", "-", "1.5", "12345678", "٣", "--1"];
        let read = |reason: Reason| typed.map(|typed| reason.number(typed));
        assert_eq!(read(Reason::Sold), [Some(5), Some(12), None, None, None, None, None, None, None, None, None, None]);
        assert_eq!(Reason::Counted.number("0"), Some(0));
        assert_eq!(
            read(Reason::Corrected),
            [Some(5), Some(12), None, Some(-5), Some(-5), Some(5), None, None, None, None, None, None]
        );
    }
}
