//! Postgres snapshots as positions, and the epoch that gives them a meaning.
//!
//! `pg_snapshot` is `xmin:xmax:xip,…`: exactly "all below `next` except the open ones", because `xmin` follows from the
//! rest. Snapshots of one primary are totally ordered: each is taken under the lock under which commits become visible.

use super::{Error, statement::query};
use crate::protocol::{Epoch, Position};
use sqlx::{Executor, Postgres, Row};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Reads the text form of a `pg_snapshot`.
pub(crate) fn parse(snapshot: &str) -> Result<Position, Error> {
    let unexpected = || Error::Unexpected(format!("{snapshot:?} is not a snapshot"));
    let mut parts = snapshot.split(':');
    let (_, next, open) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(lowest), Some(next), Some(open), None) => (lowest, next, open),
        _ => return Err(unexpected()),
    };
    let number = |text: &str| text.parse::<u64>().map_err(|_| unexpected());
    let open = open.split(',').filter(|text| !text.is_empty()).map(number).collect::<Result<Vec<_>, _>>()?;
    Ok(Position::new(number(next)?, open))
}

/// Reads the text form of an `xid8`.
pub(crate) fn transaction(text: &str) -> Result<u64, Error> {
    text.parse().map_err(|_| Error::Unexpected(format!("{text:?} is not a transaction")))
}

/// Which continuous history the database is: our own id, kept beside the changelog, with the system identifier and the
/// timeline where they may be read. A dump restored elsewhere has another system identifier, a backup restored to a point
/// in time and a promoted standby another timeline. A storage snapshot that is put back has neither: see [`renew_history`](super::renew_history).
pub async fn epoch<'c>(database: impl Executor<'c, Database = Postgres>) -> Result<Epoch, Error> {
    let row = database.fetch_one(query(include_str!("epoch.sql"))).await?;
    let parts: [Option<String>; 4] = [row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?];
    // Not a secret and not for eternity: if a new compiler hashes differently, clients resync once.
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    Ok(Epoch(hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_are_read_as_postgres_writes_them() {
        assert_eq!(parse("10:10:").expect("parses"), Position::new(10, []));
        assert_eq!(parse("10:20:10,14,15").expect("parses"), Position::new(20, [10, 14, 15]));
        for garbage in ["", "10", "10:20", "a:b:c", "1:2:3:4", "1:2:x", "10:20:-1"] {
            assert!(parse(garbage).is_err(), "{garbage:?}");
        }
    }
}
