//! A filter as a tree: what it means, after names and types have been settled.

use super::{
    json::Tree,
    pattern::Pattern,
    value::{Reader, Step, Value},
};
use std::cmp::Ordering;

/// Something that is true, false or null for a row.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    Constant(Option<bool>),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    /// A boolean value.
    Value(Operand),
    /// `is [not] true`, `is [not] false`
    Is {
        of: Box<Condition>,
        value: bool,
        negated: bool,
    },
    /// `is [not] null` of a value, not of a composite's fields.
    Null {
        of: Operand,
        negated: bool,
    },
    Compare {
        left: Operand,
        comparison: Comparison,
        right: Operand,
    },
    /// `is [not] distinct from`
    Distinct {
        left: Operand,
        right: Operand,
        negated: bool,
    },
    In {
        of: Operand,
        list: List,
        negated: bool,
    },
    Like {
        of: Operand,
        pattern: Pattern,
        negated: bool,
    },
    /// `value <operator> any (column)` or `all (column)`
    Quantified {
        left: Operand,
        comparison: Comparison,
        array: Elements,
        all: bool,
    },
    /// `column @> array[…]`, `<@`, `&&`
    Arrays {
        array: Elements,
        relation: Relation,
        list: List,
    },
    /// `jsonb @> constant`, `jsonb = constant`
    Json {
        of: Operand,
        relation: JsonRelation,
        constant: usize,
        /// What the constant is, when it is known.
        tree: Option<Tree>,
    },
    /// `jsonb ? key`
    HasKey {
        of: Operand,
        key: usize,
    },
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }

    /// The same with left and right exchanged.
    pub(super) fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }
}

/// How the elements of an array are related to those of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Contains,
    IsContained,
    Overlaps,
}

/// How a `jsonb` is related to a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonRelation {
    Contains,
    Equal,
    NotEqual,
}

/// Constants that are compared with the same thing.
#[derive(Clone, Debug)]
pub(super) struct List {
    /// Which constants.
    pub(super) constants: Vec<usize>,
    /// Whether null is among them.
    pub(super) null: bool,
    /// Their values in order, when they are known.
    pub(super) values: Vec<Value<'static>>,
}

impl List {
    pub(super) fn has(&self, value: &Value<'_>) -> bool {
        self.values.binary_search_by(|own| own.compare(value).unwrap_or(Ordering::Less)).is_ok()
    }
}

/// A column of arrays.
#[derive(Clone, Debug)]
pub(super) struct Elements {
    pub(super) column: usize,
    /// How elements are read.
    pub(super) reader: Reader,
    /// The array type that it is compared as, if it is not declared so.
    pub(super) cast: Option<String>,
    /// The SQL type of an element.
    pub(super) element: String,
}

/// Something that has a value for a row.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Null {
        sql: String,
    },
    /// A column, and how it is read; `None` if it is only known whether it is null.
    Column {
        column: usize,
        reader: Option<Reader>,
    },
    Constant(usize),
    Truth(Box<Condition>),
    /// An exact number as a double.
    Float(Box<Operand>),
    /// What a value is as `text`.
    AsText {
        of: Box<Operand>,
        /// How it becomes so.
        form: TextForm,
    },
    /// `jsonb -> step`
    Member {
        of: Box<Operand>,
        step: Step,
        constant: usize,
    },
    /// `jsonb ->> step`
    MemberText {
        of: Box<Operand>,
        step: Step,
        constant: usize,
    },
    Lower(Box<Operand>),
    Upper(Box<Operand>),
    /// In characters.
    Length(Box<Operand>),
    Concatenation(Box<Operand>, Box<Operand>),
    Coalesce(Vec<Operand>),
    /// Null where both are equal, else the first.
    NullIf(Box<Operand>, Box<Operand>),
    Arithmetic {
        left: Box<Operand>,
        operation: Arithmetic,
        right: Box<Operand>,
    },
}

/// How values become text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextForm {
    /// They are text.
    Same,
    /// `true`, `false`
    Bool,
    /// As in the row.
    Raw,
}

/// Arithmetic on exact numbers that cannot overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Sum,
    Difference,
    Product,
}

