//! Columns of a table and what their values are.

use serde::Deserialize;
use std::fmt;

/// A column, in the place that it has in a row's text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Column {
    /// Its name, as it is, without quotes.
    pub name: String,
    /// Its type as SQL writes it, such as `numeric(10,2)`; for casts and for people.
    #[serde(rename = "type")]
    pub sql: String,
    /// What its values are. Of a domain, what the domain is made of.
    #[serde(flatten)]
    pub kind: Kind,
    /// Not for those whose question this is: as if it were not there.
    #[serde(skip)]
    pub hidden: bool,
    /// Whether its values are computed only when they are read, so that no change has them.
    #[serde(default, rename = "virtual")]
    pub is_virtual: bool,
}

impl Column {
    /// A column of a type that has no parameters.
    pub fn new(name: &str, sql: &str, kind: Kind) -> Self {
        Self { name: name.to_owned(), sql: sql.to_owned(), kind, is_virtual: false, hidden: false }
    }
}

/// What values are, as far as their meaning is known here.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// `boolean`
    Bool,
    /// `smallint`
    Int2,
    /// `integer`
    Int4,
    /// `bigint`
    Int8,
    /// `real`
    Float4,
    /// `double precision`
    Float8,
    /// `numeric`
    Numeric,
    /// `text` and `character varying`
    Text,
    /// `character(n)`, whose trailing blanks mean nothing
    Bpchar,
    /// `uuid`
    Uuid,
    /// `date`
    Date,
    /// `time without time zone`
    Time,
    /// `time with time zone`
    Timetz,
    /// `timestamp without time zone`
    Timestamp,
    /// `timestamp with time zone`
    Timestamptz,
    /// `interval`
    Interval,
    /// `bytea`
    Bytea,
    /// `json`
    Json,
    /// `jsonb`
    Jsonb,
    /// An enumeration.
    Enum {
        /// Its labels in their order.
        labels: Vec<String>,
        /// The enumeration as SQL writes it, which of a domain is another type than the column's.
        base: String,
    },
    /// An array, of any number of dimensions.
    Array {
        /// What its elements are.
        of: Box<Kind>,
    },
    /// Anything else: composites, ranges, network addresses, types of extensions.
    Other,
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.sql)
    }
}
