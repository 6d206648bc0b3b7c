//! A question to the database, built from parts: which rows, which columns, in which order, how many, or totals of them.
//! Pure.

use super::{AnyRow, Everything, Group, LiveRow, group::GroupColumns, place::Sorting};
use crate::protocol::{Aggregate, Nulls, OrderBy, Subscribe};
use serde_json::Value;
use std::marker::PhantomData;

/// Which rows of `T`'s table. Two equal queries are one subscription.
///
/// ```
/// # use rowcast::store::{LiveRow, Query};
/// # #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
/// # struct Product { id: i64 }
/// # #[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
/// # struct ProductKey { id: i64 }
/// # impl LiveRow for Product {
/// #     const TABLE: &'static str = "products";
/// #     type Key = ProductKey;
/// #     fn key(&self) -> ProductKey { ProductKey { id: self.id } }
/// # }
/// let scarce = Query::<Product>::all()
///     .filter("category = $1 and quantity < $2", ("tools", 10))
///     .ascending("quantity")
///     .limit(50);
/// assert_eq!(scarce.question().filter.as_deref(), Some("category = $1 and quantity < $2"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Query<T: LiveRow> {
    question: Subscribe,
    order: Vec<OrderBy>,
    row: PhantomData<fn() -> T>,
}

impl<T: LiveRow> Query<T> {
    /// All rows of `T`'s table.
    pub fn all() -> Self {
        Self { question: Subscribe::from(T::TABLE), order: Vec::new(), row: PhantomData }
    }

    /// Only rows for which `condition` is true: a boolean expression in SQL, with `$1…` for `params`, which is a tuple of
    /// values, an array or a vector of one type, or `()`. It replaces a condition given before.
    pub fn filter(mut self, condition: impl Into<String>, params: impl Params) -> Self {
        self.question.filter = Some(condition.into());
        self.question.params = params.into_values();
        self
    }

    /// Only these columns, for rows that have more than the page shows. Those of the key and of the order come along.
    pub fn columns<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.question.columns = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Sorted by a column, after those named before; ties are in the order of the key.
    pub fn order_by(mut self, by: OrderBy) -> Self {
        self.order.push(by);
        self
    }

    /// Sorted by a column from small to large.
    pub fn ascending(self, column: impl Into<String>) -> Self {
        self.order_by(OrderBy { column: column.into(), ..OrderBy::default() })
    }

    /// Sorted by a column from large to small.
    pub fn descending(self, column: impl Into<String>) -> Self {
        self.order_by(OrderBy { column: column.into(), desc: true, nulls: None })
    }

    /// Where nulls of the column named last are. Without this they count as larger than everything, as in SQL.
    pub fn nulls(mut self, nulls: Nulls) -> Self {
        if let Some(by) = self.order.last_mut() {
            by.nulls = Some(nulls);
        }
        self
    }

    /// Only the first so many rows in the order: a live window, which rows enter and leave as they move.
    pub fn limit(mut self, rows: u32) -> Self {
        self.question.limit = Some(rows);
        self
    }

    /// Totals of all these rows instead of the rows themselves: one row, also when there is nothing to add up. `V` has a
    /// field for each column that is added up, see [`Group`].
    pub fn totals<V: LiveTotals>(self) -> Query<Group<T, Everything, V>> {
        self.grouped(Vec::new())
    }

    /// Totals for each combination of values of `K`'s columns. `V` has a field for each column that is added up, see
    /// [`Group`].
    pub fn group_by<K: GroupColumns, V: LiveTotals>(self) -> Query<Group<T, K, V>> {
        self.grouped(K::COLUMNS.iter().map(|&column| column.to_owned()).collect())
    }

    fn grouped<K: GroupColumns, V: LiveTotals>(self, group_by: Vec<String>) -> Query<Group<T, K, V>> {
        let aggregate = Some(Aggregate { count: true, ..Aggregate::default() });
        let question = Subscribe { group_by, aggregate, limit: None, columns: None, ..self.question };
        Query { question, order: Vec::new(), row: PhantomData }
    }

    /// The question as it travels, without an id and without a position.
    pub fn question(&self) -> Subscribe {
        let mut question = self.question.clone();
        // An order without a limit changes nothing about which rows they are.
        if question.limit.is_some() {
            question.order.clone_from(&self.order);
        }
        if let Some(columns) = &mut question.columns {
            for by in &self.order {
                if !columns.contains(&by.column) {
                    columns.push(by.column.clone());
                }
            }
        }
        question
    }

    /// The order in which the rows are shown: where there is a limit and no other order, that of the key.
    pub(super) fn sorting(&self) -> Sorting {
        let sorts = self.question.limit.is_some() || !self.order.is_empty();
        if sorts { Sorting::by(&self.order) } else { Sorting::default() }
    }

    /// What equal queries have in common, as text.
    pub(super) fn identity(&self) -> String {
        serde_json::to_string(&(self.question(), &self.order)).expect("words and JSON values")
    }
}

