//! A filter as SQL over the table alias `t`.
//!
//! What is written is written out in full (types, parentheses, collations), so that it means the same whatever the settings.

use super::{
    tree::{Condition, Elements, JsonRelation, List, Literal, Operand, Relation, TextForm},
    value::Reader,
};
use crate::hub::Table;

/// Writes SQL and remembers which constants it used, in the order of their numbers.
pub(super) struct Writer<'a> {
    pub(super) table: &'a Table,
    pub(super) literals: &'a [Literal],
    /// The number of the first parameter; `None` writes the constants themselves, for reading and comparing.
    pub(super) first: Option<usize>,
    pub(super) parameters: Vec<Option<String>>,
}

impl Writer<'_> {
    pub(super) fn condition(&mut self, condition: &Condition) -> String {
        match condition {
            Condition::Constant(Some(value)) => value.to_string(),
            Condition::Constant(None) => "null::boolean".to_owned(),
            Condition::And(parts) => self.joined(parts, " and "),
            Condition::Or(parts) => self.joined(parts, " or "),
            Condition::Not(part) => format!("(not {})", self.condition(part)),
            Condition::Value(operand) => self.operand(operand),
            Condition::Is { of, value, negated } => {
                format!("({} is{} {value})", self.condition(of), not(*negated))
            }
            Condition::Null { of, negated } => {
                // Unlike `is null`, this asks about a composite itself and not about its fields.
                let distinct = if *negated { "is distinct from" } else { "is not distinct from" };
                format!("({} {distinct} null)", self.operand(of))
            }
            Condition::Compare { left, comparison, right } => {
                format!("({} {} {})", self.collated(left), comparison.sql(), self.collated(right))
            }
            Condition::Distinct { left, right, negated } => {
                format!("({} is{} distinct from {})", self.collated(left), not(*negated), self.collated(right))
            }
            Condition::In { of, list, negated } => self.in_list(of, list, *negated),
            Condition::Like { of, pattern, negated } => {
                let operator = if pattern.folds() { "ilike" } else { "like" };
                let of = self.collated(of);
                let pattern = self.parameter("text", &pattern.text());
                format!("({of}{} {operator} {pattern} escape '\\')", not(*negated))
            }
            Condition::Quantified { left, comparison, array, all } => {
                let quantifier = if *all { "all" } else { "any" };
                let left = self.collated(left);
                format!("({left} {} {quantifier} ({}))", comparison.sql(), self.array(array))
            }
            Condition::Arrays { array, relation, list } => self.arrays(array, *relation, list),
            Condition::Json { of, relation, constant, .. } => {
                let operator = match relation {
                    JsonRelation::Contains => "@>",
                    JsonRelation::Equal => "=",
                    JsonRelation::NotEqual => "<>",
                };
                format!("({} {operator} {})", self.operand(of), self.constant(*constant))
            }
            Condition::HasKey { of, key } => {
                format!("jsonb_exists({}, {})", self.operand(of), self.constant(*key))
            }
        }
    }

    fn joined(&mut self, parts: &[Condition], word: &str) -> String {
        let parts: Vec<_> = parts.iter().map(|part| self.condition(part)).collect();
        format!("({})", parts.join(word))
    }

    fn in_list(&mut self, of: &Operand, list: &List, negated: bool) -> String {
        if list.constants.is_empty() {
            // With only a null in it the answer is null, without anything it is not even looked at.
            return if list.null { "null::boolean".to_owned() } else { negated.to_string() };
        }
        let of = self.collated(of);
        let mut constants: Vec<_> = list.constants.iter().map(|place| self.constant(*place)).collect();
        if list.null {
            constants.push("null".to_owned());
        }
        format!("({of}{} in ({}))", not(negated), constants.join(", "))
    }

    fn arrays(&mut self, array: &Elements, relation: Relation, list: &List) -> String {
        let operator = match relation {
            Relation::Contains => "@>",
            Relation::IsContained => "<@",
            Relation::Overlaps => "&&",
        };
        let column = self.array(array);
        let mut constants: Vec<_> = list.constants.iter().map(|place| self.constant(*place)).collect();
        if list.null {
            constants.push("null".to_owned());
        }
        format!("({column} {operator} array[{}]::{}[])", constants.join(", "), array.element)
    }

    fn array(&self, array: &Elements) -> String {
        let column = self.column(array.column);
        let column = match &array.cast {
            Some(cast) => format!("{column}::{cast}"),
            None => column,
        };
        let is_text = matches!(array.element.as_str(), "text" | "bpchar");
        if is_text { format!("({column} collate \"C\")") } else { column }
    }

    /// With the collation under which texts are compared, if it is text.
    fn collated(&mut self, operand: &Operand) -> String {
        let sql = self.operand(operand);
        if self.is_text(operand) { format!("({sql} collate \"C\")") } else { sql }
    }

    fn is_text(&self, operand: &Operand) -> bool {
        match operand {
            Operand::Column { column, .. } => {
                let kind = &self.table.columns[*column].kind;
                matches!(kind, crate::hub::Kind::Text | crate::hub::Kind::Bpchar)
            }
            Operand::Constant(place) => {
                let literal = &self.literals[*place];
                matches!(literal.reader, Reader::Text | Reader::Trimmed) && literal.cast != "uuid"
            }
            Operand::AsText { .. }
            | Operand::MemberText { .. }
            | Operand::Lower(_)
            | Operand::Upper(_)
            | Operand::Concatenation(..) => true,
            Operand::Coalesce(parts) => parts.iter().any(|part| self.is_text(part)),
            Operand::NullIf(left, _) => self.is_text(left),
            Operand::Null { sql } => sql == "text" || sql == "bpchar",
            Operand::Truth(_)
            | Operand::Float(_)
            | Operand::Member { .. }
            | Operand::Length(_)
            | Operand::Arithmetic { .. } => false,
        }
    }

    fn column(&self, column: usize) -> String {
        let column = &self.table.columns[column];
        let name = format!("t.\"{}\"", column.name.replace('"', "\"\""));
        match &column.kind {
            // An operator of an enumeration does not take a domain over it.
            crate::hub::Kind::Enum { base, .. } if *base != column.sql => format!("{name}::{base}"),
            _ => name,
        }
    }

    fn operand(&mut self, operand: &Operand) -> String {
        match operand {
            Operand::Null { sql } => format!("null::{sql}"),
            // The text of a row does not tell the two nulls of a jsonb apart.
            Operand::Column { column, reader: Some(Reader::Json) } => {
                format!("nullif({}, 'null'::jsonb)", self.column(*column))
            }
            Operand::Column { column, .. } => self.column(*column),
            Operand::Constant(place) => self.constant(*place),
            Operand::Truth(condition) => self.condition(condition),
            Operand::Float(of) => format!("({})::float8", self.operand(of)),
            Operand::AsText { of, form: TextForm::Same | TextForm::Bool | TextForm::Raw } => {
                format!("({})::text", self.operand(of))
            }
            Operand::Member { of, constant, .. } => {
                format!("({} -> {})", self.operand(of), self.constant(*constant))
            }
            Operand::MemberText { of, constant, .. } => {
                format!("({} ->> {})", self.operand(of), self.constant(*constant))
            }
            Operand::Lower(of) => format!("lower({})", self.collated(of)),
            Operand::Upper(of) => format!("upper({})", self.collated(of)),
            Operand::Length(of) => format!("length({})", self.operand(of)),
            Operand::Concatenation(left, right) => {
                format!("(({})::text || ({})::text)", self.operand(left), self.operand(right))
            }
            Operand::Coalesce(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| self.collated(part)).collect();
                format!("coalesce({})", parts.join(", "))
            }
            Operand::NullIf(left, right) => format!("nullif({}, {})", self.collated(left), self.collated(right)),
            Operand::Arithmetic { left, operation, right } => {
                format!("({} {} {})", self.exact(left), operation.sql(), self.exact(right))
            }
        }
    }

    fn exact(&mut self, operand: &Operand) -> String {
        format!("({})::numeric", self.operand(operand))
    }

    fn constant(&mut self, place: usize) -> String {
        let literal = &self.literals[place];
        self.parameter(&literal.cast, &literal.text)
    }

    fn parameter(&mut self, cast: &str, text: &str) -> String {
        match self.first {
            Some(first) => {
                self.parameters.push(Some(text.to_owned()));
                format!("${}::{cast}", first + self.parameters.len() - 1)
            }
            None => format!("'{}'::{cast}", text.replace('\'', "''")),
        }
    }
}

fn not(negated: bool) -> &'static str {
    if negated { " not" } else { "" }
}
