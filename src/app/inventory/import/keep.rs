//! Files of products in the database, for a day, each for whoever brought it.

use super::{
    model::{Done, Refusal, State, Summary},
    places::Place,
    plan::{Row, plan},
    sheet,
};
use crate::{
    app::inventory::{Product, refusal::Refusal as Common, statements::refusal},
    changelog::statement,
    identity::visitor::Person,
};
use sqlx::{Error, PgConnection, PgPool, Row as _, postgres::PgRow};

/// An import as it is kept.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) name: String,
    pub(super) state: State,
    pub(super) progress: (i32, i32),
    pub(super) is_interrupted: bool,
    pub(super) told: Done,
    pub(super) content: String,
    /// The products that it is about, as they were shown.
    pub(super) seen: Vec<Product>,
    /// The lines about products that have changed since, sorted.
    pub(super) stale: Vec<u64>,
    /// What was written, as JSON.
    pub(super) done: Option<String>,
}

impl Kept {
    /// What it does, which takes a moment for a large file, and a place also when nobody waits for it any more.
    pub(super) async fn planned(self, place: &Place) -> Result<(Self, Vec<Row>), Refusal> {
        let place = place.clone();
        let planned = tokio::task::spawn_blocking(move || {
            let _place = place;
            // It was read before it was kept, by the limits of then.
            let rows = sheet::read(&self.content, usize::MAX).map(|sheet| plan(&sheet, &self.seen));
            rows.map(|rows| (self, rows))
        });
        match planned.await {
            Ok(Ok(planned)) => Ok(planned),
            Ok(Err(problem)) => {
                tracing::error!(?problem, "a file that was kept cannot be read any more");
                Err(Refusal::Gone)
            }
            Err(error) => {
                tracing::error!(%error, "a file was not read to its end");
                Err(Common::Unavailable.into())
            }
        }
    }
}

/// Keeps a file, and forgets older ones.
pub(super) async fn keep(
    pool: &PgPool,
    person: &Person,
    who_name: &str,
    name: &str,
    content: &str,
    seen: &[Product],
) -> Result<i64, Error> {
    let seen = serde_json::to_string(seen).map_err(|error| Error::Encode(error.into()))?;
    let mut transaction = statement::begin(pool).await?;
    let keep = statement::query_scalar(include_str!("keep.sql")).bind(&person.id).bind(who_name).bind(name);
    let id = keep.bind(content).bind(seen).fetch_one(&mut *transaction).await?;
    statement::query(include_str!("forget.sql")).bind(&person.id).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(id)
}

/// The import of this number, if it is this person's.
pub(super) async fn find(pool: &PgPool, id: i64, person: &Person) -> Result<Kept, Refusal> {
    let mut transaction = statement::begin(pool).await.map_err(|error| refused(&error))?;
    find_on(&mut transaction, id, person).await
}

/// The same, in a transaction: whoever holds a connection takes no other one.
pub(super) async fn find_on(connection: &mut PgConnection, id: i64, person: &Person) -> Result<Kept, Refusal> {
    let find = statement::query(include_str!("find.sql")).bind(id).bind(&person.id);
    let found = find.fetch_optional(connection).await.and_then(|row| row.map(|row| kept(&row)).transpose());
    found.map_err(|error| refused(&error))?.ok_or(Refusal::Gone)
}

/// The latest of this person's.
pub(super) async fn recent(pool: &PgPool, person: &Person) -> Result<Vec<Summary>, Refusal> {
    let found = async {
        let mut transaction = statement::begin(pool).await?;
        let rows = statement::query(include_str!("recent.sql")).bind(&person.id).fetch_all(&mut *transaction).await?;
        let summary = |row: &PgRow| {
            Ok(Summary {
                id: row.try_get("id")?,
                name: row.try_get("file_name")?,
                state: state(row)?,
                at: row.try_get("at")?,
                done: told(row)?,
            })
        };
        rows.iter().map(summary).collect::<Result<Vec<_>, Error>>()
    };
    found.await.map_err(|error| refused(&error))
}

fn kept(row: &PgRow) -> Result<Kept, Error> {
    let seen: String = row.try_get("seen")?;
    let stale: Vec<i64> = row.try_get("stale")?;
    let mut stale: Vec<u64> = stale.into_iter().map(i64::unsigned_abs).collect();
    stale.sort_unstable();
    Ok(Kept {
        name: row.try_get("file_name")?,
        state: state(row)?,
        progress: (row.try_get("rows_done")?, row.try_get("rows_all")?),
        is_interrupted: row.try_get("is_interrupted")?,
        told: told(row)?,
        content: row.try_get("content")?,
        seen: serde_json::from_str(&seen).map_err(|error| Error::Decode(error.into()))?,
        stale,
        done: row.try_get("done")?,
    })
}

fn told(row: &PgRow) -> Result<Done, Error> {
    Ok(Done {
        added: row.try_get("added")?,
        changed: row.try_get("changed")?,
        unchanged: row.try_get("unchanged")?,
        left_out: row.try_get("left_out")?,
        kept: row.try_get("kept")?,
        is_over: true,
    })
}

fn state(row: &PgRow) -> Result<State, Error> {
    let word: &str = row.try_get("state")?;
    Ok(match word {
        "running" => State::Running,
        "done" => State::Done,
        "undone" => State::Undone,
        _ => State::Ready,
    })
}

/// What people are told of it.
pub(super) fn refused(error: &Error) -> Refusal {
    let code = match error {
        Error::Database(error) => error.code(),
        _ => None,
    };
    match code.as_deref() {
        // A lock that did not come in time, or a deadlock.
        Some("55P03" | "40P01") => Refusal::Busy,
        _ => refusal(error).into(),
    }
}
