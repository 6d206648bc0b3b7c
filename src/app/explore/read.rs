//! What the server knows of tables and of their past, for whoever asks.

use super::{
    ask::Ask,
    model::{Asleep, Change, Column, Known, Log, Refusal, Shape, Table, Transaction, Why},
};
use crate::{
    app::time::Timestamp,
    changelog::{
        PostgresSource,
        travel::{Difference, Moment, Travel, TravelError, When},
    },
    hub::{self, Hub, Image, Kind, Principal},
    identity::{Identity, visitor::principal_asking},
    protocol::{ErrorCode, Role},
    socket::{CONSTANTS_TIMEOUT, define},
};
use leptos::prelude::use_context;
use sqlx::{PgPool, Row};
use std::sync::Arc;

/// How many transactions are told.
const TOLD: usize = 50;
/// Most rows of a transaction that are told.
const ROWS_TOLD: usize = 20;
/// Most bytes of a row's image that are told: of a larger one, that it is large.
const MAX_IMAGE_BYTES: usize = 64 * 1024;
/// Most tables that are listed as asleep.
const MAX_ASLEEP: i64 = 200;

/// Whoever asks, if they are let in, and what is needed to answer them.
fn asking() -> Result<(PgPool, Arc<Hub>, Principal), Refusal> {
    let (Some(identity), Some(hub)) = (use_context::<Identity>(), use_context::<Arc<Hub>>()) else {
        tracing::error!("the explorer was asked without a database in the context");
        return Err(Refusal::Unavailable);
    };
    let principal = principal_asking().filter(|principal| identity.lets_in(principal)).ok_or(Refusal::NotAllowed)?;
    Ok((identity.pool, hub, principal))
}

/// The tables that whoever asks may read, and for administrators the others.
pub(super) async fn known() -> Result<Known, Refusal> {
    let (pool, hub, principal) = asking()?;
    if !hub.is_available() {
        return Err(Refusal::Unavailable);
    }
    let tables = hub.tables();
    let (seen, unseen): (Vec<_>, Vec<_>) = tables
        .iter()
        .partition(|table| table.policy_for(&principal).is_some_and(|policy| policy.moved_column().is_none()));
    let known = Known { tables: seen.into_iter().map(|one| table(one, &principal)).collect(), ..Known::default() };
    // A token may be for some tables only: then the others are not its business.
    if principal.role != Role::Admin || principal.tables.is_some() {
        return Ok(known);
    }
    let unseen: Vec<i32> = unseen.into_iter().map(|table| table.id).collect();
    let rows = sqlx::query(include_str!("asleep.sql")).persistent(false).bind(unseen).bind(MAX_ASLEEP + 1);
    let asleep = rows.fetch_all(&pool).await.and_then(|rows| rows.iter().map(asleep).collect::<Result<Vec<_>, _>>());
    let mut asleep = asleep.map_err(|error| {
        tracing::warn!(%error, "which tables are not live cannot be read");
        Refusal::Unavailable
    })?;
    let most = usize::try_from(MAX_ASLEEP).unwrap_or(usize::MAX);
    let more_asleep = asleep.len() > most;
    asleep.truncate(most);
    Ok(Known { asleep, more_asleep, ..known })
}

fn table(table: &Arc<hub::Table>, principal: &Principal) -> Table {
    let policy = table.policy_for(principal);
    let seen = policy.map_or_else(|| table.clone(), |policy| policy.seen(table));
    let columns = seen.columns.iter().filter(|column| !column.hidden).map(|column| Column {
        name: column.name.clone(),
        sql: column.sql.clone(),
        shape: shape(&column.kind),
    });
    Table {
        name: table.full_name(),
        key: table.key.clone(),
        columns: columns.collect(),
        narrowed: policy.is_some_and(|policy| policy.columns.is_some() || policy.filter.is_some()),
    }
}

fn shape(kind: &Kind) -> Shape {
    match kind {
        Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Float4 | Kind::Float8 | Kind::Numeric => Shape::Number,
        Kind::Bool => Shape::Bool,
        Kind::Date | Kind::Time | Kind::Timetz | Kind::Timestamp | Kind::Timestamptz => Shape::Time,
        Kind::Json | Kind::Jsonb | Kind::Array { .. } => Shape::Json,
        _ => Shape::Text,
    }
}