impl Query<AnyRow> {
    /// Whatever a question asks, of any table. Its id and its position are not looked at.
    pub fn asking(question: Subscribe) -> Self {
        let Subscribe { order, .. } = question;
        let question = Subscribe { id: String::new(), position: None, order: Vec::new(), ..question };
        Self { question, order, row: PhantomData }
    }
}

/// What totals carry beside the count: a struct of optional fields named like the columns that are added up.
pub trait LiveTotals:
    Clone + std::fmt::Debug + Default + PartialEq + serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static
{
}

impl<V> LiveTotals for V where
    V: Clone
        + std::fmt::Debug
        + Default
        + PartialEq
        + serde::Serialize
        + serde::de::DeserializeOwned
        + Send
        + Sync
        + 'static
{
}

impl<T: LiveRow, K: GroupColumns, V: LiveTotals> Query<Group<T, K, V>> {
    fn with(mut self, add: impl FnOnce(&mut Aggregate)) -> Self {
        add(self.question.aggregate.get_or_insert_default());
        self
    }

    /// Also the sum of a column.
    pub fn sum(self, column: impl Into<String>) -> Self {
        self.with(|aggregate| aggregate.sum.push(column.into()))
    }

    /// Also the smallest value of a column.
    pub fn min(self, column: impl Into<String>) -> Self {
        self.with(|aggregate| aggregate.min.push(column.into()))
    }

    /// Also the largest value of a column.
    pub fn max(self, column: impl Into<String>) -> Self {
        self.with(|aggregate| aggregate.max.push(column.into()))
    }

    /// Also the average of a column.
    pub fn avg(self, column: impl Into<String>) -> Self {
        self.with(|aggregate| aggregate.avg.push(column.into()))
    }
}

/// All rows of a table.
impl From<&str> for Subscribe {
    fn from(table: &str) -> Self {
        Self { table: table.to_owned(), ..Self::default() }
    }
}

/// Values for a filter's `$1…`: `()`, a tuple, an array or a vector.
pub trait Params {
    /// As JSON, in their order.
    fn into_values(self) -> Vec<Value>;
}

impl Params for () {
    fn into_values(self) -> Vec<Value> {
        Vec::new()
    }
}

impl<V: Into<Value>> Params for Vec<V> {
    fn into_values(self) -> Vec<Value> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<V: Into<Value>, const N: usize> Params for [V; N] {
    fn into_values(self) -> Vec<Value> {
        self.into_iter().map(Into::into).collect()
    }
}

macro_rules! params_of_tuples {
    ($($value:ident)+) => {
        impl<$($value: Into<Value>),+> Params for ($($value,)+) {
            #[expect(non_snake_case, reason = "a value is named like its type")]
            fn into_values(self) -> Vec<Value> {
                let ($($value,)+) = self;
                vec![$($value.into()),+]
            }
        }
    };
}

params_of_tuples!(A);
params_of_tuples!(A B);
params_of_tuples!(A B C);
params_of_tuples!(A B C D);
params_of_tuples!(A B C D E);
params_of_tuples!(A B C D E F);
params_of_tuples!(A B C D E F G);
params_of_tuples!(A B C D E F G H);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::row::tests::Item;
    use serde::{Deserialize, Serialize};

    fn text<T: LiveRow>(query: &Query<T>) -> String {
        serde_json::to_string(&query.question()).expect("JSON")
    }

    #[test]
    fn a_filter_travels_with_its_parameters() {
        let query =
            Query::<Item>::all().filter("name = $1 and id < $2 and x is not distinct from $3", ("a", 7, None::<bool>));
        assert_eq!(
            text(&query),
            r#"{"id":"","table":"items","where":"name = $1 and id < $2 and x is not distinct from $3","params":["a",7,null]}"#
        );
    }

    #[test]
    fn an_order_travels_only_with_a_limit_and_always_brings_its_columns() {
        let sorted = Query::<Item>::all().columns(["id"]).descending("name").nulls(Nulls::Last);
        assert_eq!(text(&sorted), r#"{"id":"","table":"items","columns":["id","name"]}"#);
        assert_eq!(
            text(&sorted.limit(5)),
            r#"{"id":"","table":"items","columns":["id","name"],"order":[{"column":"name","desc":true,"nulls":"last"}],"limit":5}"#
        );
    }

    #[test]
    fn totals_name_their_groups() {
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        struct ByName {
            name: String,
        }
        impl GroupColumns for ByName {
            const COLUMNS: &'static [&'static str] = &["name"];
        }
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        struct Sums {
            id: Option<i64>,
        }
        let query = Query::<Item>::all().filter("id > $1", [3]).group_by::<ByName, Sums>().sum("id").max("id");
        assert_eq!(
            text(&query),
            r#"{"id":"","table":"items","where":"id > $1","params":[3],"aggregate":{"count":true,"sum":["id"],"max":["id"]},"group_by":["name"]}"#
        );
    }

    #[test]
    fn queries_are_equal_when_they_ask_and_show_the_same() {
        let query = || Query::<Item>::all().filter("id < $1", (5,));
        assert_eq!(query().identity(), query().identity());
        assert_ne!(query().identity(), query().ascending("name").identity());
        assert_ne!(query().identity(), Query::<Item>::all().filter("id < $1", (6,)).identity());
    }
}
