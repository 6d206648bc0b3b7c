//! The rows of a moment: the present ones, with later changes taken back.

use super::{
    Travel, TravelError, When,
    images::Images,
    overlay::{Overlay, Was},
    record::{Transaction, value},
};
use crate::{
    changelog::{Error, Snapshot, quote, snapshot::rows_of, statement::query},
    hub::{Definition, Image},
    protocol::Position,
};
use futures::TryStreamExt;
use serde_json::value::RawValue;
use sqlx::{AssertSqlSafe, postgres::PgRow};
use std::sync::Arc;

/// Most bytes of rows that are told at once.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// The answer to a question as of a moment.
#[derive(Clone, Debug)]
pub struct State {
    /// The rows, as JSON, in no order. A column that was not there is null.
    pub rows: Vec<Image>,
    /// The columns that were not there.
    pub missing: Vec<String>,
}

impl Travel {
    /// The rows of a moment: at most so many, or [`TravelError::TooMuch`].
    pub async fn state(&mut self, when: When, limit: usize) -> Result<State, TravelError> {
        let place = self.record.place(when)?;
        let later = self.record.after(place).to_vec();
        let definition = self.definition.clone();
        let images = Images { definition: &definition, record: &self.record };
        let mut told = Told { rows: Vec::new(), bytes: 0, limit };
        let mut overlay = overlay(&mut self.snapshot, &definition, &self.record.horizon, place, &later).await?;
        let (sql, values) = present(&definition);
        let statement = values.into_iter().fold(query(AssertSqlSafe(sql)), |statement, value| statement.bind(value));
        let mut rows = statement.fetch(self.snapshot.connection());
        while let Some(row) = rows.try_next().await.map_err(Error::from)? {
            let key = image(&row, "key")?.and_then(|key| overlay.key(&key)).ok_or(TravelError::Altered)?;
            let was = match overlay.was(&key) {
                Was::Same => image(&row, "row")?,
                Was::Row(image) => Some(image),
                Was::Absent => None,
            };
            told.take(was.and_then(|was| images.shown(&was, place)))?;
        }
        for row in overlay.gone() {
            told.take(images.shown(&row, place))?;
        }
        let columns = definition.table.columns.iter().zip(&self.record.came);
        let shown = |name: &String| {
            definition
                .columns
                .as_ref()
                .is_none_or(|columns| columns.iter().any(|at| definition.table.columns[*at].name == *name))
        };
        let missing = columns
            .filter(|(_, came)| came.is_some_and(|arrival| arrival.seq >= place))
            .map(|(column, _)| column.name.clone())
            .filter(shown);
        Ok(State { rows: told.rows, missing: missing.collect() })
    }
}

/// Rows that are told, within bounds.
struct Told {
    rows: Vec<Image>,
    bytes: usize,
    limit: usize,
}

impl Told {
    fn take(&mut self, row: Option<Image>) -> Result<(), TravelError> {
        let Some(row) = row else { return Ok(()) };
        self.bytes += row.get().len();
        if self.rows.len() == self.limit || self.bytes > MAX_BYTES {
            return Err(TravelError::TooMuch("more rows than are shown at once; ask for fewer with a filter"));
        }
        self.rows.push(row);
        Ok(())
    }
}

/// What must be put back.
async fn overlay<'d>(
    snapshot: &mut Snapshot,
    definition: &'d Definition,
    horizon: &Position,
    place: i64,
    later: &[Transaction],
) -> Result<Overlay<'d>, TravelError> {
    let mut overlay = Overlay::of(&definition.table);
    let (open, beyond): (Vec<&Transaction>, Vec<_>) = later.iter().partition(|one| one.xid < horizon.next());
    let lowest = beyond.iter().map(|one| one.xid).min().unwrap_or(u64::MAX);
    let numbers = |of: Vec<&Transaction>| of.into_iter().map(|one| one.xid.to_string()).collect::<Vec<_>>();
    let mut changes = query(include_str!("changes_since.sql"))
        .bind(lowest.to_string())
        .bind(numbers(open))
        .bind(place)
        .bind(numbers(beyond.into_iter().filter(|one| one.first <= place).collect()))
        .bind(definition.table.id)
        .fetch(snapshot.connection());
    while let Some(change) = changes.try_next().await.map_err(Error::from)? {
        overlay.take(value(&change, "seq")?, image(&change, "old")?, image(&change, "new")?)?;
    }
    Ok(overlay)
}

/// All keys of the table, with the rows that are asked for at present. Everything in it is a quoted identifier, made by the hub, or
/// a parameter.
fn present(definition: &Definition) -> (String, Vec<Option<String>>) {
    let table = &definition.table;
    let key: Vec<String> = table.key.iter().map(|column| format!("t.{}", quote(column))).collect();
    let key = key.join(", ");
    let (row, values) = match &definition.filter {
        Some(filter) => {
            let (condition, values) = filter.condition(1);
            (format!("case when {condition} then row_to_json(t.*)::text end"), values)
        }
        None => ("row_to_json(t.*)::text".to_owned(), Vec::new()),
    };
    let source = rows_of(table);
    let key_of = format!("(select row_to_json(k.*)::text from (select {key}) k)");
    (format!("select {row} as \"row\", {key_of} as \"key\" from {source} t order by {key}"), values)
}

/// An image of a row, if there is one.
pub(super) fn image(row: &PgRow, name: &str) -> Result<Option<Image>, TravelError> {
    let text: Option<String> = value(row, name)?;
    let unexpected = |error| Error::Unexpected(format!("row text: {error}"));
    Ok(text.map(RawValue::from_string).transpose().map_err(unexpected)?.map(Arc::from))
}
