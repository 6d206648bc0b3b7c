//! Columns of arrays. The text of a row has their elements, and not where their subscripts begin: so elements are asked for
//! wherever they are, and subscripts and equality of arrays are refused.

use super::{
    FilterError,
    lists::Item,
    literal::Type,
    term::{Checker, Term},
    tree::{Condition, Elements, List, Operand, Relation},
    value::Reader,
};
use crate::hub::{Kind, Table};
use serde_json::Value as Json;
use sqlparser::ast::{BinaryOperator, Expr};

/// The type of the elements of a column, if it is an array.
pub(super) fn is_array(table: &Table, column: usize) -> Option<Type> {
    let column = &table.columns[column];
    let Kind::Array { of } = &column.kind else { return None };
    Some(Type::new(of, column.sql.strip_suffix("[]").unwrap_or_default()))
}

/// A column's elements, if they can be compared.
pub(super) fn elements_of(table: &Table, column: usize, at: Option<usize>) -> Result<Elements, FilterError> {
    let declared = &table.columns[column].sql;
    let Some(of) = is_array(table, column) else {
        return Err(FilterError::invalid(at, format!("{declared} is not an array")));
    };
    let reader = match &of.kind {
        Kind::Json | Kind::Jsonb | Kind::Array { .. } | Kind::Other => None,
        kind => Reader::of(kind),
    };
    let Some(reader) = reader.filter(|_| !of.sql.is_empty()) else {
        return Err(FilterError::unsupported(at, format!("elements of {declared} are not compared in filters"), ""));
    };
    let elements = format!("{}[]", of.sql);
    // Labels of an enumeration need no cast, except those of a domain over it.
    let cast = (!matches!(of.kind, Kind::Enum { .. }) || *declared != elements).then_some(elements);
    Ok(Elements { column, reader, cast, element: of.sql })
}

impl<'a> Checker<'a> {
    /// `column @> list`, `list <@ column`, `column && list`, …; `None` if neither side is a column of arrays.
    pub(super) fn array_relation(
        &mut self,
        left: &Expr,
        op: &BinaryOperator,
        right: &Expr,
        depth: usize,
    ) -> Result<Option<Condition>, FilterError> {
        let array = |column: Option<usize>, table: &Table| column.filter(|column| is_array(table, *column).is_some());
        let left_column = array(self.column_if_any(left), self.table);
        let right_column = array(self.column_if_any(right), self.table);
        let (column, other, mirrored) = match (left_column, right_column) {
            (Some(column), None) => (column, right, false),
            (None, Some(column)) => (column, left, true),
            (Some(_), Some(_)) => {
                return Err(self.unsupported(left, "two columns of arrays are not compared in filters", ""));
            }
            (None, None) => return Ok(None),
        };
        let relation = match (op, mirrored) {
            (BinaryOperator::PGOverlap, _) => Relation::Overlaps,
            (BinaryOperator::AtArrow, false) | (BinaryOperator::ArrowAt, true) => Relation::Contains,
            _ => Relation::IsContained,
        };
        let elements = elements_of(self.table, column, self.place(left))?;
        let of = is_array(self.table, column).unwrap_or_else(|| Type::plain(Kind::Text));
        let list = self.list(other, &of, depth)?;
        Ok(Some(match list {
            Some(list) => Condition::Arrays { array: elements, relation, list },
            None => Condition::Constant(None),
        }))
    }

    fn list(&mut self, expression: &Expr, of: &Type, depth: usize) -> Result<Option<List>, FilterError> {
        let mut items = Vec::new();
        match (expression, self.parameter(expression)?) {
            (_, Some((Json::Null, _))) => return Ok(None),
            (_, Some((Json::Array(values), origin))) => {
                items.extend(values.iter().map(|value| Item::Parameter(value, origin)));
            }
            (Expr::Array(list), _) => items.extend(list.elem.iter().map(Item::Expression)),
            (_, Some((_, origin))) => return Err(origin.refuse("the parameter must be an array")),
            _ => {
                return Err(self.unsupported(
                    expression,
                    "a list of constants is needed here",
                    "write array['a', 'b'], or give an array as a parameter",
                ));
            }
        }
        if items.len() > super::MAX_LIST {
            return Err(FilterError::invalid(
                self.place(expression),
                format!("a list may have {} values", super::MAX_LIST),
            ));
        }
        let mut list = List { constants: Vec::new(), null: false, values: Vec::new() };
        for item in items {
            let term = match item {
                Item::Expression(item) => self.term(item, depth)?,
                Item::Parameter(json, origin) => Term::Parameter { json, origin },
            };
            // A number without quotes is read as what the elements are.
            let term = match term {
                Term::Typed { operand: Operand::Constant(place), of: own } if own != *of => {
                    let origin = super::literal::Origin { at: self.place(expression), parameter: false };
                    let numbers = super::literal::is_number(&own.kind) && super::literal::is_number(&of.kind);
                    if !numbers {
                        return Err(origin.refuse(format!("{} is not an element of {}[]", own.sql, of.sql)));
                    }
                    Term::Untyped { text: self.literals[place].text.clone(), origin }
                }
                term => term,
            };
            match self.typed(term, of)? {
                None => list.null = true,
                Some((Operand::Constant(constant), _)) => list.constants.push(constant),
                Some(_) => return Err(self.unsupported(expression, "a list of constants is needed here", "")),
            }
        }
        Ok(Some(list))
    }

    /// The column that an expression is, if it is one.
    pub(super) fn column_if_any(&self, expression: &Expr) -> Option<usize> {
        self.column(expression).ok().flatten()
    }
}
