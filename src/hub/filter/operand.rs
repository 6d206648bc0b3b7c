//! Terms from the parser's tree: columns, constants, steps into `jsonb`, casts, functions and arithmetic.

use super::{
    FilterError,
    literal::{self, Origin, Type},
    term::{Checker, Term},
    tree::{Arithmetic, Condition, Operand, TextForm},
    value::{Reader, Step},
};
use crate::{hub::Kind, protocol::ErrorCode};
use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    ObjectNamePart, TimezoneInfo, UnaryOperator, Value,
};

/// Digits that a number may have in arithmetic; numeric has 16,383 after the point, and more before it.
const ARITHMETIC_DIGITS: usize = 10_000;
/// Digits of the largest integer.
const INTEGER_DIGITS: usize = 20;
/// Words that are values to Postgres unless they are quoted.
const RESERVED: [&str; 13] = [
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "localtime",
    "localtimestamp",
    "session_user",
    "system_user",
    "user",
];

impl<'a> Checker<'a> {
    pub(super) fn term(&mut self, expression: &Expr, depth: usize) -> Result<Term<'a>, FilterError> {
        if Self::is_condition(expression) {
            let condition = self.condition(expression, depth)?;
            return Ok(truth(condition));
        }
        let depth = self.deeper(expression, depth)?;
        if let Some(column) = self.column(expression)? {
            let declared = &self.table.columns[column];
            let of = Type::new(&declared.kind, &declared.sql);
            return Ok(typed(Operand::Column { column, reader: Reader::of(&declared.kind) }, of));
        }
        if let Some((json, origin)) = self.parameter(expression)? {
            return Ok(Term::Parameter { json, origin });
        }
        match expression {
            Expr::Nested(inner) => self.term(inner, depth),
            Expr::Value(value) => {
                let at = self.span(value.span);
                self.value(&value.value, Origin { at, parameter: false })
            }
            Expr::UnaryOp { op: UnaryOperator::Plus, expr } => self.term(expr, depth),
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => self.negation(expr, depth),
            Expr::BinaryOp { left, op, right } => self.operation(expression, left, op, right, depth),
            Expr::Cast { kind: CastKind::Cast | CastKind::DoubleColon, expr, data_type, format: None } => {
                self.cast(expr, data_type, depth)
            }
            Expr::TypedString(typed) => match (&typed.value.value, kind_of(&typed.data_type)) {
                (Value::SingleQuotedString(text), Some(kind)) => {
                    self.literal(text, kind, Origin { at: self.span(typed.value.span), parameter: false })
                }
                _ => Err(self.unsupported(expression, "this constant is not known", "")),
            },
            Expr::Interval(interval) if interval.leading_field.is_none() => match interval.value.as_ref() {
                Expr::Value(value) => match &value.value {
                    Value::SingleQuotedString(text) => {
                        self.literal(text, Kind::Interval, Origin { at: self.span(value.span), parameter: false })
                    }
                    _ => Err(self.unsupported(expression, "an interval is a quoted constant", "interval '1 day'")),
                },
                _ => Err(self.unsupported(expression, "an interval is a quoted constant", "interval '1 day'")),
            },
            Expr::Collate { expr, collation } if collation.to_string() == "\"C\"" => self.term(expr, depth),
            Expr::Collate { .. } => {
                Err(self.unsupported(expression, "texts are compared under the collation \"C\" only", ""))
            }
            Expr::Function(function) => self.function(expression, function, depth),
            Expr::CompoundFieldAccess { .. } => Err(self.unsupported(
                expression,
                "the text of a row does not say where subscripts begin",
                "ask for any element: value = any (column)",
            )),
            _ => Err(self.unsupported(expression, "this kind of expression is not known in filters", "")),
        }
    }

    fn literal(&mut self, text: &str, kind: Kind, origin: Origin) -> Result<Term<'a>, FilterError> {
        let of = Type::plain(kind);
        Ok(typed(self.constant(text.to_owned(), &of, origin)?, of))
    }

    /// The column that a name means.
    pub(super) fn column(&self, expression: &Expr) -> Result<Option<usize>, FilterError> {
        let name = match expression {
            Expr::Nested(inner) => return self.column(inner),
            Expr::Identifier(name) => name,
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, name] if folded(table) == self.table.name => name,
                _ => {
                    return Err(FilterError::new(
                        ErrorCode::UnknownColumn,
                        self.place(expression),
                        "only columns of the table itself can be named",
                    ));
                }
            },
            _ => return Ok(None),
        };
        let at = self.span(name.span);
        let own = folded(name);
        if name.quote_style.is_none() && RESERVED.contains(&own.as_str()) {
            return Err(FilterError::unsupported(
                at,
                format!("{own} is another value for each who asks"),
                "to mean a column, quote it",
            ));
        }
        match self.table.place(&own) {
            Some(column) => Ok(Some(column)),
            None => Err(FilterError::new(ErrorCode::UnknownColumn, at, format!("there is no column {own:?}"))),
        }
    }

    fn value(&mut self, value: &Value, origin: Origin) -> Result<Term<'a>, FilterError> {
        match value {
            Value::Null => Ok(Term::Null),
            Value::Boolean(value) => Ok(truth(Condition::Constant(Some(*value)))),
            Value::SingleQuotedString(text) => Ok(Term::Untyped { text: text.clone(), origin }),
            Value::Number(digits, _) => {
                let kind = match digits.parse::<i64>() {
                    Ok(value) if i32::try_from(value).is_ok() => Kind::Int4,
                    Ok(_) => Kind::Int8,
                    Err(_) => Kind::Numeric,
                };
                self.literal(digits, kind, origin)
            }
            _ => Err(FilterError::unsupported(
                origin.at,
                "this way of quoting is not known in filters",
                "use single quotes, doubled within the text, or a parameter",
            )),
        }
    }

    fn negation(&mut self, of: &Expr, depth: usize) -> Result<Term<'a>, FilterError> {
        let at = self.place(of);
        let term = self.term(of, depth)?;
        match term {
            Term::Typed { operand: Operand::Constant(place), of } if literal::is_number(&of.kind) => {
                let text = &self.literals[place].text;
                let text = text.strip_prefix('-').map_or_else(|| format!("-{text}"), str::to_owned);
                let of = if of.kind == Kind::Int4 { Type::plain(Kind::Int8) } else { of };
                Ok(typed(self.constant(text, &of, Origin { at, parameter: false })?, of))
            }
            term => {
                let zero = Type::plain(Kind::Int4);
                let zero = typed(self.constant("0".to_owned(), &zero, Origin { at, parameter: false })?, zero);
                self.arithmetic(zero, Arithmetic::Difference, term, at)
            }
        }
    }

    fn operation(
        &mut self,
        whole: &Expr,
        left: &Expr,
        op: &BinaryOperator,
        right: &Expr,
        depth: usize,
    ) -> Result<Term<'a>, FilterError> {
        let at = self.place(left);
        match op {
            BinaryOperator::Arrow | BinaryOperator::LongArrow => {
                self.step(left, right, *op == BinaryOperator::LongArrow, depth)
            }
            BinaryOperator::StringConcat => {
                let (left, right) = (self.term(left, depth)?, self.term(right, depth)?);
                let text = Type::plain(Kind::Text);
                let (Some((left, one)), Some((right, other))) = (self.typed(left, &text)?, self.typed(right, &text)?)
                else {
                    return Ok(Term::Null);
                };
                if one != text || other != text {
                    return Err(FilterError::unsupported(at, "|| is known of texts", "cast to text"));
                }
                Ok(typed(Operand::Concatenation(Box::new(left), Box::new(right)), text))
            }
            BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply => {
                let operation = match op {
                    BinaryOperator::Plus => Arithmetic::Sum,
                    BinaryOperator::Minus => Arithmetic::Difference,
                    _ => Arithmetic::Product,
                };
                let (left, right) = (self.term(left, depth)?, self.term(right, depth)?);
                self.arithmetic(left, operation, right, at)
            }
            BinaryOperator::Divide | BinaryOperator::Modulo => Err(FilterError::unsupported(
                at,
                "division raises where the divisor is zero, and rounds",
                "multiply the other side instead",
            )),
            _ => Err(self.unsupported(whole, &format!("the operator {op} is not known in filters"), "")),
        }
    }

    fn arithmetic(
        &mut self,
        left: Term<'a>,
        operation: Arithmetic,
        right: Term<'a>,
        at: Option<usize>,
    ) -> Result<Term<'a>, FilterError> {
        let Some((left, right, _)) = self.pair(left, right, at)? else { return Ok(Term::Null) };
        let result = Operand::Arithmetic { left: Box::new(left), operation, right: Box::new(right) };
        match self.digits(&result) {
            Some(digits) if digits <= ARITHMETIC_DIGITS => Ok(typed(result, Type::plain(Kind::Numeric))),
            _ => Err(FilterError::unsupported(
                at,
                "arithmetic is known of integers and of numeric(precision, scale), within 10000 digits",
                "others can overflow",
            )),
        }
    }

    /// How many digits a number may have at most; `None` if that is not known.
    fn digits(&self, operand: &Operand) -> Option<usize> {
        match operand {
            Operand::Constant(place) => {
                let literal = &self.literals[*place];
                let exponent = if literal.text.contains(['e', 'E']) { 1000 } else { 0 };
                (literal.reader == Reader::Number && literal.value.is_some()).then_some(literal.text.len() + exponent)
            }
            Operand::Column { column, .. } => {
                let column = &self.table.columns[*column];
                match column.kind {
                    Kind::Int2 | Kind::Int4 | Kind::Int8 => Some(INTEGER_DIGITS),
                    Kind::Numeric => {
                        let inner = column.sql.strip_prefix("numeric(")?.strip_suffix(')')?;
                        let (precision, scale) = inner.split_once(',')?;
                        let scale: i32 = scale.trim().parse().ok()?;
                        Some(precision.trim().parse::<usize>().ok()? + scale.unsigned_abs() as usize)
                    }
                    _ => None,
                }
            }
            Operand::Length(_) => Some(INTEGER_DIGITS),
            Operand::Arithmetic { left, operation, right } => {
                let (left, right) = (self.digits(left)?, self.digits(right)?);
                Some(if *operation == Arithmetic::Product { left + right } else { left.max(right) + 1 })
            }
            _ => None,
        }
    }

    fn step(&mut self, of: &Expr, step: &Expr, text: bool, depth: usize) -> Result<Term<'a>, FilterError> {
        let at = self.place(of);
        let Term::Typed { operand, of: kind } = self.term(of, depth)? else {
            return Err(FilterError::unsupported(at, "-> and ->> need a jsonb on their left", ""));
        };
        if kind.kind != Kind::Jsonb {
            let hint = if kind.kind == Kind::Json { "make the column a jsonb" } else { "" };
            return Err(FilterError::unsupported(at, "-> and ->> need a jsonb on their left", hint));
        }
        if matches!(operand, Operand::Constant(_)) {
            return Err(FilterError::unsupported(at, "-> and ->> need a column on their left", ""));
        }
        let step_at = self.place(step);
        let origin = Origin { at: step_at, parameter: false };
        let (constant, step) = match self.term(step, depth)? {
            Term::Null | Term::Parameter { json: serde_json::Value::Null, .. } => return Ok(Term::Null),
            Term::Parameter { json: serde_json::Value::Number(number), origin } => {
                let place = number.as_i64().filter(|place| i32::try_from(*place).is_ok());
                let place = place.ok_or_else(|| origin.refuse("an element's place is an integer"))?;
                (self.constant(place.to_string(), &Type::plain(Kind::Int4), origin)?, Step::Place(place))
            }
            Term::Typed { operand: Operand::Constant(place), of } if literal::is_exact(&of.kind) => {
                let place = self.literals[place].text.parse::<i32>();
                let place = place.map_err(|_| origin.refuse("an element's place is an integer"))?;
                let of = Type::plain(Kind::Int4);
                (self.constant(place.to_string(), &of, origin)?, Step::Place(i64::from(place)))
            }
            key => match self.typed(key, &Type::plain(Kind::Text))? {
                Some((Operand::Constant(place), of)) if of.kind == Kind::Text => {
                    (Operand::Constant(place), Step::Key(self.literals[place].text.clone()))
                }
                _ => return Err(FilterError::unsupported(step_at, "a key or a place is needed here", "")),
            },
        };
        let Operand::Constant(constant) = constant else {
            return Err(FilterError::unsupported(step_at, "a key or a place is needed here", ""));
        };
        let of = Box::new(operand);
        Ok(if text {
            typed(Operand::MemberText { of, step, constant }, Type::plain(Kind::Text))
        } else {
            typed(Operand::Member { of, step, constant }, Type::plain(Kind::Jsonb))
        })
    }

    fn cast(&mut self, of: &Expr, to: &DataType, depth: usize) -> Result<Term<'a>, FilterError> {
        let at = self.place(of);
        let Some(kind) = kind_of(to) else {
            return Err(FilterError::unsupported(
                at,
                format!("casts to {to} are not known in filters"),
                "leave the cast out: a constant is read as what it is compared with",
            ));
        };
        let to = Type::plain(kind);
        let term = self.term(of, depth)?;
        let Term::Typed { operand, of } = term else {
            return Ok(match self.typed(term, &to)? {
                None => Term::Typed { operand: Operand::Null { sql: to.sql.clone() }, of: to },
                Some((operand, of)) => typed(operand, of),
            });
        };
        let numbers = literal::is_number(&of.kind) && literal::is_number(&to.kind);
        match (&operand, &of.kind, &to.kind) {
            (_, own, kind) if own == kind && !matches!(own, Kind::Enum { .. }) => Ok(typed(operand, to)),
            (Operand::Constant(place), _, _) if numbers && literal::is_exact(&of.kind) => {
                let text = self.literals[*place].text.clone();
                let operand = self.constant(text, &to, Origin { at, parameter: false })?;
                Ok(typed(operand, to))
            }
            (_, Kind::Int2 | Kind::Int4, Kind::Int4 | Kind::Int8 | Kind::Numeric) | (_, Kind::Int8, Kind::Numeric)
                if of.kind != Kind::Int4 || to.kind != Kind::Int2 =>
            {
                Ok(typed(operand, to))
            }
            (_, Kind::Int2 | Kind::Int4 | Kind::Int8, Kind::Float8) => Ok(typed(Operand::Float(Box::new(operand)), to)),
            (_, Kind::Float4, Kind::Float8) => Ok(typed(operand, to)),
            (_, _, Kind::Text) => self.text_of(operand, &of, at),
            _ => Err(FilterError::unsupported(
                at,
                format!("a cast from {} to {} can fail or differ", of.sql, to.sql),
                "cast the constant instead",
            )),
        }
    }

    fn text_of(&mut self, of: Operand, kind: &Type, at: Option<usize>) -> Result<Term<'a>, FilterError> {
        let form = match (&of, &kind.kind) {
            (_, Kind::Bpchar) => TextForm::Same,
            (_, Kind::Bool) => TextForm::Bool,
            (
                Operand::Column { .. },
                Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Numeric | Kind::Uuid | Kind::Date | Kind::Enum { .. },
            ) => TextForm::Raw,
            _ => {
                return Err(FilterError::unsupported(
                    at,
                    format!("a {} as text is not known in filters", kind.sql),
                    "",
                ));
            }
        };
        Ok(typed(Operand::AsText { of: Box::new(of), form }, Type::plain(Kind::Text)))
    }

    fn function(&mut self, whole: &Expr, function: &Function, depth: usize) -> Result<Term<'a>, FilterError> {
        let unknown = |own: &Self| {
            own.unsupported(
                whole,
                &format!("the function {} is not known in filters", function.name),
                "lower, upper, length, coalesce and nullif are",
            )
        };
        let [ObjectNamePart::Identifier(name)] = function.name.0.as_slice() else { return Err(unknown(self)) };
        let plain = function.filter.is_none()
            && function.null_treatment.is_none()
            && function.over.is_none()
            && function.within_group.is_empty()
            && matches!(function.parameters, FunctionArguments::None);
        let FunctionArguments::List(list) = &function.args else { return Err(unknown(self)) };
        if !plain || !list.clauses.is_empty() || list.duplicate_treatment.is_some() {
            return Err(unknown(self));
        }
        let mut terms = Vec::new();
        for argument in &list.args {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) = argument else { return Err(unknown(self)) };
            terms.push(self.term(argument, depth)?);
        }
        let at = self.place(whole);
        let name = folded(name);
        match (name.as_str(), terms.len()) {
            ("lower" | "upper" | "length" | "char_length" | "character_length", 1) => {
                let Some(term) = terms.pop() else { return Err(unknown(self)) };
                let Some((operand, of)) = self.typed(term, &Type::plain(Kind::Text))? else { return Ok(Term::Null) };
                if !literal::is_text(&of.kind) {
                    return Err(FilterError::unsupported(at, format!("{name} is known of texts"), ""));
                }
                let operand = Box::new(operand);
                Ok(match name.as_str() {
                    "lower" => typed(Operand::Lower(operand), Type::plain(Kind::Text)),
                    "upper" => typed(Operand::Upper(operand), Type::plain(Kind::Text)),
                    _ => typed(Operand::Length(operand), Type::plain(Kind::Int4)),
                })
            }
            ("coalesce", 1..) => self.coalesce(terms, at),
            ("nullif", 2) => {
                let (Some(right), Some(left)) = (terms.pop(), terms.pop()) else { return Err(unknown(self)) };
                let of = match &left {
                    Term::Typed { of, .. } => of.clone(),
                    _ => return Err(FilterError::unsupported(at, "nullif needs a column or the like first", "")),
                };
                match self.pair(left, right, at)? {
                    Some((left, right, as_type)) if simple(&of) && as_type == of => {
                        Ok(typed(Operand::NullIf(Box::new(left), Box::new(right)), of))
                    }
                    _ => Err(FilterError::unsupported(at, "nullif is known of two values of one type", "")),
                }
            }
            _ => Err(unknown(self)),
        }
    }

    fn coalesce(&mut self, terms: Vec<Term<'a>>, at: Option<usize>) -> Result<Term<'a>, FilterError> {
        let of = terms.iter().find_map(|term| match term {
            Term::Typed { of, .. } => Some(of.clone()),
            _ => None,
        });
        let of = of.unwrap_or_else(|| Type::plain(Kind::Text));
        let mut parts = Vec::new();
        let mut result = of.clone();
        for term in terms {
            let Some((operand, own)) = self.typed(term, &of)? else { continue };
            if !simple(&own) || !(own == of || literal::is_exact(&own.kind) && literal::is_exact(&of.kind)) {
                return Err(FilterError::unsupported(at, "coalesce is known of values of one type", ""));
            }
            if own != of {
                result = Type::plain(Kind::Numeric);
            }
            parts.push(operand);
        }
        Ok(if parts.is_empty() { Term::Null } else { typed(Operand::Coalesce(parts), result) })
    }
}

