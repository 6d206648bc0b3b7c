//! What the changelog has of one table: its transactions in order, and since when they are all there.
//!
//! A transaction's place is the number of its last change of the table. The number is drawn while rows are locked, so
//! of two transactions that changed the same row, the one that committed first has the lower place, whatever clocks do. What was
//! pruned had committed before the horizon, and comes before everything that is left.

use super::{Reach, ReachEnd, TravelError, When};
use crate::{
    changelog::{Error, Snapshot, position, read, statement::query},
    hub::{Definition, Table, TableId},
    protocol::Position,
};
use serde::Deserialize;
use sqlx::{Row, postgres::PgRow};
use std::collections::HashMap;

/// Most transactions of a table that are looked at, those that came last. Each takes some fifty bytes.
const MAX_TRANSACTIONS: usize = 500_000;

/// A transaction that changed the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Transaction {
    pub(super) xid: u64,
    /// The numbers of its first and last change of the table.
    pub(super) first: i64,
    pub(super) last: i64,
    /// When its last change was made, by the clock of the database.
    pub(super) at: i64,
    /// The same, or when the one before was made if the clock was set back since.
    by: i64,
    /// Whether it emptied or rewrote the table, so that nobody can say what was there before.
    bulk: bool,
}

/// The transactions of one table, the earliest first, and where they begin.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) transactions: Vec<Transaction>,
    pub(super) reach: Reach,
    /// What may have been pruned.
    pub(super) horizon: Position,
    /// The place from which on everything is known.
    pub(super) from: i64,
    /// By the place of a column in the table: since when it has been what it is; none if it always has, as far as is known.
    pub(super) came: Vec<Option<Arrival>>,
}

/// When a column came, or became another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    /// The number of the change that says so.
    pub(super) seq: i64,
    at: i64,
}

/// What the list of tracked tables says of one, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Listed {
    key: Vec<String>,
    columns: Vec<serde_json::Value>,
    since: serde_json::Value,
    policies: serde_json::Value,
    /// The name of the table, what it is made of.
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

impl Listed {
    /// Names and types.
    fn columns(&self) -> impl Iterator<Item = (String, String)> {
        let text = |column: &serde_json::Value, of: &str| column[of].as_str().unwrap_or_default().to_owned();
        self.columns.iter().map(move |column| (text(column, "name"), text(column, "type")))
    }
}

impl Record {
    /// Reads it. The snapshot has the changelog and the table.
    pub(super) async fn read(snapshot: &mut Snapshot, definition: &Definition) -> Result<Self, TravelError> {
        let table = &definition.table;
        let missing = || Error::Unexpected("rowcast.history is empty".to_owned());
        let row = query(include_str!("record.sql")).bind(table.id).fetch_optional(snapshot.connection()).await;
        let row = row.map_err(Error::from)?.ok_or_else(missing)?;
        let since: Option<String> = value(&row, "since")?;
        // Policies are part of what the server knows of the table: it must know the latest.
        if since != Some(table.since.to_string()) {
            return Err(TravelError::Altered);
        }
        let horizon = position::parse(&value::<String>(&row, "horizon")?)?;
        let kept_since: Option<i64> = value(&row, "kept_since")?;
        let bounds = read::bounds(&horizon);
        let transactions = transactions(snapshot, &bounds, table.id).await?;
        let mut record = Self::of(ordered(&transactions, kept_since)?, horizon, kept_since, table.columns.len());
        record.follow_list(snapshot, &bounds, table).await?;
        record.need_columns(definition);
        Ok(record)
    }

    /// As far as the transactions themselves tell.
    fn of(transactions: Vec<Transaction>, horizon: Position, kept_since: Option<i64>, columns: usize) -> Self {
        let reach = Reach { at: kept_since, end: ReachEnd::Retention };
        let mut record = Self { came: vec![None; columns], reach, horizon, from: i64::MIN, transactions };
        let first = record.transactions.first().copied();
        if let Some(first) = first.filter(|_| record.transactions.len() == MAX_TRANSACTIONS) {
            record.begins(first.last, first.at, ReachEnd::Amount);
        }
        let bulk: Vec<Transaction> = record.transactions.iter().copied().filter(|one| one.bulk).collect();
        bulk.into_iter().for_each(|one| record.begins(one.last, one.at, ReachEnd::Bulk));
        record
    }

    /// What was before `place` is not known.
    fn begins(&mut self, place: i64, at: i64, end: ReachEnd) {
        if place > self.from {
            self.from = place;
            self.reach = Reach { at: Some(at), end };
        }
    }

