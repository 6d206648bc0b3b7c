//! Reading events: of one stream, or of all from a position on.

use super::{LedgerError, Recorded, Until, event};
use crate::{
    changelog::{parse_position, parse_transaction, position_bounds, statement::query},
    protocol::Position,
};
use sqlx::{PgConnection, Row};

/// Reads a stream from a version on, at most `limit` events. A stream that is not there has none.
pub async fn read_stream(
    connection: &mut PgConnection,
    stream: &str,
    from_version: i64,
    until: &Until,
    limit: i64,
) -> Result<Vec<Recorded>, LedgerError> {
    let (version, time) = until.bounds();
    let rows = query(include_str!("read_stream.sql"))
        .bind(stream)
        .bind(from_version)
        .bind(version)
        .bind(time)
        .bind(limit)
        .fetch_all(connection)
        .await
        .map_err(|error| LedgerError::of_time(error, time))?;
    rows.iter().map(event::recorded).collect()
}

/// Reads the events of all streams that a position does not include, and says which position they lead to.
///
/// They are those of whole transactions, in an order in which each event follows all that could be known when it was appended:
/// above all those of its own stream. At most `limit` events, unless one transaction has more. There is nothing new if there are
/// none; the position may have moved even so. What it costs depends on how much is new, and not on how long others keep transactions
/// open. For a transaction that has appended nothing itself.
///
/// # Errors
/// [`LedgerError::Ahead`] if the position is not one of this database.
pub async fn read_after(
    connection: &mut PgConnection,
    position: &Position,
    limit: i64,
) -> Result<(Vec<Recorded>, Position), LedgerError> {
    let (next, open) = position_bounds(position);
    // One statement, so one snapshot: the first row says what the others lead to.
    let look = query("select * from rowcast.events_after($1::text::xid8, $2::text[]::xid8[], $3)");
    let rows = look.bind(next).bind(open).bind(limit).fetch_all(connection).await?;
    let (mark, rows) = rows.split_first().ok_or_else(|| unexpected("a look that says nothing"))?;
    let reached = parse(mark.try_get("snapshot")?)?;
    if !reached.reaches(position) {
        return Err(LedgerError::Ahead);
    }
    let events = rows.iter().map(event::recorded).collect::<Result<_, _>>()?;
    let reach: Option<String> = mark.try_get("reach")?;
    let Some(reach) = reach else { return Ok((events, reached)) };
    let left: Vec<String> = mark.try_get("left_open")?;
    let left = left.iter().map(|xid| number(xid)).collect::<Result<Vec<_>, _>>()?;
    let next = position.next().max(number(&reach)? + 1).min(reached.next());
    Ok((events, Position::new(next, reached.open().iter().copied().chain(left))))
}

fn number(xid: &str) -> Result<u64, LedgerError> {
    parse_transaction(xid).map_err(|error| unexpected(&error.to_string()))
}

/// Reads a position as a `pg_snapshot` has it.
pub(super) fn parse(snapshot: &str) -> Result<Position, LedgerError> {
    parse_position(snapshot).map_err(|error| unexpected(&error.to_string()))
}

fn unexpected(what: &str) -> LedgerError {
    LedgerError::Unexpected(what.to_owned())
}
