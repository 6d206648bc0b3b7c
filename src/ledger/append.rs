//! Appending events to a stream.

use super::{AppendError, Expected, LedgerError, Metadata, NewEvent, Recorded, event, limits};
use crate::changelog::statement::{query, query_scalar};
use sqlx::PgConnection;

/// Appends events to a stream, all of them or none, and says which version the stream has then. Within a transaction, whose
/// other writes so are part of what happened. Until it ends, others who append to the same stream wait.
///
/// # Errors
/// [`AppendError::Conflict`] if the stream is not where it is expected to be. Nothing has been written then, and the transaction
/// goes on; unless it is one that reads from a single snapshot, where Postgres ends it with an error of its own.
pub async fn append(
    connection: &mut PgConnection,
    stream: &str,
    expected: Expected,
    events: &[NewEvent],
    metadata: &Metadata,
) -> Result<i64, AppendError> {
    let recorded = append_recorded(connection, stream, expected, events, metadata).await?;
    match recorded.last() {
        Some(last) => Ok(last.version),
        None => version_of(connection, stream).await.map_err(AppendError::from),
    }
}

/// [`append`], and the events as they were recorded: for [`project_now`](super::project_now).
pub async fn append_recorded(
    connection: &mut PgConnection,
    stream: &str,
    expected: Expected,
    events: &[NewEvent],
    metadata: &Metadata,
) -> Result<Vec<Recorded>, AppendError> {
    let data = texts(stream, events)?;
    check_metadata(metadata)?;
    let at = match expected {
        Expected::Any => None,
        Expected::New => Some(0),
        Expected::Version(version) => Some(version),
    };
    if events.is_empty() {
        let current = version_of(connection, stream).await?;
        return if at.is_none_or(|at| at == current) { Ok(Vec::new()) } else { Err(AppendError::Conflict { current }) };
    }
    let (kinds, schemas): (Vec<_>, Vec<_>) = events.iter().map(|event| (&*event.kind, event.schema)).unzip();
    let rows = query(include_str!("append.sql"))
        .bind(stream)
        .bind(at)
        .bind(kinds)
        .bind(schemas)
        .bind(data)
        .bind(&metadata.who)
        .bind(&metadata.who_name)
        .bind(&metadata.cause)
        .bind(&metadata.correlation)
        .fetch_all(&mut *connection)
        .await?;
    if rows.is_empty() {
        return Err(AppendError::Conflict { current: version_of(connection, stream).await? });
    }
    let mut recorded = rows.iter().map(event::recorded).collect::<Result<Vec<_>, _>>().map_err(of_own_row)?;
    recorded.sort_unstable_by_key(|event| event.version);
    Ok(recorded)
}

/// Appends events to many streams, wherever they are: what a change of many things at once has to tell. As [`append`], within a
/// transaction, and at most a thousand at once.
pub async fn append_each(
    connection: &mut PgConnection,
    events: &[(String, NewEvent)],
    metadata: &Metadata,
) -> Result<(), AppendError> {
    if events.len() > limits::EVENTS_AT_ONCE {
        return Err(unfit(format!("{} events at once", events.len()), "at most 1,000 are appended at once"));
    }
    check_metadata(metadata)?;
    let mut data = Vec::with_capacity(events.len());
    for (stream, event) in events {
        data.extend(texts(stream, std::slice::from_ref(event))?);
    }
    let streams: Vec<&str> = events.iter().map(|(stream, _)| stream.as_str()).collect();
    let (kinds, schemas): (Vec<_>, Vec<_>) = events.iter().map(|(_, event)| (&*event.kind, event.schema)).unzip();
    query(include_str!("append_each.sql"))
        .bind(streams)
        .bind(kinds)
        .bind(schemas)
        .bind(data)
        .bind(&metadata.who)
        .bind(&metadata.who_name)
        .bind(&metadata.cause)
        .bind(&metadata.correlation)
        .execute(connection)
        .await?;
    Ok(())
}

/// The version of a stream; 0 if there is none.
async fn version_of(connection: &mut PgConnection, stream: &str) -> Result<i64, sqlx::Error> {
    let version = query_scalar("select version from rowcast.stream where stream = $1").bind(stream);
    Ok(version.fetch_optional(connection).await?.unwrap_or_default())
}

/// The data of events as text, if they can be kept.
fn texts(stream: &str, events: &[NewEvent]) -> Result<Vec<String>, AppendError> {
    if stream.is_empty() || stream.len() > limits::STREAM_BYTES || stream.contains('\0') {
        return Err(unfit(format!("a stream {stream:?}"), "its name must have between 1 and 200 bytes"));
    }
    if events.len() > limits::EVENTS_AT_ONCE {
        return Err(unfit(format!("{} events at once", events.len()), "at most 1,000 are appended at once"));
    }
    events
        .iter()
        .map(|event| {
            let what = || format!("an event {:?}", event.kind);
            if let Some(why) = event.flaw() {
                return Err(unfit(what(), why));
            }
            let text = event.data.to_string();
            if text.len() > limits::DATA_BYTES { Err(unfit(what(), "its data is larger than 1 MiB")) } else { Ok(text) }
        })
        .collect()
}

fn check_metadata(metadata: &Metadata) -> Result<(), AppendError> {
    let Metadata { who, who_name, cause, correlation } = metadata;
    let texts = [who.as_deref(), Some(who_name), cause.as_deref(), correlation.as_deref()];
    for text in texts.into_iter().flatten() {
        if text.contains('\0') {
            return Err(unfit("what is said about an event".to_owned(), "Postgres cannot keep the character zero"));
        }
        if text.len() > limits::METADATA_BYTES {
            return Err(unfit("what is said about an event".to_owned(), "one of its texts is longer than 1,000 bytes"));
        }
    }
    Ok(())
}

fn unfit(what: String, why: &'static str) -> AppendError {
    AppendError::Unfit { what, why }
}

/// What was written a moment ago is read again.
fn of_own_row(error: LedgerError) -> AppendError {
    match error {
        LedgerError::Database(error) => AppendError::Database(error),
        other => AppendError::Database(sqlx::Error::Decode(other.into())),
    }
}