    /// Goes through what the list of tables has said of the table: since when it has been tracked without a gap, under this key,
    /// and since when each column has been there.
    async fn follow_list(
        &mut self,
        snapshot: &mut Snapshot,
        bounds: &(String, Vec<String>),
        table: &Table,
    ) -> Result<(), TravelError> {
        let rows = query(include_str!("listed.sql")).bind(bounds.0.as_str()).bind(bounds.1.as_slice()).bind(table.id);
        let rows = rows.fetch_all(snapshot.connection()).await.map_err(Error::from)?;
        let mut arrivals = HashMap::new();
        for row in rows {
            let (seq, at): (i64, i64) = (value(&row, "seq")?, value(&row, "at")?);
            let xid = position::transaction(&value::<String>(&row, "xid")?)?;
            // What the same transaction did to the rows besides.
            let place = self.transactions.iter().find(|one| one.xid == xid).map_or(seq, |one| seq.max(one.last));
            let new = listed(&value::<String>(&row, "new")?)?;
            let Some(old) = value::<Option<String>>(&row, "old")? else {
                self.begins(place, at, ReachEnd::Tracking);
                continue;
            };
            let old = listed(&old)?;
            if let Some(end) = gap(&old, &new) {
                self.begins(place, at, end);
            }
            let before: Vec<_> = old.columns().collect();
            arrivals
                .extend(new.columns().filter(|column| !before.contains(column)).map(|new| (new, Arrival { seq, at })));
        }
        for (came, column) in self.came.iter_mut().zip(&table.columns) {
            *came = arrivals.get(&(column.name.clone(), column.sql.clone())).copied();
        }
        Ok(())
    }

    /// Who may see a row, and which rows are asked for, cannot be said of rows that lack what it depends on.
    fn need_columns(&mut self, definition: &Definition) {
        let used = definition.filter.iter().flat_map(|filter| filter.uses().to_vec());
        let needed: Vec<(usize, Arrival)> = used.filter_map(|place| Some((place, (*self.came.get(place)?)?))).collect();
        for (place, arrival) in needed {
            let name = definition.table.columns[place].name.clone();
            self.begins(arrival.seq, arrival.at, ReachEnd::Column(name));
        }
    }

    /// The place up to which everything had happened at a moment.
    pub(super) fn place(&self, when: When) -> Result<i64, TravelError> {
        let at = match when {
            When::Now => return Ok(i64::MAX),
            When::Time(at) => at,
            When::Moment { seq, at } => {
                let found = self.transactions.binary_search_by_key(&seq, |one| one.last).ok();
                // Else it is one of another history, or of another table: its time still says something.
                match found.map(|found| self.transactions[found]) {
                    Some(one) if one.at == at && seq >= self.from => return Ok(seq),
                    _ => at,
                }
            }
        };
        if self.reach.at.is_some_and(|reach| at < reach) {
            return Err(TravelError::Beyond(self.reach.clone()));
        }
        let count = self.transactions.partition_point(|one| one.by <= at);
        Ok(self.transactions[..count].last().map_or(self.from, |one| one.last.max(self.from)))
    }

    /// What came after a place.
    pub(super) fn after(&self, place: i64) -> &[Transaction] {
        &self.transactions[self.transactions.partition_point(|one| one.last <= place)..]
    }
}

/// Why rows of before are not known, if the table was listed anew.
fn gap(old: &Listed, new: &Listed) -> Option<ReachEnd> {
    if old.key != new.key {
        return Some(ReachEnd::Key);
    }
    // It was read anew for no reason of its own: somebody may have written while nobody noted it.
    let same = old.columns == new.columns && old.policies == new.policies && old.rest == new.rest;
    (same && old.since != new.since).then_some(ReachEnd::Paused)
}

fn listed(text: &str) -> Result<Listed, Error> {
    serde_json::from_str(text).map_err(|error| Error::Unexpected(format!("rowcast.tracked: {error}")))
}

async fn transactions(
    snapshot: &mut Snapshot,
    bounds: &(String, Vec<String>),
    table: TableId,
) -> Result<Vec<PgRow>, TravelError> {
    let rows = query(include_str!("transactions.sql"))
        .bind(bounds.0.as_str())
        .bind(bounds.1.as_slice())
        .bind(table)
        .bind(i64::try_from(MAX_TRANSACTIONS).unwrap_or(i64::MAX))
        .fetch_all(snapshot.connection())
        .await;
    Ok(rows.map_err(Error::from)?)
}

/// The earliest first, with times that never go back.
fn ordered(rows: &[PgRow], kept_since: Option<i64>) -> Result<Vec<Transaction>, TravelError> {
    let mut by = kept_since.unwrap_or(i64::MIN);
    rows.iter()
        .rev()
        .map(|row| {
            let at: i64 = value(row, "at")?;
            by = by.max(at);
            Ok(Transaction {
                xid: position::transaction(&value::<String>(row, "xid")?)?,
                first: value(row, "first")?,
                last: value(row, "last")?,
                at,
                by,
                bulk: value(row, "bulk")?,
            })
        })
        .collect()
}

/// A column of what was read.
pub(super) fn value<'r, T>(row: &'r PgRow, name: &str) -> Result<T, Error>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    Ok(row.try_get(name)?)
}
