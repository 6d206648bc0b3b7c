//! Replaying: all events up to a position, page by page, into a table that shadows that of a projection.

use super::{
    LedgerError, Recorded,
    apply::{self, Touched},
    event, limits,
    projection::{Projection, ProjectionError},
    read,
};
use crate::{
    changelog::{quote, statement::query},
    protocol::Position,
};
use sqlx::{PgConnection, Row};

/// How much there is to replay.
#[derive(Clone, Debug)]
pub(super) struct Extent {
    /// Where the ledger stands.
    pub(super) position: Position,
    /// The last `seq`.
    pub(super) last: i64,
    /// How many events.
    pub(super) events: i64,
}

/// How much of the ledger there is, or of that which a position includes.
pub(super) async fn extent(connection: &mut PgConnection, of: Option<&str>) -> Result<Extent, LedgerError> {
    let row = query(include_str!("extent.sql")).bind(of).fetch_one(connection).await?;
    let position = read::parse(row.try_get("snapshot")?)?;
    Ok(Extent { position, last: row.try_get("last")?, events: row.try_get("events")? })
}

/// The next events by `seq`: after one, up to another one, of those that a position includes.
pub(super) async fn page(
    connection: &mut PgConnection,
    (after, last): (i64, i64),
    of: Option<&str>,
    limit: i64,
) -> Result<Vec<Recorded>, LedgerError> {
    let page = query(include_str!("events_page.sql")).bind(after).bind(last).bind(of).bind(limit);
    page.fetch_all(connection).await?.iter().map(event::recorded).collect()
}

/// Makes an empty table like a projection's, to replay into: one that goes with the transaction, or one in the schema `rowcast`.
/// Its name as SQL has it.
pub(super) async fn shadow<P: Projection>(
    connection: &mut PgConnection,
    name: &str,
    is_temporary: bool,
) -> Result<String, ProjectionError> {
    query("select rowcast.shadow($1::text::regclass, $2, $3)::text")
        .bind(P::TABLE)
        .bind(name)
        .bind(is_temporary)
        .execute(connection)
        .await
        .map_err(ProjectionError::database(P::NAME))?;
    Ok(format!("{}.{}", if is_temporary { "pg_temp" } else { "rowcast" }, quote(name)))
}

/// Folds events into a table.
pub(super) async fn fold<P: Projection>(
    connection: &mut PgConnection,
    table: &str,
    events: &[Recorded],
) -> Result<(), ProjectionError> {
    apply::apply::<P>(connection, table, Touched::by::<P>(events)?).await
}

/// How many events are folded at once: fewer while looking for the one that is to be blamed, more again after that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stride(i64);

impl Stride {
    pub(super) const fn new() -> Self {
        Self(limits::FOLDED_AT_ONCE)
    }

    pub(super) fn events(self) -> i64 {
        self.0
    }

    /// It went well.
    pub(super) fn lengthen(&mut self) {
        self.0 = (self.0 * 2).min(limits::FOLDED_AT_ONCE);
    }

    /// Some event is to be blamed. False if there is only one left that can be.
    pub(super) fn shorten(&mut self) -> bool {
        let was = self.0;
        self.0 = 1;
        was > 1
    }
}

/// Says of an error which event is to be blamed, where the database has refused a row that was made of only these.
pub(super) fn blame(error: ProjectionError, events: &[Recorded]) -> ProjectionError {
    match (error, events.first()) {
        (ProjectionError::Database { projection, cause }, Some(event)) => ProjectionError::Event {
            projection,
            stream: event.stream.clone(),
            version: event.version,
            why: format!("the table refuses the row: {cause}"),
        },
        (error, _) => error,
    }
}