impl Arithmetic {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Sum => "+",
            Self::Difference => "-",
            Self::Product => "*",
        }
    }
}

/// A constant.
#[derive(Clone, Debug)]
pub(super) struct Literal {
    /// The SQL type to which its text is cast.
    pub(super) cast: String,
    /// What the database reads it from.
    pub(super) text: String,
    /// How the database's JSON of it is read.
    pub(super) reader: Reader,
    /// `None` until the database has said what it is.
    pub(super) value: Option<Value<'static>>,
}

impl Condition {
    /// Visits this and every condition within it, also those within operands.
    pub(super) fn walk<E>(&mut self, visit: &mut impl FnMut(&mut Self) -> Result<(), E>) -> Result<(), E> {
        visit(self)?;
        match self {
            Self::And(parts) | Self::Or(parts) => {
                for part in parts {
                    part.walk(visit)?;
                }
            }
            Self::Not(part) | Self::Is { of: part, .. } => part.walk(visit)?,
            other => {
                for operand in other.operands_mut() {
                    operand.walk(visit)?;
                }
            }
        }
        Ok(())
    }

    fn operands_mut(&mut self) -> Vec<&mut Operand> {
        match self {
            Self::Compare { left, right, .. } | Self::Distinct { left, right, .. } => vec![left, right],
            Self::Value(of)
            | Self::Null { of, .. }
            | Self::In { of, .. }
            | Self::Like { of, .. }
            | Self::Quantified { left: of, .. }
            | Self::Json { of, .. }
            | Self::HasKey { of, .. } => vec![of],
            Self::Constant(_) | Self::And(_) | Self::Or(_) | Self::Not(_) | Self::Is { .. } | Self::Arrays { .. } => {
                Vec::new()
            }
        }
    }

    /// The operands of this condition itself.
    pub(super) fn operands(&self) -> Vec<&Operand> {
        match self {
            Self::Compare { left, right, .. } | Self::Distinct { left, right, .. } => vec![left, right],
            Self::Value(of)
            | Self::Null { of, .. }
            | Self::In { of, .. }
            | Self::Like { of, .. }
            | Self::Quantified { left: of, .. }
            | Self::Json { of, .. }
            | Self::HasKey { of, .. } => vec![of],
            Self::Constant(_) | Self::And(_) | Self::Or(_) | Self::Not(_) | Self::Is { .. } | Self::Arrays { .. } => {
                Vec::new()
            }
        }
    }
}

impl Operand {
    fn walk<E>(&mut self, visit: &mut impl FnMut(&mut Condition) -> Result<(), E>) -> Result<(), E> {
        match self {
            Self::Truth(condition) => condition.walk(visit),
            Self::Float(of)
            | Self::AsText { of, .. }
            | Self::Member { of, .. }
            | Self::MemberText { of, .. }
            | Self::Lower(of)
            | Self::Upper(of)
            | Self::Length(of) => of.walk(visit),
            Self::Concatenation(left, right) | Self::NullIf(left, right) | Self::Arithmetic { left, right, .. } => {
                left.walk(visit)?;
                right.walk(visit)
            }
            Self::Coalesce(parts) => parts.iter_mut().try_for_each(|part| part.walk(visit)),
            Self::Null { .. } | Self::Column { .. } | Self::Constant(_) => Ok(()),
        }
    }

    /// The columns that are read, except those within conditions.
    pub(super) fn columns(&self, found: &mut Vec<usize>) {
        match self {
            Self::Column { column, .. } => found.push(*column),
            Self::Float(of)
            | Self::AsText { of, .. }
            | Self::Member { of, .. }
            | Self::MemberText { of, .. }
            | Self::Lower(of)
            | Self::Upper(of)
            | Self::Length(of) => of.columns(found),
            Self::Concatenation(left, right) | Self::NullIf(left, right) | Self::Arithmetic { left, right, .. } => {
                left.columns(found);
                right.columns(found);
            }
            Self::Coalesce(parts) => parts.iter().for_each(|part| part.columns(found)),
            Self::Null { .. } | Self::Constant(_) | Self::Truth(_) => {}
        }
    }
}
