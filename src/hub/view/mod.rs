//! Live windows and totals: answers that are kept exact from the changes of rows, without asking the database again.
//!
//! A [`View`] is *filled* from a snapshot ([`View::fill_sql`], [`View::fill`]) and from then on told of each row's change
//! ([`View::apply`]); after each batch [`View::output`] says what became different for those who watch. It is the state of one
//! distinct query, whoever asks it. It does no input or output, and never guesses: where it has forgotten what it would need
//! to know, it asks to be filled again.
//!
//! - A **window** is the first `limit` rows in an order. It keeps some rows more, the *slack*, so that rows may leave; what
//!   comes after those is forgotten. Each change costs the logarithm of what is kept, each batch that touches it the limit.
//! - **Totals** are counts, sums, averages, smallest and largest values of all rows or of groups of them. Each change costs
//!   one group, whatever the size of the table. Counts and sums never need the database. Of each group and column, the
//!   smallest (largest) distinct values are kept with how often they occur, [`ViewBounds::ends`] of them; what comes after is only
//!   counted. So deleting the smallest value costs nothing either, until a group has lost all that are kept while it has others:
//!   then the whole state is filled again, which costs one read of the query's rows, with a sort for each such column.
//!
//! Text is ordered by its bytes, as the collation "C" does, in the state and in the SQL that fills it. Values that are equal
//! and written differently (`1.0` and `1.00`, `0` and `-0`), of which Postgres shows any, are told apart as text: the
//! minimum is the one with the fewest decimals, the maximum the one with the most, both deterministic.
//!
//! Invariants:
//! - After [`View::fill`] at position S and all changes from S to P, the output is the query's answer at P, or
//!   [`Need::RefillNow`] is said.
//! - What is held is bounded: rows of a window by limit and slack, groups and values per group by [`ViewBounds`].

mod decimal;
mod ends;
mod fill;
mod group;
mod spec;
mod sum;
#[cfg(test)]
mod tests;
mod totals;
mod window;

pub use spec::{MAX_LIMIT, MAX_ORDER_COLUMNS, MAX_TOTAL_COLUMNS, QueryError, Spec, TotalsSpec, WindowSpec};

use super::{Image, Row, Table, Unreadable};
use serde_json::value::RawValue;
use std::sync::Arc;
use totals::Totals;
use window::Window;

/// How much a view holds at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewBounds {
    /// Rows after the last one of a window, for a window of few rows; larger ones have a quarter of their limit.
    pub slack: usize,
    /// Distinct smallest values, and as many largest, of each group and column.
    pub ends: usize,
    /// Groups of totals.
    pub groups: usize,
}

impl Default for ViewBounds {
    fn default() -> Self {
        Self { slack: 8, ends: 16, groups: 10_000 }
    }
}

/// Why a view cannot go on. It is of no use any more, except to be filled again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// A row lacks a column, or a value is not of its column's type: the table is not what it was.
    #[error("a row or value is not as the table's columns say")]
    Unreadable,
    /// More groups than [`ViewBounds::groups`].
    #[error("there are more groups than totals are kept for")]
    TooManyGroups,
    /// A row left that was never there: a change was lost, or applied twice.
    #[error("a row leaves that was not there")]
    Inconsistent,
}

impl From<Unreadable> for ViewError {
    fn from(_: Unreadable) -> Self {
        Self::Unreadable
    }
}

/// Whether the state has to be read again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// No.
    #[default]
    Nothing,
    /// It is exact, and will not be for long if rows continue to leave. Said after each batch until it is filled again.
    RefillSoon,
    /// What the output is cannot be known before it is filled again. No changes come with this; they come after.
    RefillNow,
}

/// One change of the output.
#[derive(Clone, Debug)]
pub enum OutputChange {
    /// A row that was not in the output.
    Insert(Image),
    /// A row that was in the output, of the same key, and reads differently: as it was, and as it is.
    Update(Image, Image),
    /// The key, as a JSON object, of a row that is no longer in the output.
    Delete(Box<RawValue>),
}

/// What a batch did to the output.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Deletes first; at most one for each key.
    pub changes: Vec<OutputChange>,
    /// Whether the state has to be read again.
    pub need: Need,
}

/// The state of a window or of totals.
#[derive(Debug)]
pub struct View {
    table: Arc<Table>,
    form: Form,
}

#[derive(Debug)]
enum Form {
    Window(Window),
    Totals(Totals),
}

impl View {
    /// Nothing is known yet: [`output`](Self::output) says [`Need::RefillNow`] until it is filled, and after that all rows, as
    /// inserts.
    pub fn empty(spec: Spec, table: Arc<Table>, bounds: ViewBounds) -> Self {
        let form = match spec {
            Spec::Window(spec) => Form::Window(Window::empty(spec, bounds)),
            Spec::Totals(spec) => Form::Totals(Totals::empty(spec, bounds)),
        };
        Self { table, form }
    }

    /// The statement that reads what fills the state: its only column is the JSON text of each row for [`fill`](Self::fill), in
    /// the order in which they come. `source` is what follows `from` and is called `t` (`only "public"."items" t`), and
    /// `condition` what follows `where`. Times have to be written in UTC and ISO dates, as they are in changes.
    pub fn fill_sql(&self, source: &str, condition: Option<&str>) -> String {
        match &self.form {
            Form::Window(window) => window.fill_sql(&self.table, source, condition),
            Form::Totals(totals) => fill::sql(totals.spec(), totals.bounds(), &self.table, source, condition),
        }
    }

    /// Replaces the state by what the statement read. What that changes in the output is said by the next
    /// [`output`](Self::output).
    pub fn fill(&mut self, rows: Vec<Box<RawValue>>) -> Result<(), ViewError> {
        match &mut self.form {
            Form::Window(window) => window.fill(&self.table, rows),
            Form::Totals(totals) => totals.fill(&self.table, rows),
        }
    }

    /// The row of a key was `before` and is `after`, each only if it was or is there and the filter holds for it. The keys of
    /// a batch may come in any order, each once with its net change.
    pub fn apply(&mut self, before: Option<&Row>, after: Option<&Row>) -> Result<(), ViewError> {
        match &mut self.form {
            Form::Window(window) => window.apply(&self.table, before, after),
            Form::Totals(totals) => totals.apply(&self.table, before, after),
        }
    }

    /// All rows are gone. This is known without having been filled.
    pub fn truncate(&mut self) {
        match &mut self.form {
            Form::Window(window) => window.truncate(),
            Form::Totals(totals) => totals.truncate(&self.table),
        }
    }

    /// What changed in the output since the last call, and whether the state is still enough.
    pub fn output(&mut self) -> Result<Output, ViewError> {
        match &mut self.form {
            Form::Window(window) => window.output(&self.table),
            Form::Totals(totals) => totals.output(&self.table),
        }
    }

    /// The complete output: a window's rows in their order, the groups of totals in that of their text. Of use only when
    /// [`output`](Self::output) did not say [`Need::RefillNow`].
    pub fn rows(&self) -> Vec<Image> {
        match &self.form {
            Form::Window(window) => window.rows(),
            Form::Totals(totals) => totals.rows(&self.table),
        }
    }

    /// The columns that key the output rows: the table's key, or `group`.
    pub fn key(&self) -> Vec<String> {
        match &self.form {
            Form::Window(_) => self.table.key.clone(),
            Form::Totals(_) => vec!["group".to_owned()],
        }
    }
}
