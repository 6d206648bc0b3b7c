//! Filters: which rows a subscription is about, with the answer that Postgres has.
//!
//! A filter is a boolean expression in SQL. It is read once, its names and types are settled as Postgres would, and it is
//! kept as a tree of our own, which becomes SQL for snapshots ([`Filter::condition`]) and is evaluated for each change
//! ([`Filter::matches`]). Both have three-valued logic and agree; tests compare them with the database. What cannot be
//! evaluated here exactly as there is refused when it is read, with the place and mostly with what to write instead.
//!
//! | file | what it is |
//! |---|---|
//! | `parse` | from text to the parser's tree, within bounds |
//! | `check`, `operand`, `array`, `term`, `literal` | from there to `tree`, where names and types are settled |
//! | `sql`, `evaluate` | what becomes of the tree |
//! | `value`, `number`, `moment`, `json`, `pattern` | values as they are compared |
//! | `index` | values as keys of the equality index |
//!
//! Nothing raises for a row. Where Postgres would:
//! - a constant that is no value of its type, and a pattern that ends with its escape character, are refused when read;
//! - division, and casts of columns that can fail, are refused;
//! - arithmetic is that of `numeric`, in which what is allowed here does not overflow; integers do not wrap or raise.
//!
//! Where the text of a row says less than the row: a `jsonb` column that is JSON's `null` counts as null, and arrays are
//! asked about their elements only.
//!
//! Texts are compared under the collation "C", moments in UTC, and words such as `'now'` mean the moment at which the filter
//! is read.

mod array;
mod check;
mod error;
mod evaluate;
mod index;
mod json;
mod lists;
mod literal;
mod moment;
mod number;
mod operand;
mod parse;
mod pattern;
mod sql;
mod term;
mod tree;
mod value;

pub use error::FilterError;
pub use index::{Scalar, scalar};

use super::{Row, Table};
use crate::protocol::ErrorCode;
use evaluate::Evaluation;
use std::thread;
use std::{cmp::Ordering, sync::Arc};
use term::Checker;
use tree::{Condition, Literal};

/// Bytes of a filter's text.
pub const MAX_TEXT: usize = 8 * 1024;
/// Words and signs of a filter's text, blanks included.
pub const MAX_TOKENS: usize = 4_000;
/// Brackets within brackets.
pub const MAX_BRACKETS: usize = 24;
/// Parameters of a filter.
pub const MAX_PARAMETERS: usize = 200;
/// Values in a list.
pub const MAX_LIST: usize = 1_000;
/// Bytes of one value.
pub const MAX_VALUE: usize = 8 * 1024;
/// Constants that the database has to read.
pub const MAX_PENDING: usize = 200;
/// Stack of the thread on which a filter is read. What is not used of it costs nothing.
const STACK_BYTES: usize = 32 * 1024 * 1024;
/// Expressions within expressions.
const MAX_DEPTH: usize = 48;
/// Expressions in all.
const MAX_NODES: usize = 10_000;

/// A constant that only the database can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constant {
    /// The type to which it is cast, as SQL. It comes from the catalog or is the name of a built-in type.
    pub sql_type: String,
    /// What is cast.
    pub text: String,
    /// Where it is in the filter's text, in bytes.
    pub at: Option<usize>,
    /// Whether it is a parameter.
    pub parameter: bool,
}

impl Constant {
    /// The error to answer with if the database refuses it.
    pub fn refused(&self, message: impl Into<String>) -> FilterError {
        literal::Origin { at: self.at, parameter: self.parameter }.refuse(message)
    }
}

/// A filter whose constants are not all read yet.
#[derive(Debug)]
pub struct Draft {
    condition: Condition,
    literals: Vec<Literal>,
    /// Of which literal each constant is the value.
    places: Vec<usize>,
    constants: Vec<Constant>,
    table: Arc<Table>,
}

impl Draft {
    /// Reads a filter for a table.
    ///
    /// # Errors
    /// It is not an expression, not one that is known here, names other columns, or its parameters do not fit.
    pub fn read(text: &str, parameters: &[serde_json::Value], table: &Arc<Table>) -> Result<Self, FilterError> {
        Self::on_own_stack(|| Self::read_here(text, parameters, table))
    }

    /// This and another filter of the same table, both of which must hold. What is read of the two is joined as trees: no text
    /// of the one can change what the other means. `table` is the one that the filter will be used for; the first may have been
    /// read as others see it.
    ///
    /// # Errors
    /// As for [`read`](Self::read), about the other filter.
    pub fn narrowed(self, text: &str, table: &Arc<Table>) -> Result<Self, FilterError> {
        Self::on_own_stack(|| self.narrowed_here(text, table))
    }

    fn narrowed_here(self, text: &str, table: &Arc<Table>) -> Result<Self, FilterError> {
        let expression = parse::parse(text)?;
        let mut checker = Checker {
            text,
            table,
            parameters: &[],
            used: Vec::new(),
            literals: self.literals,
            pending: self.places.into_iter().zip(self.constants).collect(),
            nodes: 0,
        };
        let other = checker.condition(&expression, 0)?;
        let (places, constants) = checker.pending.into_iter().unzip();
        let condition = Condition::And(vec![self.condition, other]);
        Ok(Self { condition, literals: checker.literals, places, constants, table: Arc::clone(table) })
    }

