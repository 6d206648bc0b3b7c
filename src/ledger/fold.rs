//! What a stream has come to: a pure fold over its events.
//!
//! Of a long stream, what it had come to is kept at some versions, so that not all of it is read each time. Nobody sees that:
//! what is kept is used if the same version of the same fold made it, and can be thrown away at any time.

use super::{Events, LedgerError, Recorded, Until, limits, read_stream};
use crate::changelog::statement::query;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{PgConnection, Row};

/// Makes a state from the events of a stream. Pure: the same events make the same state, today and tomorrow.
pub trait Fold {
    /// The events.
    type Event: Events;
    /// The state; it begins as its default.
    type State: Default + Clone + Serialize + DeserializeOwned;
    /// What tells this fold from others.
    const NAME: &'static str;
    /// To be raised whenever the fold makes another state from the same events, or the state has other fields.
    const VERSION: i32;

    /// Adds what an event changes.
    fn apply(state: &mut Self::State, event: &Self::Event, recorded: &Recorded);
}

/// Folds a stream, or the beginning of one: its state, and the version that it is of. A stream that is not there is at version 0.
pub async fn load<F: Fold>(
    connection: &mut PgConnection,
    stream: &str,
    until: &Until,
) -> Result<(F::State, i64), LedgerError> {
    let Beginning { mut state, begun, target, may_keep } = begin::<F>(connection, stream, until).await?;
    let until = target.map_or(Until::Latest, Until::Version);
    let (mut version, mut keep) = (begun, None);
    loop {
        let events = read_stream(connection, stream, version + 1, &until, limits::PAGE).await?;
        for event in &events {
            F::apply(&mut state, &event.decode()?, event);
            if event.version % limits::SNAPSHOT_EVERY == 0 {
                keep = Some((event.version, state.clone()));
            }
        }
        version = events.last().map_or(version, |event| event.version);
        if i64::try_from(events.len()).is_ok_and(|read| read < limits::PAGE) {
            break;
        }
    }
    if let Some((version, state)) = keep.filter(|_| may_keep) {
        keep_state::<F>(connection, stream, version, &state).await?;
    }
    Ok((state, version))
}

/// From where a stream is folded.
struct Beginning<S> {
    state: S,
    /// Its version.
    begun: i64,
    /// The version until which to go on; none: the last.
    target: Option<i64>,
    may_keep: bool,
}

async fn begin<F: Fold>(
    connection: &mut PgConnection,
    stream: &str,
    until: &Until,
) -> Result<Beginning<F::State>, LedgerError> {
    let (version, time) = until.bounds();
    let row = query(include_str!("load.sql"))
        .bind(stream)
        .bind(F::NAME)
        .bind(F::VERSION)
        .bind(version)
        .bind(time)
        .fetch_one(connection)
        .await
        .map_err(|error| LedgerError::of_time(error, time))?;
    let kept: Option<(i64, &str)> = row.try_get::<Option<_>, _>("begun")?.zip(row.try_get("state")?);
    let (target, may_keep) = (row.try_get("target")?, row.try_get("may_keep")?);
    // What cannot be read is as good as not there.
    let state = kept.and_then(|(version, state)| Some((version, serde_json::from_str(state).ok()?)));
    let (begun, state) = state.unwrap_or_default();
    Ok(Beginning { state, begun, target, may_keep })
}

async fn keep_state<F: Fold>(
    connection: &mut PgConnection,
    stream: &str,
    version: i64,
    state: &F::State,
) -> Result<(), LedgerError> {
    // A state that is no JSON is computed each time.
    let Ok(state) = serde_json::to_string(state) else { return Ok(()) };
    query(include_str!("keep.sql"))
        .bind(stream)
        .bind(F::NAME)
        .bind(F::VERSION)
        .bind(version)
        .bind(state)
        .execute(connection)
        .await?;
    Ok(())
}
