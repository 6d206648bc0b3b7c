//! What a query asks: which rows of which table, and what of them.
//!
//! Two subscriptions that ask the same have equal [texts](Definition::text) and share one query.

use super::{
    Filter, Image, Row, Table, Touched,
    view::{self, View, ViewBounds},
};
use crate::protocol::Change;
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt::Write, sync::Arc};

/// A question about a table.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The table whose rows are wanted.
    pub table: Arc<Table>,
    /// The columns that are shown, by their places, ascending; `None` for all.
    pub columns: Option<Vec<usize>>,
    /// Which rows; `None` for all.
    pub filter: Option<Arc<Filter>>,
    /// A window of these rows, or totals of them; `None` for the rows themselves.
    pub view: Option<view::Spec>,
    /// The columns that tell the rows of the answer apart.
    pub key: Vec<String>,
}

/// A change of a query's rows, ready for the wire.
#[derive(Clone, Debug)]
pub enum Shown {
    /// A row is there that was not.
    Insert(Image),
    /// A row reads otherwise.
    Update(Image),
    /// The row of this key is gone.
    Delete(Arc<RawValue>),
    /// All rows are gone.
    Truncate,
}

impl Shown {
    /// Bytes of text.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Insert(json) | Self::Update(json) | Self::Delete(json) => json.get().len(),
            Self::Truncate => 0,
        }
    }

    /// The same as the protocol has it.
    pub fn change(&self) -> Change<'_> {
        match self {
            Self::Insert(row) => Change::Insert { row },
            Self::Update(row) => Change::Update { row },
            Self::Delete(key) => Change::Delete { key: Cow::Borrowed(key) },
            Self::Truncate => Change::Truncate,
        }
    }
}

impl Definition {
    /// All rows and columns of a table.
    pub fn all(table: Arc<Table>) -> Self {
        Self { key: table.key.clone(), table, columns: None, filter: None, view: None }
    }

    /// The same of a window, or totals.
    pub fn with_view(mut self, spec: view::Spec) -> Self {
        self.key = View::empty(spec.clone(), self.table.clone(), ViewBounds::default()).key();
        self.view = Some(spec);
        self
    }

    /// Equal for equal questions, and only for them.
    pub fn text(&self) -> String {
        let mut text = self.table.id.to_string();
        if let Some(columns) = &self.columns {
            write!(text, " columns {columns:?}").expect("a string takes everything");
        }
        if let Some(filter) = &self.filter {
            write!(text, " where {}", filter.text()).expect("a string takes everything");
        }
        if let Some(view) = &self.view {
            write!(text, " of {}", view.text()).expect("a string takes everything");
        }
        text
    }

    /// The row, if it is one of those that are wanted.
    pub fn select<'r>(&self, row: Option<&'r Row>) -> Option<&'r Row> {
        row.filter(|row| self.filter.as_ref().is_none_or(|filter| filter.matches(row)))
    }

    /// What of a row is shown.
    pub fn project(&self, row: &Row) -> Image {
        let Some(columns) = &self.columns else { return row.image().clone() };
        let mut text = String::from("{");
        for column in columns {
            // A column that the row lacks was added since: it reads as the database would fill it in, if that is known.
            let value = row.value(*column).unwrap_or("null");
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&serde_json::to_string(&self.table.columns[*column].name).expect("a string"));
            text.push(':');
            text.push_str(value);
        }
        text.push('}');
        Arc::from(RawValue::from_string(text).expect("made of the parts of an object"))
    }

    /// What of a row of a window, or of totals, is shown.
    pub fn show(&self, image: Image) -> Image {
        if self.columns.is_none() {
            return image;
        }
        // What cannot be read is not shown whole.
        Row::read(&self.table, &image).map_or_else(|_| RawValue::NULL.to_owned().into(), |row| self.project(&row))
    }

    /// What a change of one row is to those who asked, if it is anything.
    pub fn shown(&self, touched: Touched<'_>, truncated: bool) -> Option<Shown> {
        let before = self.select(touched.before).filter(|_| !truncated);
        match (before, self.select(touched.after)) {
            (None, None) => None,
            (None, Some(after)) => Some(Shown::Insert(self.project(after))),
            (Some(_), None) => Some(Shown::Delete(Arc::from(touched.key.to_owned()))),
            (Some(before), Some(after)) => {
                // A row that was written without any difference is told of, for whoever wrote it may wait for that; not
                // if it differs only in what is not shown.
                let differs = |columns: &Vec<usize>| columns.iter().any(|one| before.value(*one) != after.value(*one));
                let told = self.columns.as_ref().is_none_or(differs);
                told.then(|| Shown::Update(self.project(after)))
            }
        }
    }
}
