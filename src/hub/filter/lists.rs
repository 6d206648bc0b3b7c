//! A value and several others: `in`, `any` and `all`.

use super::{
    FilterError, MAX_LIST,
    array::{elements_of, is_array},
    check::comparison,
    literal::{self, Origin, Type},
    term::{Checker, Term},
    tree::{Comparison, Condition, List, Operand},
};
use crate::hub::Kind;
use serde_json::Value as Json;
use sqlparser::ast::{BinaryOperator, Expr};

/// One of several things that a value is compared with.
#[derive(Clone, Copy)]
pub(super) enum Item<'e, 'a> {
    Expression(&'e Expr),
    Parameter(&'a Json, Origin),
}

/// How constants in a list are read.
#[derive(Default)]
struct Reading {
    /// Numbers as `real`.
    single: bool,
    /// As the type of an array's members, whatever they are compared with.
    members: Option<Type>,
}

impl<'a> Checker<'a> {
    pub(super) fn in_list(&mut self, of: &Expr, items: &[Expr], depth: usize) -> Result<Condition, FilterError> {
        let mut all = Vec::new();
        for item in items {
            match self.parameter(item)? {
                Some((Json::Array(values), origin)) => {
                    all.extend(values.iter().map(|value| Item::Parameter(value, origin)));
                }
                _ => all.push(Item::Expression(item)),
            }
        }
        // With several constants Postgres looks for a type that suits them all, and that of a real and of numbers is real.
        // What has columns in it is compared by itself.
        let constants = all.iter().filter(|item| !matches!(item, Item::Expression(item) if !is_constant(item))).count();
        let single =
            constants > 1 && matches!(self.term(of, depth)?, Term::Typed { of, .. } if of.kind == Kind::Float4);
        self.one_of(of, &all, Comparison::Equal, false, &Reading { single, members: None }, depth)
    }

    /// A value compared with each of several: with any of them, or with all.
    fn one_of(
        &mut self,
        of: &Expr,
        items: &[Item<'_, 'a>],
        comparison: Comparison,
        all: bool,
        reading: &Reading,
        depth: usize,
    ) -> Result<Condition, FilterError> {
        let at = self.place(of);
        if items.len() > MAX_LIST {
            return Err(FilterError::invalid(at, format!("a list may have {MAX_LIST} values")));
        }
        let mut parts = Vec::new();
        let mut lists: Vec<(String, Operand, List)> = Vec::new();
        let mut null = false;
        for item in items {
            let (left, right) = (self.term(of, depth)?, self.member(item, depth)?);
            let (left, right) = match &reading.members {
                // What stands before the array takes part only if it has no type of its own.
                Some(members) if matches!(left, Term::Typed { .. }) => (left, self.as_member(right, members)?),
                Some(members) => (self.as_member(left, members)?, self.as_member(right, members)?),
                None => (left, right),
            };
            let right = match right {
                Term::Typed { operand: Operand::Constant(place), of } if reading.single && of.kind != Kind::Float8 => {
                    Term::Untyped { text: self.literals[place].text.clone(), origin: Origin { at, parameter: false } }
                }
                right => right,
            };
            match self.compare(left, comparison, right, at)? {
                Condition::Compare { left, comparison: Comparison::Equal, right: Operand::Constant(constant) }
                    if !all =>
                {
                    let form = format!("{left:?}");
                    match lists.iter_mut().find(|(own, ..)| *own == form) {
                        Some((.., list)) => list.constants.push(constant),
                        None => lists.push((
                            form,
                            left,
                            List { constants: vec![constant], null: false, values: Vec::new() },
                        )),
                    }
                }
                Condition::Constant(None) => null = true,
                other => parts.push(other),
            }
        }
        for (_, of, list) in lists {
            parts.push(match list.constants.as_slice() {
                [constant] => {
                    Condition::Compare { left: of, comparison: Comparison::Equal, right: Operand::Constant(*constant) }
                }
                _ => Condition::In { of, list, negated: false },
            });
        }
        if null {
            parts.push(Condition::Constant(None));
        }
        Ok(match (parts.len(), all) {
            (0, all) => Condition::Constant(Some(all)),
            (1, _) => parts.remove(0),
            (_, true) => Condition::And(parts),
            (_, false) => Condition::Or(parts),
        })
    }

    pub(super) fn quantified(
        &mut self,
        left: &Expr,
        op: &BinaryOperator,
        right: &Expr,
        all: bool,
        depth: usize,
    ) -> Result<Condition, FilterError> {
        let at = self.place(left);
        let Some(comparison) = comparison(op) else {
            return Err(FilterError::unsupported(at, format!("{op} is not known with any or all"), ""));
        };
        let mut array = right;
        while let Expr::Nested(inner) = array {
            array = inner;
        }
        if let Expr::Array(list) = array {
            let items: Vec<_> = list.elem.iter().map(Item::Expression).collect();
            let members = match self.type_of_members(&items, at, depth)? {
                // It is an array of texts, whose trailing blanks count, while those of the same constant alone would not.
                None if matches!(self.term(left, depth)?, Term::Typed { of, .. } if of.kind == Kind::Bpchar) => {
                    Some(Type::plain(Kind::Text))
                }
                members => members,
            };
            return self.one_of(left, &items, comparison, all, &Reading { single: false, members }, depth);
        }
        match self.parameter(array)? {
            Some((Json::Array(values), origin)) => {
                let items: Vec<_> = values.iter().map(|value| Item::Parameter(value, origin)).collect();
                return self.one_of(left, &items, comparison, all, &Reading::default(), depth);
            }
            Some((Json::Null, _)) => return Ok(Condition::Constant(None)),
            Some((_, origin)) => return Err(origin.refuse("the parameter must be an array")),
            None => {}
        }
        let Some(column) = self.column(array)? else {
            return Err(self.unsupported(array, "any and all need a column, a parameter or array[…]", ""));
        };
        let elements = elements_of(self.table, column, self.place(array))?;
        let element = Term::Typed {
            operand: Operand::Column { column, reader: Some(elements.reader.clone()) },
            of: is_array(self.table, column).unwrap_or_else(|| Type::plain(Kind::Text)),
        };
        let left = self.term(left, depth)?;
        match self.pair(left, element, at)? {
            Some((left, Operand::Column { .. }, _)) => {
                Ok(Condition::Quantified { left, comparison, array: elements, all })
            }
            Some(_) => Err(FilterError::unsupported(at, "the elements are of another type", "cast the value")),
            None => Err(FilterError::unsupported(at, "a null is compared with elements", "")),
        }
    }

    fn member(&mut self, item: &Item<'_, 'a>, depth: usize) -> Result<Term<'a>, FilterError> {
        match item {
            Item::Expression(item) => self.term(item, depth),
            Item::Parameter(json, origin) => Ok(Term::Parameter { json, origin: *origin }),
        }
    }

    /// The type of an array's members, as far as they have types: in Postgres an array has one, and what is compared with
    /// it has no say in that.
    fn type_of_members(
        &mut self,
        items: &[Item<'_, 'a>],
        at: Option<usize>,
        depth: usize,
    ) -> Result<Option<Type>, FilterError> {
        let (mut members, mut exact): (Option<Type>, bool) = (None, false);
        for item in items {
            let Term::Typed { operand, of } = self.member(item, depth)? else { continue };
            exact |= literal::is_exact(&of.kind) && !matches!(operand, Operand::Constant(_));
            members = Some(match members {
                None => of,
                Some(so_far) => match wider(&so_far, &of) {
                    Some(wider) => wider,
                    None => {
                        let message = format!("{} and {} are not members of one array", so_far.sql, of.sql);
                        return Err(FilterError::unsupported(at, message, "cast one of them"));
                    }
                },
            });
        }
        match &members {
            // They would be rounded before they are compared.
            Some(of) if literal::is_float(&of.kind) && exact => Err(FilterError::unsupported(
                at,
                "an array of floating-point numbers and others rounds the others",
                "compare with each by itself: x = a or x = b",
            )),
            _ => Ok(members),
        }
    }

    /// A constant read as a member of an array.
    fn as_member(&mut self, term: Term<'a>, members: &Type) -> Result<Term<'a>, FilterError> {
        Ok(match term {
            Term::Typed { operand: Operand::Constant(place), of } if literal::is_float(&members.kind) => {
                if literal::is_float(&of.kind) || !literal::is_number(&of.kind) {
                    Term::Typed { operand: Operand::Constant(place), of }
                } else {
                    let text = self.literals[place].text.clone();
                    let operand = self.constant(text, members, Origin { at: None, parameter: false })?;
                    Term::Typed { operand, of: members.clone() }
                }
            }
            Term::Typed { .. } | Term::Null => term,
            Term::Untyped { .. } | Term::Parameter { .. } => match self.typed(term, members)? {
                Some((operand, of)) => Term::Typed { operand, of },
                None => Term::Null,
            },
        })
    }
}

/// The type that an array of both has, if it is known here.
fn wider(a: &Type, b: &Type) -> Option<Type> {
    use Kind::{Date, Float4, Float8, Int2, Int4, Int8, Numeric, Timestamp, Timestamptz};
    const NUMBERS: [Kind; 6] = [Int2, Int4, Int8, Numeric, Float4, Float8];
    const MOMENTS: [Kind; 3] = [Date, Timestamp, Timestamptz];
    if a == b || (a.kind == b.kind && !matches!(a.kind, Kind::Enum { .. })) {
        return Some(a.clone());
    }
    let place = |of: &Type| {
        [NUMBERS.as_slice(), MOMENTS.as_slice()]
            .into_iter()
            .enumerate()
            .find_map(|(family, kinds)| Some((family, kinds.iter().position(|kind| *kind == of.kind)?)))
    };
    match (place(a)?, place(b)?) {
        ((one, rank), (other, beside)) if one == other => Some(if rank >= beside { a.clone() } else { b.clone() }),
        _ => None,
    }
}

/// Whether no column is in it.
fn is_constant(expression: &Expr) -> bool {
    match expression {
        Expr::Value(_) | Expr::TypedString(_) => true,
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } | Expr::Cast { expr: inner, .. } => is_constant(inner),
        Expr::BinaryOp { left, right, .. } => is_constant(left) && is_constant(right),
        _ => false,
    }
}
