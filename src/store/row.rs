//! What a row type must be able to do to be live.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::{fmt::Debug, hash::Hash};

/// A row of a tracked table, as the page wants to see it.
///
/// Field names are column names; columns that the type does not name are ignored, so that adding a column to the table
/// breaks nobody. Numbers arrive with all the digits that Postgres wrote: a type that reads `numeric` or `bigint` into an
/// `f64` must be content with its 15 digits.
pub trait LiveRow: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The table, as `schema.table`, or `table` alone for the schema `public`.
    const TABLE: &'static str;

    /// The primary key: a struct whose fields are the key columns, because that is how it travels.
    type Key: Clone + Debug + Eq + Hash + DeserializeOwned + Send + Sync + 'static;

    /// This row's key.
    fn key(&self) -> Self::Key;

    /// Reads a row. `key` are the columns of its key, for types that do not know them.
    fn read(text: &RawValue, key: &[String]) -> Result<Self, serde_json::Error> {
        let _ = key;
        serde_json::from_str(text.get())
    }

    /// Reads a key.
    fn read_key(text: &RawValue) -> Result<Self::Key, serde_json::Error> {
        serde_json::from_str(text.get())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::LiveRow;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(crate) struct Item {
        pub(crate) id: i64,
        pub(crate) name: String,
    }

    #[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
    pub(crate) struct ItemKey {
        pub(crate) id: i64,
    }

    impl LiveRow for Item {
        const TABLE: &'static str = "items";
        type Key = ItemKey;

        fn key(&self) -> ItemKey {
            ItemKey { id: self.id }
        }
    }

    pub(crate) fn item(id: i64, name: &str) -> Item {
        Item { id, name: name.to_owned() }
    }
}