fn asleep(row: &sqlx::postgres::PgRow) -> Result<Asleep, sqlx::Error> {
    let (name, live, has_key): (String, bool, bool) =
        (row.try_get("name")?, row.try_get("live")?, row.try_get("has_key")?);
    let word = in_shell(&name);
    let (why, command) = match (live, has_key) {
        (true, _) => (Why::NotGranted, format!("rowcast grant {word} --role admin")),
        (false, true) => (Why::NotLive, format!("rowcast track {word} && rowcast grant {word} --role admin")),
        (false, false) => (Why::NoKey, String::new()),
    };
    Ok(Asleep { name, command, why })
}

/// A word that a shell takes as it is.
fn in_shell(word: &str) -> String {
    if word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte)) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The latest transactions that changed the rows that are asked for.
pub(super) async fn changes(ask: &Ask) -> Result<Log, Refusal> {
    let (pool, hub, principal) = asking()?;
    let source = PostgresSource::new(pool.clone());
    // Always the rows, never totals of them: which columns may be seen is decided for rows.
    let definition = define(&ask.rows(), &principal, &hub, &source, CONSTANTS_TIMEOUT).await;
    let definition = definition.map_err(|refusal| match refusal.code {
        ErrorCode::SourceUnavailable => Refusal::Unavailable,
        _ => Refusal::Refused(refusal.message),
    })?;
    let mut travel = Travel::open(&pool, &definition).await?;
    let told = travel.moments(When::Now, TOLD, 0).await?;
    let reach = travel.reach();
    Ok(Log {
        transactions: told.moments.iter().rev().map(transaction).collect(),
        earlier: told.earlier,
        since: reach.at.map(|at| (Timestamp(at), reach.end.to_string())),
    })
}

fn transaction(moment: &Moment) -> Transaction {
    Transaction {
        number: moment.transaction,
        seq: moment.seq,
        at: Timestamp(moment.at),
        who: moment.author.as_ref().map(|author| author.name.clone()),
        rows: moment.differences.iter().take(ROWS_TOLD).map(change).collect(),
        further: moment.further + moment.differences.len().saturating_sub(ROWS_TOLD),
    }
}

fn change(difference: &Difference) -> Change {
    let told = |image: &Option<Image>| image.as_ref().map(|image| told(image.get()));
    Change { old: told(&difference.old), new: told(&difference.new) }
}

/// A row, or of one that is very large its small values.
fn told(text: &str) -> String {
    if text.len() <= MAX_IMAGE_BYTES {
        return text.to_owned();
    }
    let values: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).unwrap_or_default();
    let short = |value: serde_json::Value| {
        let bytes = value.to_string().len();
        if bytes > 1_024 { serde_json::Value::String(format!("({bytes} bytes)")) } else { value }
    };
    serde_json::Value::Object(values.into_iter().map(|(name, value)| (name, short(value))).collect()).to_string()
}

impl From<TravelError> for Refusal {
    fn from(error: TravelError) -> Self {
        match error {
            TravelError::Beyond(_) | TravelError::TooMuch(_) | TravelError::TooSlow => Self::TooMuch(error.to_string()),
            TravelError::Altered => Self::Unavailable,
            TravelError::Changelog(error) => {
                tracing::warn!(%error, "the latest changes of a table cannot be read");
                Self::Unavailable
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_in_a_shell() {
        assert_eq!(in_shell("public.orders"), "public.orders");
        assert_eq!(in_shell(r#"public."it's $x""#), r#"'public."it'\''s $x"'"#);
    }

    #[test]
    fn a_row_that_is_very_large_is_told_without_what_makes_it_so() {
        let text = format!(r#"{{"id":7,"body":"{}"}}"#, "x".repeat(MAX_IMAGE_BYTES));
        assert_eq!(told(&text), r#"{"body":"(65538 bytes)","id":7}"#);
        assert_eq!(told(r#"{"id":7}"#), r#"{"id":7}"#);
    }
}