/// Whether a function may choose between values of a type.
fn simple(of: &Type) -> bool {
    !matches!(
        of.kind,
        Kind::Bpchar | Kind::Json | Kind::Jsonb | Kind::Other | Kind::Array { .. } | Kind::Float4 | Kind::Float8
    )
}

fn typed<'a>(operand: Operand, of: Type) -> Term<'a> {
    Term::Typed { operand, of }
}

fn truth<'a>(condition: Condition) -> Term<'a> {
    typed(Operand::Truth(Box::new(condition)), Type::plain(Kind::Bool))
}

/// A name as Postgres takes it: in lower case unless it is quoted.
fn folded(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_ascii_lowercase() }
}

/// Types that can be named in casts: those that do not change what they are given.
fn kind_of(data_type: &DataType) -> Option<Kind> {
    use DataType as T;
    Some(match data_type {
        T::Bool | T::Boolean => Kind::Bool,
        T::Int2(None) | T::SmallInt(None) => Kind::Int2,
        T::Int(None) | T::Int4(None) | T::Integer(None) => Kind::Int4,
        T::Int8(None) | T::BigInt(None) => Kind::Int8,
        T::Float4 | T::Real => Kind::Float4,
        T::Float8 | T::DoublePrecision => Kind::Float8,
        T::Numeric(sqlparser::ast::ExactNumberInfo::None) | T::Decimal(sqlparser::ast::ExactNumberInfo::None) => {
            Kind::Numeric
        }
        T::Text | T::Varchar(None) | T::CharacterVarying(None) => Kind::Text,
        T::Uuid => Kind::Uuid,
        T::Date => Kind::Date,
        T::Time(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => Kind::Time,
        T::Time(None, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => Kind::Timetz,
        T::Timestamp(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => Kind::Timestamp,
        T::Timestamp(None, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => Kind::Timestamptz,
        T::Interval { fields: None, precision: None } => Kind::Interval,
        T::Bytea => Kind::Bytea,
        T::JSONB => Kind::Jsonb,
        _ => return None,
    })
}
