//! The rules of rooms, as the database keeps them: read, added, removed.
//!
//! What they mean is [`hub::rooms`](crate::hub::rooms)'s business. Every change of them is in the changelog, so that each
//! server reads them again when it has come to that place. Statements are not kept prepared: there may be a pooler between.

use crate::hub::rooms::{History, MAX_RULES, MalformedRule, Rule};
use serde_json::value::to_raw_value;
use sqlx::{PgExecutor, PgPool, Row, postgres::PgRow};

/// Why the rules cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// It makes no sense.
    #[error(transparent)]
    Malformed(#[from] MalformedRule),
    /// There is none to remove.
    #[error("no rule lets {role} join {pattern:?}; `rowcast room list` shows all rules")]
    Unknown {
        /// The pattern that was named.
        pattern: String,
        /// The role that was named.
        role: String,
    },
    /// There are as many as are kept.
    #[error("there are {MAX_RULES} rules already; a pattern with a * at its end stands for many rooms")]
    TooMany,
    /// The database.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// All rules, by pattern and role. A history that cannot be read is left out: nobody is let in by one.
pub async fn read(database: impl PgExecutor<'_>) -> Result<Vec<Rule>, sqlx::Error> {
    let most = i64::try_from(MAX_RULES).unwrap_or(i64::MAX);
    let rows = sqlx::query(include_str!("read.sql")).persistent(false).bind(most).fetch_all(database).await?;
    rows.iter().map(rule).collect()
}

fn rule(row: &PgRow) -> Result<Rule, sqlx::Error> {
    let (pattern, role): (String, String) = (row.try_get("pattern")?, row.try_get("role")?);
    let history: Option<String> = row.try_get("history")?;
    let history = history.and_then(|text| {
        serde_json::from_str::<History>(&text)
            .inspect_err(|error| tracing::warn!(%error, pattern, role, "the history of a rule of rooms is no question"))
            .ok()
    });
    Ok(Rule { role: role.into(), may_publish: row.try_get("may_publish")?, pattern, history })
}

/// Adds a rule, or replaces that of the same pattern and role.
pub async fn allow(pool: &PgPool, rule: &Rule) -> Result<(), RuleError> {
    rule.check()?;
    let history = rule.history.as_ref().and_then(|history| to_raw_value(history).ok());
    let known = read(pool).await?;
    let is_new = !known.iter().any(|other| (&other.pattern, other.role) == (&rule.pattern, rule.role));
    if is_new && known.len() >= MAX_RULES {
        return Err(RuleError::TooMany);
    }
    sqlx::query(include_str!("allow.sql"))
        .persistent(false)
        .bind(&rule.pattern)
        .bind(rule.role.word())
        .bind(rule.may_publish)
        .bind(history.as_ref().map(|history| history.get()))
        .execute(pool)
        .await?;
    Ok(())
}

/// Removes a rule.
pub async fn deny(pool: &PgPool, pattern: &str, role: crate::protocol::Role) -> Result<(), RuleError> {
    let removed = sqlx::query("delete from rowcast.room where pattern = $1 and role = $2")
        .persistent(false)
        .bind(pattern)
        .bind(role.word())
        .execute(pool)
        .await?;
    if removed.rows_affected() == 0 {
        return Err(RuleError::Unknown { pattern: pattern.to_owned(), role: role.word().to_owned() });
    }
    Ok(())
}