    /// What a text from the network nests must not be able to end the program: the parser takes kibibytes of stack for each level.
    fn on_own_stack(read: impl FnOnce() -> Result<Self, FilterError> + Send) -> Result<Self, FilterError> {
        let unreadable = |message| FilterError::new(ErrorCode::InvalidFilter, None, message);
        thread::scope(|scope| {
            let reader = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, read);
            let reader = reader.map_err(|_| unreadable("the server has no room to read a filter; try again"))?;
            reader.join().unwrap_or_else(|_| Err(unreadable("the filter cannot be read")))
        })
    }

    pub(super) fn read_here(
        text: &str,
        parameters: &[serde_json::Value],
        table: &Arc<Table>,
    ) -> Result<Self, FilterError> {
        if parameters.len() > MAX_PARAMETERS {
            let message = format!("a filter may have {MAX_PARAMETERS} parameters");
            return Err(FilterError::new(ErrorCode::InvalidParameter, None, message));
        }
        let expression = parse::parse(text)?;
        let mut checker = Checker {
            text,
            table,
            parameters,
            used: vec![false; parameters.len()],
            literals: Vec::new(),
            pending: Vec::new(),
            nodes: 0,
        };
        let condition = checker.condition(&expression, 0)?;
        if let Some(unused) = checker.used.iter().position(|used| !used) {
            let message = format!("the parameter ${} is not in the filter", unused + 1);
            return Err(FilterError::new(ErrorCode::InvalidParameter, None, message));
        }
        let (places, constants) = checker.pending.into_iter().unzip();
        Ok(Self { condition, literals: checker.literals, places, constants, table: Arc::clone(table) })
    }

    /// What only the database can read; most often nothing.
    pub fn constants(&self) -> &[Constant] {
        &self.constants
    }

    /// With the values of its constants: what `to_json` writes of each, under the settings that are pinned for rows.
    ///
    /// # Errors
    /// A value is not what its type has.
    pub fn bind(mut self, values: Vec<String>) -> Result<Filter, FilterError> {
        if values.len() != self.constants.len() {
            return Err(FilterError::invalid(None, "the filter's constants were not read"));
        }
        for ((value, place), constant) in values.iter().zip(&self.places).zip(&self.constants) {
            literal::resolve(&mut self.literals[*place], value)
                .ok_or_else(|| constant.refused(format!("{:?} cannot be used in a filter", constant.text)))?;
        }
        let mut uses = Vec::new();
        finish(&mut self.condition, &self.literals, &mut uses)?;
        uses.sort_unstable();
        uses.dedup();
        let mut filter = Filter {
            condition: self.condition,
            literals: self.literals,
            table: self.table,
            text: String::new(),
            uses,
            equalities: None,
        };
        filter.text = filter.write(None).0;
        let value_of = |place: usize| filter.literals[place].value.clone();
        filter.equalities = index::equalities(&filter.condition, value_of, &filter.table);
        Ok(filter)
    }
}

/// Puts the constants' values where they are looked for, and notes the columns.
fn finish(condition: &mut Condition, literals: &[Literal], uses: &mut Vec<usize>) -> Result<(), FilterError> {
    let sorted = |list: &mut tree::List| {
        let mut both: Vec<_> =
            list.constants.iter().filter_map(|place| Some((literals[*place].value.clone()?, *place))).collect();
        both.sort_by(|(a, _), (b, _)| a.compare(b).unwrap_or(Ordering::Equal));
        both.dedup_by(|(a, _), (b, _)| a.compare(b) == Some(Ordering::Equal));
        (list.values, list.constants) = both.into_iter().unzip();
    };
    condition.walk(&mut |condition| {
        match condition {
            Condition::In { list, .. } => sorted(list),
            Condition::Arrays { list, array, .. } => {
                sorted(list);
                uses.push(array.column);
            }
            Condition::Quantified { array, .. } => uses.push(array.column),
            Condition::Json { constant, tree, .. } => {
                let Some(value::Value::Json(raw)) = &literals[*constant].value else { return Ok(()) };
                let read = json::Tree::read(raw);
                *tree = Some(read.ok_or_else(|| FilterError::invalid(None, "a jsonb constant nests too deep"))?);
            }
            _ => {}
        }
        for operand in condition.operands() {
            operand.columns(uses);
        }
        Ok(())
    })
}

/// A filter, ready.
#[derive(Debug)]
pub struct Filter {
    condition: Condition,
    literals: Vec<Literal>,
    table: Arc<Table>,
    text: String,
    uses: Vec<usize>,
    equalities: Option<(usize, Vec<Scalar>)>,
}

impl Filter {
    /// What it says, with its constants: of filters of one table, those that have equal texts are equal.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// As SQL over the table alias `t`, to be put after `where`, and the texts of its parameters, which are numbered from
    /// `first`.
    pub fn condition(&self, first: usize) -> (String, Vec<Option<String>>) {
        self.write(Some(first))
    }

    fn write(&self, first: Option<usize>) -> (String, Vec<Option<String>>) {
        let mut writer = sql::Writer { table: &self.table, literals: &self.literals, first, parameters: Vec::new() };
        let sql = writer.condition(&self.condition);
        (sql, writer.parameters)
    }

    /// Whether the database would select the row: null and false are the same here.
    pub fn matches(&self, row: &Row) -> bool {
        Evaluation { literals: &self.literals, row }.condition(&self.condition) == Some(true)
    }

    /// A column and values of which it must have one for the filter to hold, if there is such a column. A row whose
    /// [`scalar`] is none of them does not match.
    pub fn equalities(&self) -> Option<&(usize, Vec<Scalar>)> {
        self.equalities.as_ref()
    }

    /// The columns that it reads, by their places, in order.
    pub fn uses(&self) -> &[usize] {
        &self.uses
    }
}

#[cfg(test)]
mod tests;
