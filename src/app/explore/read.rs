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
    hub::{self, Hub, Kind, Principal},
    identity::{
        Identity,
        visitor::{person_asking, principal_asking},
    },
    protocol::{ErrorCode, Role},
    socket::{CONSTANTS_TIMEOUT, define},
};
use leptos::prelude::use_context;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use sqlx::{PgPool, Row};
use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

/// Tables whose rows lose, when somebody deletes something, what is not to be seen by anybody any more.
const FORGETTING: [&str; 4] = ["public.chats", "public.chat_messages", "public.chat_marks", "public.notifications"];
/// How many transactions are told.
const TOLD: usize = 50;
/// How long looking for them may take.
const PATIENCE: Duration = Duration::from_secs(4);
/// Most rows of a transaction that are told.
const ROWS_TOLD: usize = 20;
/// Most bytes of a value that are told: of a longer one, its beginning.
const MAX_VALUE_BYTES: usize = 512;
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
    // As with the past of the inventory: who did what is for those who work here.
    if !person_asking().is_some_and(|person| person.works_here()) {
        return Err(Refusal::NotAllowed);
    }
    let source = PostgresSource::new(pool.clone());
    // Always the rows, never totals of them: which columns may be seen is decided for rows.
    let definition = define(&ask.rows(), &principal, &hub, &source, CONSTANTS_TIMEOUT).await;
    let definition = definition.map_err(|refusal| match refusal.code {
        ErrorCode::SourceUnavailable => Refusal::Unavailable,
        _ => Refusal::Refused(refusal.message),
    })?;
    // Whichever way it was spelled.
    if FORGETTING.contains(&definition.table.full_name().as_str()) {
        return Err(Refusal::Forgotten);
    }
    let looking = async {
        let mut travel = Travel::open(&pool, &definition).await?;
        let told = travel.moments(When::Now, TOLD, 0).await?;
        Ok::<_, TravelError>((told, travel.reach().clone()))
    };
    // A page waits for it.
    let looked = tokio::time::timeout(PATIENCE, looking).await.map_err(|_| TravelError::TooSlow)?;
    let (told, reach) = looked?;
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
        partial: moment.partial,
    }
}

fn change(difference: &Difference) -> Change {
    let (old, new) = (difference.old.as_ref().map(|old| old.get()), difference.new.as_ref().map(|new| new.get()));
    told(old, new)
}

/// Both images, with long values cut. What differs still does.
fn told(old: Option<&str>, new: Option<&str>) -> Change {
    let read = |image: Option<&str>| image.map(|image| serde_json::from_str::<Values>(image).unwrap_or_default());
    let (old, new) = (read(old), read(new));
    let cut = |image: &Option<Values>, other: &Option<Values>, word: &str| {
        image.as_ref().map(|Values(values)| {
            let cut = values.iter().map(|(name, value)| {
                let before =
                    other.as_ref().and_then(|Values(other)| Some(other.iter().find(|(one, _)| one == name)?.1.get()));
                let differs = before.is_some_and(|before| before != value.get());
                (name, short(value, if differs { word } else { "" }))
            });
            let mut text = String::from("{");
            for (name, value) in cut {
                if text.len() > 1 {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(name).unwrap_or_default());
                text.push(':');
                text.push_str(&value);
            }
            text.push('}');
            text
        })
    };
    Change { old: cut(&old, &new, "before"), new: cut(&new, &old, "after") }
}

/// A value, or of a long one its beginning as a text, and how long it is.
fn short(value: &RawValue, word: &str) -> String {
    let text = value.get();
    if text.len() <= MAX_VALUE_BYTES {
        return text.to_owned();
    }
    let whole: Cow<'_, str> = serde_json::from_str::<String>(text).map_or(Cow::Borrowed(text), Cow::Owned);
    let end = (0..=MAX_VALUE_BYTES.min(whole.len())).rev().find(|end| whole.is_char_boundary(*end)).unwrap_or(0);
    let blank = if word.is_empty() { "" } else { ", " };
    serde_json::Value::from(format!("({} bytes{blank}{word}) {}…", whole.len(), &whole[..end])).to_string()
}

/// An object's values as they are written, in their order.
#[derive(Default)]
struct Values(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Values;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
                let mut values = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    values.push(pair);
                }
                Ok(Values(values))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

impl From<TravelError> for Refusal {
    fn from(error: TravelError) -> Self {
        match error {
            TravelError::Beyond(_) | TravelError::TooMuch(_) | TravelError::TooSlow | TravelError::Busy => {
                Self::TooMuch(error.to_string())
            }
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
    fn of_long_values_the_beginning_is_told_and_what_differs_still_does() {
        let long = |end: &str| format!(r#"{{"id":7,"n":1.50,"body":"{}{end}"}}"#, "ü".repeat(MAX_VALUE_BYTES));
        let change = told(Some(&long("a")), Some(&long("b")));
        let (old, new) = (change.old.expect("is told"), change.new.expect("is told"));
        assert!(old.starts_with(r#"{"id":7,"n":1.50,"body":"(1025 bytes, before) üü"#) && old.len() < 700, "{old}");
        assert_ne!(old, new);
        assert_eq!(told(None, Some(r#"{"id":7}"#)).new.as_deref(), Some(r#"{"id":7}"#));
    }
}
