//! Conditions: names, types and what is allowed.

use super::{
    FilterError, MAX_DEPTH,
    literal::{Origin, Type},
    parse::{offset, place},
    pattern::Pattern,
    term::{Checker, Term},
    tree::{Comparison, Condition, JsonRelation, Operand},
    value::Reader,
};
use crate::{hub::Kind, protocol::ErrorCode};
use serde_json::Value as Json;
use sqlparser::{
    ast::{BinaryOperator, Expr, InTarget, UnaryOperator, Value},
    tokenizer::Span,
};

impl<'a> Checker<'a> {
    pub(super) fn place(&self, expression: &Expr) -> Option<usize> {
        place(self.text, expression)
    }

    pub(super) fn span(&self, span: Span) -> Option<usize> {
        offset(self.text, span.start)
    }

    /// One level deeper.
    pub(super) fn deeper(&mut self, expression: &Expr, depth: usize) -> Result<usize, FilterError> {
        self.count(None)?;
        depth
            .checked_add(1)
            .filter(|depth| *depth <= MAX_DEPTH)
            .ok_or_else(|| FilterError::invalid(self.place(expression), "the expression nests too deep"))
    }

    /// Whether an expression can only be a condition.
    pub(super) fn is_condition(expression: &Expr) -> bool {
        match expression {
            Expr::BinaryOp { op, .. } => {
                comparison(op).is_some()
                    || matches!(
                        op,
                        BinaryOperator::And
                            | BinaryOperator::Or
                            | BinaryOperator::AtArrow
                            | BinaryOperator::ArrowAt
                            | BinaryOperator::PGOverlap
                            | BinaryOperator::Question
                    )
            }
            Expr::UnaryOp { op, .. } => *op == UnaryOperator::Not,
            Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::IsUnknown(_)
            | Expr::IsNotUnknown(_)
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..)
            | Expr::In { .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::ILike { .. }
            | Expr::AnyOp { .. }
            | Expr::AllOp { .. } => true,
            _ => false,
        }
    }

