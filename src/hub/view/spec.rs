//! What a window or totals are of, read from a subscription and checked against its table.
//!
//! What cannot be kept exactly as Postgres would answer is refused here, saying what to do instead, so that nothing later can
//! fail for the kind of a column.

use crate::{
    hub::{
        Kind, Row, Table, Unreadable,
        value::{self, Order},
    },
    protocol::{Aggregate, ErrorCode, Nulls, OrderBy},
};
use std::fmt::Write;

/// Rows that a window has at most.
pub const MAX_LIMIT: u32 = 1_000;
/// Columns that a window is ordered by at most, without those of the key.
pub const MAX_ORDER_COLUMNS: usize = 16;
/// Columns that totals are grouped by, and columns of each kind of total, at most.
pub const MAX_TOTAL_COLUMNS: usize = 16;

/// Why a subscription cannot be a window or totals.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// For programs.
    pub code: ErrorCode,
    /// For people: what is wrong.
    pub message: String,
    /// For people: what to do instead.
    pub hint: String,
}

/// The first rows in an order; ties in the order of the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WindowSpec {
    /// What the rows are ordered by, ending with what remains of the key.
    terms: Box<[Term]>,
    limit: usize,
}

/// One column of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Term {
    column: usize,
    order: Order,
}

/// Totals of groups, or of all rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TotalsSpec {
    pub(super) group: Box<[usize]>,
    pub(super) count: bool,
    pub(super) sum: Box<[usize]>,
    pub(super) min: Box<[usize]>,
    pub(super) max: Box<[usize]>,
    pub(super) avg: Box<[usize]>,
}

/// A window or totals.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Spec {
    /// The first rows in an order.
    Window(WindowSpec),
    /// Totals of groups, or of all rows.
    Totals(TotalsSpec),
}

impl Spec {
    /// Which columns of the table are read, by their places, in rising order.
    pub fn uses(&self) -> Vec<usize> {
        let mut columns: Vec<usize> = match self {
            Self::Window(spec) => spec.terms.iter().map(|term| term.column).collect(),
            Self::Totals(spec) => {
                [&spec.group, &spec.sum, &spec.min, &spec.max, &spec.avg].into_iter().flatten().copied().collect()
            }
        };
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// What it is of, the same for all that ask the same of a table.
    pub fn text(&self) -> String {
        match self {
            Self::Window(spec) => spec.text(),
            Self::Totals(spec) => spec.text(),
        }
    }
}

impl WindowSpec {
    /// Reads `order` and `limit`. Without an order, rows are in that of the key; an order without a limit is refused, because
    /// the rows of a subscription have no places.
    ///
    /// # Errors
    /// A column is not there, is named twice or has no order that is known here; the limit is missing or out of bounds.
    pub fn read(order: &[OrderBy], limit: Option<u32>, table: &Table) -> Result<Self, QueryError> {
        let Some(limit) = limit else {
            return Err(invalid("\"order\" without \"limit\"", "add a limit, or sort where the rows are shown"));
        };
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(invalid(
                &format!("a limit of {limit}"),
                &format!("a window has 1 to {MAX_LIMIT} rows; subscribe without a limit for all rows"),
            ));
        }
        bounded("order", order.len(), MAX_ORDER_COLUMNS)?;
        let mut terms: Vec<Term> = Vec::with_capacity(order.len() + table.key.len());
        for by in order {
            let column = place(table, &by.column)?;
            if terms.iter().any(|term| term.column == column) {
                return Err(twice("order", &by.column));
            }
            let nulls_first = by.nulls.map_or(by.desc, |nulls| nulls == Nulls::First);
            terms.push(Term { column, order: Order { desc: by.desc, nulls_first } });
        }
        for name in &table.key {
            let column = place(table, name)?;
            if !terms.iter().any(|term| term.column == column) {
                terms.push(Term { column, order: Order::ascending() });
            }
        }
        for term in &terms {
            ordered(table, term.column, "rows cannot be ordered by")?;
        }
        let limit = usize::try_from(limit).expect("it was seen above to be small");
        Ok(Self { terms: terms.into(), limit })
    }

    /// How many rows at most.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// What it is, the same for all windows that are the same.
    pub fn text(&self) -> String {
        let mut text = String::from("order ");
        for term in &self.terms {
            write!(text, "{} {}, ", term.column, term.order.sql()).expect("strings take everything");
        }
        write!(text, "limit {}", self.limit).expect("strings take everything");
        text
    }

    /// Where a row stands in the order, as bytes; different for any two rows.
    pub(super) fn place(&self, table: &Table, row: &Row) -> Result<Box<[u8]>, Unreadable> {
        let mut out = Vec::with_capacity(self.terms.len() * 16);
        for term in &self.terms {
            let json = row.value(term.column).ok_or(Unreadable)?;
            term.order.write(&table.columns[term.column].kind, json, &mut out)?;
        }
        // A key that is only written differently now (1.0 was 1.00) is another key to those who know rows by its text.
        for term in self.terms.iter() {
            let column = &table.columns[term.column];
            if table.key.contains(&column.name) && !value::is_canonical(column) {
                term.order.write_text(row.value(term.column).ok_or(Unreadable)?, &mut out);
            }
        }
        Ok(out.into())
    }

    /// What follows `order by`.
    pub(super) fn order_sql(&self, table: &Table) -> String {
        let term = |term: &Term| {
            let column = &table.columns[term.column];
            format!("{} {}", value::sql(&column.kind, &column_sql(&column.name)), term.order.sql())
        };
        self.terms.iter().map(term).collect::<Vec<_>>().join(", ")
    }
}

