//! Terms: what an expression is before it is known what it is compared with, and how two of them come together.
//!
//! As in Postgres, a quoted constant has no type until something beside it has one. Parameters are the same, and are read
//! as whatever is needed where they stand.

use super::{
    Constant, FilterError, MAX_NODES, MAX_PENDING,
    literal::{self, Origin, Type},
    tree::{Literal, Operand},
    value::Reader,
};
use crate::hub::{Kind, Table};
use serde_json::Value as Json;

/// An expression that has a value.
pub(super) enum Term<'a> {
    Typed { operand: Operand, of: Type },
    Untyped { text: String, origin: Origin },
    Parameter { json: &'a Json, origin: Origin },
    Null,
}

/// What is gathered while a filter is checked.
pub(super) struct Checker<'a> {
    pub(super) text: &'a str,
    pub(super) table: &'a Table,
    pub(super) parameters: &'a [Json],
    pub(super) used: Vec<bool>,
    pub(super) literals: Vec<Literal>,
    /// What the database has to read, and for which constant.
    pub(super) pending: Vec<(usize, Constant)>,
    pub(super) nodes: usize,
}

impl<'a> Checker<'a> {
    /// Counts what is built, so that a short text cannot become a large tree.
    pub(super) fn count(&mut self, at: Option<usize>) -> Result<(), FilterError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(FilterError::invalid(at, "the filter is too large"));
        }
        Ok(())
    }

    pub(super) fn constant(&mut self, text: String, of: &Type, origin: Origin) -> Result<Operand, FilterError> {
        let literal = literal::read(text, of, origin)?;
        let place = self.literals.len();
        if literal.value.is_none() {
            if self.pending.len() == MAX_PENDING {
                return Err(origin.refuse(format!("a filter may have {MAX_PENDING} constants of such types")));
            }
            let constant = Constant {
                sql_type: literal.cast.clone(),
                text: literal.text.clone(),
                at: origin.at,
                parameter: origin.parameter,
            };
            self.pending.push((place, constant));
        }
        self.literals.push(literal);
        Ok(Operand::Constant(place))
    }

    /// A term as a value of a type, if it has none yet; `None` for null.
    pub(super) fn typed(&mut self, term: Term<'a>, of: &Type) -> Result<Option<(Operand, Type)>, FilterError> {
        Ok(match term {
            Term::Null => None,
            Term::Typed { operand, of } => Some((operand, of)),
            Term::Untyped { text, origin } => Some((self.constant(text, of, origin)?, of.clone())),
            Term::Parameter { json, origin } => match literal::parameter_text(json, &of.kind, origin)? {
                None => None,
                Some(text) => Some((self.constant(text, of, origin)?, of.clone())),
            },
        })
    }

    /// Two terms as operands that can be compared, and the type as which; `None` if one of them is null.
    pub(super) fn pair(
        &mut self,
        left: Term<'a>,
        right: Term<'a>,
        at: Option<usize>,
    ) -> Result<Option<(Operand, Operand, Type)>, FilterError> {
        let of = match (&left, &right) {
            (Term::Typed { of, .. }, _) | (_, Term::Typed { of, .. }) => of.clone(),
            _ => Type::plain(Kind::Text),
        };
        let other = match (&left, &right) {
            (Term::Typed { .. }, Term::Typed { of, .. }) => of.clone(),
            _ => of.clone(),
        };
        self.comparable(&of, &other, at)?;
        let (left, right) = (self.typed(left, &of)?, self.typed(right, &of)?);
        let (Some((left, left_type)), Some((right, right_type))) = (left, right) else { return Ok(None) };
        if literal::is_float(&left_type.kind) != literal::is_float(&right_type.kind) {
            let left = self.float(left, &left_type, at)?;
            let right = self.float(right, &right_type, at)?;
            return Ok(Some((left, right, Type::plain(Kind::Float8))));
        }
        Ok(Some((left, right, of)))
    }

    /// Whether values of two types can be compared as Postgres does, without doubt about how it does.
    fn comparable(&self, a: &Type, b: &Type, at: Option<usize>) -> Result<(), FilterError> {
        use Kind::{Bpchar, Date, Text, Timestamp, Timestamptz};
        for of in [a, b] {
            if Reader::of(&of.kind).is_none() {
                let hint = match of.kind {
                    Kind::Array { .. } => "compare its elements: = any (column), @>, <@ or &&",
                    Kind::Json => "use jsonb",
                    _ => "only `is not distinct from null` can be asked of it",
                };
                return Err(FilterError::unsupported(
                    at,
                    format!("values of type {} are not compared in filters", of.sql),
                    hint,
                ));
            }
        }
        let moment = |kind: &Kind| matches!(kind, Date | Timestamp | Timestamptz);
        match (&a.kind, &b.kind) {
            (a, b) if literal::is_number(a) && literal::is_number(b) => Ok(()),
            (a, b) if moment(a) && moment(b) => Ok(()),
            (Kind::Enum { .. }, _) if a == b => Ok(()),
            (one, other) if one == other && !matches!(one, Kind::Enum { .. }) => Ok(()),
            (Text, Bpchar) | (Bpchar, Text) => Err(FilterError::unsupported(
                at,
                "text and character(n) are compared in different ways, depending on what text it is",
                "cast the character(n) to text",
            )),
            _ => Err(FilterError::invalid(at, format!("{} and {} cannot be compared", a.sql, b.sql))
                .with_hint("quote the constant, or cast one of them")),
        }
    }

    /// A number as a double, where that cannot fail.
    pub(super) fn float(&mut self, operand: Operand, of: &Type, at: Option<usize>) -> Result<Operand, FilterError> {
        match (&operand, &of.kind) {
            (_, kind) if literal::is_float(kind) => Ok(operand),
            (Operand::Constant(place), _) => {
                let text = self.literals[*place].text.clone();
                self.constant(text, &Type::plain(Kind::Float8), Origin { at, parameter: false })
            }
            (_, Kind::Int2 | Kind::Int4 | Kind::Int8) => Ok(Operand::Float(Box::new(operand))),
            _ => Err(FilterError::unsupported(
                at,
                "a numeric may be too large for the floating-point number that it is compared with",
                "compare it with a constant",
            )),
        }
    }
}
