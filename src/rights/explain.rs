//! Why somebody sees a row, or does not: what is asked where it is decided, told in the order in which it is decided.

use super::{
    RightsError,
    policy::{filter_of, find},
};
use crate::{
    changelog::{quote, statement},
    hub::{Principal, Row, Table},
};
use serde_json::value::RawValue;
use sqlx::{AssertSqlSafe, PgPool, Row as _};
use std::{fmt, sync::Arc};

/// What was found out, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Whether the row is seen.
    pub sees: bool,
    /// One sentence for each step.
    pub steps: Vec<String>,
}

impl fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = if self.sees { "So they see this row." } else { "So they do not see this row." };
        self.steps.iter().try_for_each(|step| writeln!(formatter, "{step}"))?;
        formatter.write_str(outcome)
    }
}

/// Why somebody sees the row of this key, or does not.
pub async fn explain(pool: &PgPool, who: &Principal, typed: &str, key: &str) -> Result<Explanation, RightsError> {
    let table = find(pool, typed).await?;
    let name = table.full_name();
    let mut steps = Vec::new();
    let row = row(pool, &table, key).await?;
    steps.push(match &row {
        Some(_) => format!("{name} has a row with this key."),
        None => format!("{name} has no row with this key."),
    });
    if who.tables.as_ref().is_some_and(|tables| !tables.contains(&name)) {
        steps.push(format!("They may see only {}.", who.tables.as_deref().unwrap_or_default().join(", ")));
    }
    let Some(policy) = table.policy_for(who) else {
        steps.push(format!(
            "Nothing of {name} is granted to {}: `rowcast grant {typed} --role {}` would.",
            who.role, who.role
        ));
        return Ok(Explanation { sees: false, steps });
    };
    steps.push(match &policy.columns {
        Some(columns) => format!("{} may see the columns {} and the key.", who.role, columns.join(", ")),
        None => format!("{} may see all columns.", who.role),
    });
    let mut sees = row.is_some();
    match (&policy.filter, filter_of(pool, policy, who, &table).await) {
        (_, Err(error @ RightsError::Moved { .. })) => {
            sees = false;
            steps.push(format!("By that nobody sees anything: {error}."));
        }
        (None, _) => steps.push(format!("{} may see all rows.", who.role)),
        (Some(text), Err(error)) => {
            sees = false;
            steps.push(format!("{} may see the rows where {text}, which cannot be read: {error}.", who.role));
        }
        (Some(text), Ok(filter)) => {
            let meant = policy.rows_for(who).unwrap_or_default();
            steps.push(format!("{} may see the rows where {text}; for them: {meant}.", who.role));
            if let (Some(row), Some(filter)) = (&row, filter) {
                sees = filter.matches(row);
                let values = filter.uses().iter().map(|column| {
                    format!("{} = {}", table.columns[*column].name, row.value(*column).unwrap_or("null"))
                });
                let values = values.collect::<Vec<_>>().join(", ");
                let holds = if sees { "holds" } else { "does not hold" };
                steps.push(format!("That {holds} for this row, which has {values}."));
            }
        }
    }
    Ok(Explanation { sees, steps })
}

/// The row, if there is one. The key is typed as its value, or as its values with commas between them.
async fn row(pool: &PgPool, table: &Arc<Table>, key: &str) -> Result<Option<Row>, RightsError> {
    let parts: Vec<&str> = if table.key.len() == 1 { vec![key] } else { key.split(',').map(str::trim).collect() };
    if parts.len() != table.key.len() || table.key.is_empty() {
        let (key, parts) = (table.key.join(", "), table.key.len());
        return Err(RightsError::Key { table: table.full_name(), key, parts });
    }
    let is_key = |(place, column): (usize, &String)| format!("t.{}::text = ${}", quote(column), place + 1);
    let condition: Vec<String> = table.key.iter().enumerate().map(is_key).collect();
    let source = format!("{}.{}", quote(&table.schema), quote(&table.name));
    let select = format!("select row_to_json(t.*)::text from {source} t where {}", condition.join(" and "));
    let mut query = statement::query(AssertSqlSafe(select));
    for part in parts {
        query = query.bind(part);
    }
    let rows = statement::rows(pool, query).await?;
    let Some(text) = rows.first().map(|row| row.try_get::<String, _>(0)).transpose()? else { return Ok(None) };
    let image = RawValue::from_string(text).ok().map(Arc::from);
    Ok(image.and_then(|image| Row::read(table, &image).ok()))
}