impl TotalsSpec {
    /// Reads `aggregate` and `group_by`.
    ///
    /// # Errors
    /// Nothing is asked for; a column is not there or is named twice in one list; a group, sum, average, minimum or maximum
    /// could not be the one that Postgres computes.
    pub fn read(aggregate: &Aggregate, group_by: &[String], table: &Table) -> Result<Self, QueryError> {
        let spec = Self {
            group: columns("group_by", group_by, table)?,
            count: aggregate.count,
            sum: columns("sum", &aggregate.sum, table)?,
            min: columns("min", &aggregate.min, table)?,
            max: columns("max", &aggregate.max, table)?,
            avg: columns("avg", &aggregate.avg, table)?,
        };
        if !spec.count && [&spec.sum, &spec.min, &spec.max, &spec.avg].iter().all(|columns| columns.is_empty()) {
            return Err(invalid("\"aggregate\" asks for nothing", "ask for \"count\": true, or for totals of columns"));
        }
        spec.group.iter().try_for_each(|column| grouped(table, *column))?;
        spec.sum.iter().chain(&spec.avg).try_for_each(|column| summed(table, *column))?;
        spec.min
            .iter()
            .chain(&spec.max)
            .try_for_each(|column| ordered(table, *column, "there is no smallest or largest value of"))?;
        Ok(spec)
    }

    /// What they are, the same for all totals that are the same.
    pub fn text(&self) -> String {
        format!(
            "totals count {} sum {:?} min {:?} max {:?} avg {:?} by {:?}",
            self.count, self.sum, self.min, self.max, self.avg, self.group
        )
    }

    /// Columns of which the sum is kept, for sums and averages.
    pub(super) fn numbers(&self) -> Vec<usize> {
        let mut numbers = self.sum.to_vec();
        numbers.extend(self.avg.iter().filter(|column| !self.sum.contains(column)));
        numbers
    }

    /// Columns of which the first values in an order are kept: the smallest, then the largest.
    pub(super) fn ends(&self) -> impl Iterator<Item = (usize, Order)> {
        let down = Order { desc: true, nulls_first: true };
        let smallest = self.min.iter().map(|column| (*column, Order::ascending()));
        smallest.chain(self.max.iter().map(move |column| (*column, down)))
    }
}

/// A column of the row that is called `t`, in SQL.
pub(super) fn column_sql(name: &str) -> String {
    format!("t.\"{}\"", name.replace('"', "\"\""))
}

fn place(table: &Table, name: &str) -> Result<usize, QueryError> {
    table.place(name).ok_or_else(|| QueryError {
        code: ErrorCode::UnknownColumn,
        message: format!("there is no column {name:?}"),
        hint: "names are compared as they are, upper and lower case apart".to_owned(),
    })
}

fn columns(list: &str, names: &[String], table: &Table) -> Result<Box<[usize]>, QueryError> {
    bounded(list, names.len(), MAX_TOTAL_COLUMNS)?;
    let mut places = Vec::with_capacity(names.len());
    for name in names {
        let place = place(table, name)?;
        if places.contains(&place) {
            return Err(twice(list, name));
        }
        places.push(place);
    }
    Ok(places.into())
}

fn bounded(list: &str, length: usize, most: usize) -> Result<(), QueryError> {
    if length > most {
        return Err(invalid(&format!("{length} columns in {list:?}"), &format!("there may be {most}")));
    }
    Ok(())
}

fn ordered(table: &Table, place: usize, what: &str) -> Result<(), QueryError> {
    let column = &table.columns[place];
    if value::is_ordered(&column.kind) {
        return Ok(());
    }
    Err(unsupported(
        &format!("{what} column {:?}, which is {}", column.name, column.sql),
        "its order is not known here; add a generated column of a simple type, such as text or numeric",
    ))
}

fn grouped(table: &Table, place: usize) -> Result<(), QueryError> {
    let column = &table.columns[place];
    if value::is_ordered(&column.kind) && value::is_canonical(column) {
        return Ok(());
    }
    let hint = match column.kind {
        Kind::Numeric => "equal numbers may be written differently; give the column a scale, as in numeric(12,2)",
        Kind::Float4 | Kind::Float8 => "equal numbers may be written differently; use integer or numeric(12,2)",
        _ => "equal values may be written differently; add a generated column of type text, and group by that",
    };
    Err(unsupported(&format!("rows cannot be grouped by column {:?}, which is {}", column.name, column.sql), hint))
}

fn summed(table: &Table, place: usize) -> Result<(), QueryError> {
    let column = &table.columns[place];
    let hint = match column.kind {
        Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Numeric => return Ok(()),
        Kind::Float4 | Kind::Float8 => {
            "such a sum depends on the order of the rows, even in Postgres; make the column numeric"
        }
        _ => "sums and averages are of integers and numerics",
    };
    Err(unsupported(&format!("there is no exact sum of column {:?}, which is {}", column.name, column.sql), hint))
}

fn twice(list: &str, name: &str) -> QueryError {
    invalid(&format!("column {name:?} is in {list:?} twice"), "name it once")
}

fn invalid(message: &str, hint: &str) -> QueryError {
    QueryError { code: ErrorCode::InvalidQuery, message: message.to_owned(), hint: hint.to_owned() }
}

fn unsupported(message: &str, hint: &str) -> QueryError {
    QueryError { code: ErrorCode::Unsupported, message: message.to_owned(), hint: hint.to_owned() }
}
