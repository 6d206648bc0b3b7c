//! Rows of totals.

use super::{LiveRow, LiveTotals};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{fmt::Debug, hash::Hash, marker::PhantomData};

/// The columns by which rows are put into groups: a struct of those columns.
pub trait GroupColumns: Clone + Debug + Eq + Hash + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Their names.
    const COLUMNS: &'static [&'static str];
}

/// No columns: everything is one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Everything {}

impl GroupColumns for Everything {
    const COLUMNS: &'static [&'static str] = &[];
}

/// No columns are added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Nothing {}

/// How many rows of `T` there are, and nothing else of them.
pub type Count<T> = Group<T, Everything, Nothing>;

/// Totals of the rows of `T` that have the values `K` in common.
///
/// `V` has an optional field for each column that is added up; a column of which only some totals are asked for is `None`
/// in the others. Sums and averages of nothing are null.
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// use rowcast::store::GroupColumns;
///
/// #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
/// struct ByCategory {
///     category: String,
/// }
///
/// impl GroupColumns for ByCategory {
///     const COLUMNS: &'static [&'static str] = &["category"];
/// }
///
/// #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
/// struct Amounts {
///     quantity: Option<i64>,
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "K: GroupColumns, V: LiveTotals")]
pub struct Group<T, K, V> {
    /// What its rows have in common.
    pub group: K,
    /// How many rows.
    #[serde(default)]
    pub count: u64,
    /// Sums of the columns.
    #[serde(default)]
    pub sum: V,
    /// Smallest values of the columns.
    #[serde(default)]
    pub min: V,
    /// Largest values of the columns.
    #[serde(default)]
    pub max: V,
    /// Averages of the columns.
    #[serde(default)]
    pub avg: V,
    #[serde(skip)]
    row: PhantomData<fn() -> T>,
}

/// Which group, as it travels.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(bound = "K: GroupColumns")]
pub struct GroupKey<K> {
    /// What its rows have in common.
    pub group: K,
}

impl<T: LiveRow, K: GroupColumns, V: LiveTotals> LiveRow for Group<T, K, V> {
    const TABLE: &'static str = T::TABLE;
    type Key = GroupKey<K>;

    fn key(&self) -> GroupKey<K> {
        GroupKey { group: self.group.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::row::tests::Item;

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Amounts {
        quantity: Option<i64>,
        price: Option<f64>,
    }

    #[test]
    fn totals_read_as_they_travel() {
        let text = r#"{"group":{},"count":3,"sum":{"quantity":12,"price":null},"avg":{"price":1.5000000000000000}}"#;
        let totals: Group<Item, Everything, Amounts> = serde_json::from_str(text).expect("reads");
        assert_eq!((totals.count, totals.sum.quantity, totals.sum.price), (3, Some(12), None));
        assert_eq!((totals.avg.price, totals.min.quantity), (Some(1.5), None));
        let gone: GroupKey<Everything> = serde_json::from_str(r#"{"group":{}}"#).expect("reads");
        assert_eq!(gone, totals.key());
    }
}
