//! Folds events into the rows of a table: the rows that are touched are read, folded and written, each once.

use super::{
    Recorded,
    projection::{FoldError, Projection, ProjectionError},
};
use crate::changelog::statement::query;
use serde_json::Value;
use sqlx::{PgConnection, Row};
use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// A row's key and the events that touch it, in their order.
type Line<'a> = (Value, Vec<&'a Recorded>);

/// The rows that events touch, by their keys as text.
pub(super) struct Touched<'a>(BTreeMap<String, Line<'a>>);

impl<'a> Touched<'a> {
    /// What a projection says of events.
    pub(super) fn by<P: Projection>(events: &'a [Recorded]) -> Result<Self, ProjectionError> {
        let mut lines = BTreeMap::<String, Line<'a>>::new();
        for event in events {
            for key in guarded(|| P::keys(event)).map_err(|error| blame::<P>(event, error))? {
                let text = canonical(&key).ok_or_else(|| {
                    blame::<P>(event, FoldError(format!("{key} is not an object of the columns of a key")))
                })?;
                lines.entry(text).or_insert_with(|| (key, Vec::new())).1.push(event);
            }
        }
        Ok(Self(lines))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The text of a key: the same for the same key.
fn canonical(key: &Value) -> Option<String> {
    let columns = key.as_object().filter(|columns| !columns.is_empty())?;
    serde_json::to_string(&columns.iter().collect::<BTreeMap<_, _>>()).ok()
}

/// A fold is somebody else's code, which ends no one's task.
fn guarded<T>(fold: impl FnOnce() -> Result<T, FoldError>) -> Result<T, FoldError> {
    catch_unwind(AssertUnwindSafe(fold)).unwrap_or_else(|_| Err(FoldError("the fold panics".to_owned())))
}

fn blame<P: Projection>(event: &Recorded, error: FoldError) -> ProjectionError {
    let (stream, version) = (event.stream.clone(), event.version);
    ProjectionError::Event { projection: P::NAME, stream, version, why: error.0 }
}

/// Writes what becomes of the rows that are touched to a table: the projection's own, or one that shadows it.
pub(super) async fn apply<P: Projection>(
    connection: &mut PgConnection,
    table: &str,
    touched: Touched<'_>,
) -> Result<(), ProjectionError> {
    if touched.is_empty() {
        return Ok(());
    }
    let lines: Vec<Line<'_>> = touched.0.into_values().collect();
    let mut rows = read(connection, table, &lines).await.map_err(ProjectionError::database(P::NAME))?;
    let (mut kept, mut gone) = (Vec::new(), Vec::new());
    for (place, (key, events)) in lines.iter().enumerate() {
        match fold_row::<P>(key, rows.remove(&place), events)? {
            Some(row) => kept.push(row),
            None => gone.push(key),
        }
    }
    query("select rowcast.write_rows($1::text::regclass, $2::text::jsonb, $3::text::jsonb)")
        .bind(table)
        .bind(Value::Array(kept).to_string())
        .bind(serde_json::to_string(&gone).map_err(|error| ProjectionError::Database {
            projection: P::NAME,
            cause: sqlx::Error::Encode(error.into()),
        })?)
        .execute(connection)
        .await
        .map_err(ProjectionError::database(P::NAME))?;
    Ok(())
}

/// The rows of a table that have these keys, as text, by the places of the keys.
async fn read(
    connection: &mut PgConnection,
    table: &str,
    lines: &[Line<'_>],
) -> Result<BTreeMap<usize, String>, sqlx::Error> {
    let keys: Vec<&Value> = lines.iter().map(|(key, _)| key).collect();
    let keys = serde_json::to_string(&keys).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let rows = query("select place, content from rowcast.rows_by_key($1::text::regclass, $2::text::jsonb)")
        .bind(table)
        .bind(keys)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let place: i64 = row.try_get("place")?;
            Ok((usize::try_from(place - 1).unwrap_or_default(), row.try_get("content")?))
        })
        .collect()
}

/// What becomes of one row.
fn fold_row<P: Projection>(
    key: &Value,
    row: Option<String>,
    events: &[&Recorded],
) -> Result<Option<Value>, ProjectionError> {
    let mut last = None;
    let unreadable = |error: serde_json::Error| FoldError(format!("the row {key} is not what it makes: {error}"));
    let mut row = match (row, events.first()) {
        (Some(text), Some(event)) => {
            Some(serde_json::from_str::<P::Row>(&text).map_err(|error| blame::<P>(event, unreadable(error)))?)
        }
        _ => None,
    };
    for &event in events {
        row = guarded(|| P::fold(key, row, event)).map_err(|error| blame::<P>(event, error))?;
        last = Some(event);
    }
    let (Some(row), Some(event)) = (row, last) else { return Ok(None) };
    let row = serde_json::to_value(row).map_err(|error| blame::<P>(event, unreadable(error)))?;
    let is_of_key =
        key.as_object().is_some_and(|columns| columns.iter().all(|(name, value)| row.get(name) == Some(value)));
    if is_of_key {
        Ok(Some(row))
    } else {
        Err(blame::<P>(event, FoldError(format!("it makes a row that has not the key {key}"))))
    }
}