    pub(super) fn condition(&mut self, expression: &Expr, depth: usize) -> Result<Condition, FilterError> {
        let depth = self.deeper(expression, depth)?;
        match expression {
            Expr::Nested(inner) => self.condition(inner, depth),
            Expr::BinaryOp { op: op @ (BinaryOperator::And | BinaryOperator::Or), .. } => {
                self.chain(expression, op, depth)
            }
            Expr::BinaryOp { left, op, right } => match comparison(op) {
                Some(comparison) => {
                    let at = self.place(left);
                    let (left, right) = (self.term(left, depth)?, self.term(right, depth)?);
                    self.compare(left, comparison, right, at)
                }
                None => self.relation(expression, left, op, right, depth),
            },
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
                Ok(Condition::Not(Box::new(self.condition(expr, depth)?)))
            }
            Expr::IsTrue(of) => self.is(of, true, false, depth),
            Expr::IsNotTrue(of) => self.is(of, true, true, depth),
            Expr::IsFalse(of) => self.is(of, false, false, depth),
            Expr::IsNotFalse(of) => self.is(of, false, true, depth),
            Expr::IsUnknown(of) => self.is_unknown(of, false, depth),
            Expr::IsNotUnknown(of) => self.is_unknown(of, true, depth),
            Expr::IsNull(of) => self.is_null(of, false, true, depth),
            Expr::IsNotNull(of) => self.is_null(of, true, true, depth),
            Expr::IsDistinctFrom(left, right) => self.distinct(left, right, false, depth),
            Expr::IsNotDistinctFrom(left, right) => self.distinct(left, right, true, depth),
            Expr::Between { expr, negated, low, high } => self.between(expr, *negated, low, high, depth),
            Expr::In { expr, target, negated, .. } => {
                let InTarget::List(items) = target else {
                    return Err(self.unsupported(expression, "only lists of values can follow `in`", ""));
                };
                let condition = self.in_list(expr, items, depth)?;
                Ok(if *negated { negate(condition) } else { condition })
            }
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                self.like(expr, pattern, escape_char.as_deref(), false, *negated, depth)
            }
            Expr::ILike { negated, any: false, expr, pattern, escape_char } => {
                self.like(expr, pattern, escape_char.as_deref(), true, *negated, depth)
            }
            Expr::AnyOp { left, compare_op, right, .. } => self.quantified(left, compare_op, right, false, depth),
            Expr::AllOp { left, compare_op, right } => self.quantified(left, compare_op, right, true, depth),
            other => {
                let term = self.term(other, depth)?;
                self.truth(term, other)
            }
        }
    }

    /// A chain of `and` or `or`, which nests to the left as deep as it is long.
    fn chain(&mut self, expression: &Expr, op: &BinaryOperator, depth: usize) -> Result<Condition, FilterError> {
        let mut parts = Vec::new();
        let mut rest = expression;
        while let Expr::BinaryOp { left, op: own, right } = rest {
            if own != op {
                break;
            }
            parts.push(self.condition(right, depth)?);
            rest = left;
        }
        parts.push(self.condition(rest, depth)?);
        parts.reverse();
        Ok(if *op == BinaryOperator::And { Condition::And(parts) } else { Condition::Or(parts) })
    }

    /// A value as a condition.
    fn truth(&mut self, term: Term<'a>, expression: &Expr) -> Result<Condition, FilterError> {
        let at = self.place(expression);
        let Some((operand, of)) = self.typed(term, &Type::plain(Kind::Bool))? else {
            return Ok(Condition::Constant(None));
        };
        if of.kind != Kind::Bool {
            return Err(FilterError::invalid(
                at,
                format!("a condition is needed here, and this is of type {}", of.sql),
            ));
        }
        Ok(match operand {
            Operand::Truth(condition) => *condition,
            operand => Condition::Value(operand),
        })
    }

    pub(super) fn unsupported(&self, at: &Expr, message: &str, hint: &str) -> FilterError {
        FilterError::unsupported(self.place(at), message, hint)
    }

    fn is(&mut self, of: &Expr, value: bool, negated: bool, depth: usize) -> Result<Condition, FilterError> {
        let of = Box::new(self.condition(of, depth)?);
        Ok(Condition::Is { of, value, negated })
    }

    fn is_unknown(&mut self, of: &Expr, negated: bool, depth: usize) -> Result<Condition, FilterError> {
        let of = Operand::Truth(Box::new(self.condition(of, depth)?));
        Ok(Condition::Null { of, negated })
    }

    /// `is null`, or `is not distinct from null` if `fields` is false: the first asks composites about their fields.
    fn is_null(&mut self, of: &Expr, negated: bool, fields: bool, depth: usize) -> Result<Condition, FilterError> {
        let term = self.term(of, depth)?;
        let Some((operand, kind)) = self.typed(term, &Type::plain(Kind::Text))? else {
            return Ok(Condition::Constant(Some(!negated)));
        };
        match kind.kind {
            Kind::Other if fields => Err(self.unsupported(
                of,
                "of a composite, `is null` asks about its fields",
                "write `is not distinct from null` or `is distinct from null`",
            )),
            Kind::Json | Kind::Jsonb if matches!(operand, Operand::Column { .. }) => Err(self.unsupported(
                of,
                "the text of a row does not tell JSON's null from SQL's",
                "ask about a member: column -> 'key' is null",
            )),
            _ => Ok(Condition::Null { of: operand, negated }),
        }
    }

    pub(super) fn compare(
        &mut self,
        left: Term<'a>,
        comparison: Comparison,
        right: Term<'a>,
        at: Option<usize>,
    ) -> Result<Condition, FilterError> {
        let Some((left, right, of)) = self.pair(left, right, at)? else { return Ok(Condition::Constant(None)) };
        if of.kind == Kind::Jsonb {
            return json_equality(left, comparison, right, at);
        }
        Ok(match (&left, &right) {
            (Operand::Constant(_), Operand::Constant(_)) => Condition::Compare { left, comparison, right },
            (Operand::Constant(_), _) => {
                Condition::Compare { left: right, comparison: comparison.mirrored(), right: left }
            }
            _ => Condition::Compare { left, comparison, right },
        })
    }

    fn distinct(&mut self, left: &Expr, right: &Expr, negated: bool, depth: usize) -> Result<Condition, FilterError> {
        let is_null = |expr: &Expr| matches!(expr, Expr::Value(value) if value.value == Value::Null);
        match (is_null(left), is_null(right)) {
            (_, true) => return self.is_null(left, !negated, false, depth),
            (true, false) => return self.is_null(right, !negated, false, depth),
            _ => {}
        }
        let at = self.place(left);
        let (left, right) = (self.term(left, depth)?, self.term(right, depth)?);
        // A parameter that is null asks whether the other is.
        let of = match (&left, &right) {
            (Term::Typed { of, .. }, _) | (_, Term::Typed { of, .. }) => of.clone(),
            _ => Type::plain(Kind::Text),
        };
        let null = || Operand::Null { sql: of.sql.clone() };
        let is_null = |term: &Term<'_>| matches!(term, Term::Null | Term::Parameter { json: Json::Null, .. });
        let (left, right) = match (is_null(&left), is_null(&right)) {
            (true, true) => return Ok(Condition::Constant(Some(negated))),
            (true, false) => (self.typed(right, &of)?.map(|(operand, _)| operand).unwrap_or_else(null), null()),
            (false, true) => (self.typed(left, &of)?.map(|(operand, _)| operand).unwrap_or_else(null), null()),
            (false, false) => match self.pair(left, right, at)? {
                Some((left, right, _)) => (left, right),
                None => return Err(FilterError::invalid(at, "nothing is compared with null")),
            },
        };
        if of.kind == Kind::Jsonb || of.kind == Kind::Json || of.kind == Kind::Other {
            return Err(FilterError::unsupported(at, format!("values of type {} are not compared so", of.sql), ""));
        }
        Ok(Condition::Distinct { left, right, negated })
    }

    fn between(
        &mut self,
        of: &Expr,
        negated: bool,
        low: &Expr,
        high: &Expr,
        depth: usize,
    ) -> Result<Condition, FilterError> {
        let at = self.place(of);
        let (above, below) = if negated {
            (Comparison::Less, Comparison::Greater)
        } else {
            (Comparison::GreaterOrEqual, Comparison::LessOrEqual)
        };
        let mut parts = Vec::new();
        for (comparison, bound) in [(above, low), (below, high)] {
            let (of, bound) = (self.term(of, depth)?, self.term(bound, depth)?);
            parts.push(self.compare(of, comparison, bound, at)?);
        }
        Ok(if negated { Condition::Or(parts) } else { Condition::And(parts) })
    }

    fn like(
        &mut self,
        of: &Expr,
        pattern: &Expr,
        escape: Option<&Expr>,
        fold: bool,
        negated: bool,
        depth: usize,
    ) -> Result<Condition, FilterError> {
        let text = Type::plain(Kind::Text);
        let at = self.place(pattern);
        let term = self.term(of, depth)?;
        let of_text = self.typed(term, &text)?;
        let term = self.term(pattern, depth)?;
        let pattern = self.typed(term, &text)?;
        let (Some((operand, kind)), Some((pattern, _))) = (of_text, pattern) else {
            return Ok(Condition::Constant(None));
        };
        let Operand::Constant(place) = pattern else {
            return Err(FilterError::unsupported(at, "a pattern must be a constant", ""));
        };
        let operand = match (operand, &kind.kind) {
            (operand, Kind::Text) => operand,
            // Here the blanks count.
            (Operand::Column { column, .. }, Kind::Bpchar) => Operand::Column { column, reader: Some(Reader::Text) },
            _ => {
                return Err(FilterError::invalid(self.place(of), format!("{} is not text", kind.sql))
                    .with_hint("cast it to text, where that is possible"));
            }
        };
        let escape = match escape {
            None => Some('\\'),
            Some(Expr::Value(value)) => match &value.value {
                Value::SingleQuotedString(text) if text.chars().count() <= 1 => text.chars().next(),
                _ => return Err(FilterError::invalid(at, "an escape character is one quoted character, or none")),
            },
            Some(_) => return Err(FilterError::invalid(at, "an escape character is one quoted character, or none")),
        };
        let pattern = Pattern::read(&self.literals[place].text, escape, fold).map_err(|_| {
            FilterError::invalid(at, "the pattern ends with its escape character").with_hint("write it twice")
        })?;
        Ok(Condition::Like { of: operand, pattern, negated })
    }

    fn relation(
        &mut self,
        whole: &Expr,
        left: &Expr,
        op: &BinaryOperator,
        right: &Expr,
        depth: usize,
    ) -> Result<Condition, FilterError> {
        let at = self.place(left);
        match op {
            BinaryOperator::AtArrow | BinaryOperator::ArrowAt | BinaryOperator::PGOverlap => {
                if let Some(condition) = self.array_relation(left, op, right, depth)? {
                    return Ok(condition);
                }
                let (of, constant) = if *op == BinaryOperator::AtArrow { (left, right) } else { (right, left) };
                let (of, constant) = (self.term(of, depth)?, self.term(constant, depth)?);
                let jsonb = Type::plain(Kind::Jsonb);
                match (self.typed(of, &jsonb)?, self.typed(constant, &jsonb)?) {
                    (Some((of, kind)), Some((Operand::Constant(constant), other)))
                        if kind == jsonb && other == jsonb && *op != BinaryOperator::PGOverlap =>
                    {
                        Ok(Condition::Json { of, relation: JsonRelation::Contains, constant, tree: None })
                    }
                    (None, Some(_)) | (Some(_), None) => Ok(Condition::Constant(None)),
                    _ => Err(FilterError::unsupported(
                        at,
                        format!("{op} is known between an array's column and array[…], and of a jsonb and a constant"),
                        "",
                    )),
                }
            }
            BinaryOperator::Question => {
                let (of, key) = (self.term(left, depth)?, self.term(right, depth)?);
                let of = self.typed(of, &Type::plain(Kind::Jsonb))?;
                match (of, self.typed(key, &Type::plain(Kind::Text))?) {
                    (Some((of, kind)), Some((Operand::Constant(key), text)))
                        if kind.kind == Kind::Jsonb && text.kind == Kind::Text =>
                    {
                        Ok(Condition::HasKey { of, key })
                    }
                    (None, _) | (_, None) => Ok(Condition::Constant(None)),
                    _ => Err(FilterError::unsupported(at, "? is known of a jsonb and a constant", "")),
                }
            }
            _ => {
                let term = self.term(whole, depth)?;
                self.truth(term, whole)
            }
        }
    }

    /// The parameter that an expression is.
    pub(super) fn parameter(&mut self, expression: &Expr) -> Result<Option<(&'a Json, Origin)>, FilterError> {
        let Expr::Value(value) = expression else { return Ok(None) };
        let Value::Placeholder(name) = &value.value else { return Ok(None) };
        let at = self.span(value.span);
        let number = name.strip_prefix('$').and_then(|digits| digits.parse::<usize>().ok()).unwrap_or(0);
        let parameters: &'a [Json] = self.parameters;
        let Some(json) = number.checked_sub(1).and_then(|place| parameters.get(place)) else {
            return Err(FilterError::new(
                ErrorCode::InvalidParameter,
                at,
                format!("there is no parameter {name}: {} were given", parameters.len()),
            ));
        };
        self.used[number - 1] = true;
        Ok(Some((json, Origin { at, parameter: true })))
    }
}

