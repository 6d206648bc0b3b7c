//! The rules of rooms, as the database keeps them: read, added, removed.
//!
//! What they mean is [`hub::rooms`](crate::hub::rooms)'s business. Every change of them is in the changelog, so that each
//! server reads them again when it has come to that place. Statements are not kept prepared: there may be a pooler between.

use crate::{
    changelog::statement,
    hub::rooms::{History, MAX_RULES, MalformedRule, Rule},
    protocol::Role,
};
use serde_json::value::to_raw_value;
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};

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
pub async fn read(database: &mut PgConnection) -> Result<Vec<Rule>, sqlx::Error> {
    let most = i64::try_from(MAX_RULES).unwrap_or(i64::MAX);
    let rows = statement::query(include_str!("read.sql")).bind(most).fetch_all(database).await?;
    rows.iter().filter_map(|row| rule(row).transpose()).collect()
}

/// The same, through a pool.
pub async fn list(pool: &PgPool) -> Result<Vec<Rule>, sqlx::Error> {
    let mut transaction = statement::begin(pool).await?;
    let rules = read(&mut transaction).await?;
    transaction.commit().await?;
    Ok(rules)
}

/// None for a role that only a newer server knows.
fn rule(row: &PgRow) -> Result<Option<Rule>, sqlx::Error> {
    let (pattern, role): (String, String) = (row.try_get("pattern")?, row.try_get("role")?);
    let history: Option<String> = row.try_get("history")?;
    let history = history.and_then(|text| {
        serde_json::from_str::<History>(&text)
            .inspect_err(|error| tracing::warn!(%error, pattern, role, "the history of a rule of rooms is no question"))
            .ok()
    });
    let may_publish = row.try_get("may_publish")?;
    Ok(role.parse().ok().map(|role| Rule { role, may_publish, pattern, history }))
}

/// Adds a rule, or replaces that of the same pattern and role.
pub async fn allow(pool: &PgPool, rule: &Rule) -> Result<(), RuleError> {
    rule.check()?;
    let history = rule.history.as_ref().and_then(|history| to_raw_value(history).ok());
    let mut transaction = statement::begin(pool).await?;
    let known = read(&mut transaction).await?;
    let is_new = !known.iter().any(|other| (&other.pattern, other.role) == (&rule.pattern, rule.role));
    if is_new && known.len() >= MAX_RULES {
        return Err(RuleError::TooMany);
    }
    statement::query(include_str!("allow.sql"))
        .bind(&rule.pattern)
        .bind(rule.role.word())
        .bind(rule.may_publish)
        .bind(history.as_ref().map(|history| history.get()))
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// Removes a rule.
pub async fn deny(pool: &PgPool, pattern: &str, role: Role) -> Result<(), RuleError> {
    let mut transaction = statement::begin(pool).await?;
    let removed = statement::query("delete from rowcast.room where pattern = $1 and role = $2")
        .bind(pattern)
        .bind(role.word())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    if removed.rows_affected() == 0 {
        return Err(RuleError::Unknown { pattern: pattern.to_owned(), role: role.word().to_owned() });
    }
    Ok(())
}