/// `jsonb = constant`, `jsonb <> constant`
fn json_equality(
    left: Operand,
    comparison: Comparison,
    right: Operand,
    at: Option<usize>,
) -> Result<Condition, FilterError> {
    let relation = match comparison {
        Comparison::Equal => JsonRelation::Equal,
        Comparison::NotEqual => JsonRelation::NotEqual,
        _ => {
            return Err(FilterError::unsupported(
                at,
                "of jsonb only equality is known",
                "compare a member's text: column ->> 'key'",
            ));
        }
    };
    match (left, right) {
        (of, Operand::Constant(constant)) | (Operand::Constant(constant), of) => {
            Ok(Condition::Json { of, relation, constant, tree: None })
        }
        _ => Err(FilterError::unsupported(at, "a jsonb can be compared only with a constant", "")),
    }
}

fn negate(condition: Condition) -> Condition {
    match condition {
        Condition::In { of, list, negated } => Condition::In { of, list, negated: !negated },
        other => Condition::Not(Box::new(other)),
    }
}

pub(super) fn comparison(op: &BinaryOperator) -> Option<Comparison> {
    Some(match op {
        BinaryOperator::Eq => Comparison::Equal,
        BinaryOperator::NotEq => Comparison::NotEqual,
        BinaryOperator::Lt => Comparison::Less,
        BinaryOperator::LtEq => Comparison::LessOrEqual,
        BinaryOperator::Gt => Comparison::Greater,
        BinaryOperator::GtEq => Comparison::GreaterOrEqual,
        _ => return None,
    })
}
