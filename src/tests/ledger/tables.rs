//! Two projections: a row for each tally, and what was added in all of each kind of thing.

use super::{Tallied, append_in, installed, somebody};
use crate::support::sql;
use rowcast::ledger::{self, Events, Expected, FoldError, Projection, ProjectionError, Recorded};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgPool;

/// A row for each tally until it is closed. What a program of the next version makes reads differently, and one that is mended knows
/// what to do with names that others stumble over.
pub struct Tallies<const VERSION: i32 = 1, const MENDED: bool = false>;

#[derive(Debug, Serialize, Deserialize)]
pub struct TallyRow {
    stream: String,
    sum: i64,
    name: String,
    version: i64,
    price: f64,
    at: String,
    tags: Vec<String>,
}

impl<const VERSION: i32, const MENDED: bool> Projection for Tallies<VERSION, MENDED> {
    const NAME: &'static str = "tallies";
    const VERSION: i32 = VERSION;
    const TABLE: &'static str = "public.tallies";
    type Row = TallyRow;

    fn keys(event: &Recorded) -> Result<Vec<Value>, FoldError> {
        Ok(vec![json!({ "stream": event.stream })])
    }

    fn fold(_: &Value, row: Option<TallyRow>, event: &Recorded) -> Result<Option<TallyRow>, FoldError> {
        let mut row = row.unwrap_or_else(|| TallyRow {
            stream: event.stream.clone(),
            sum: 0,
            name: String::new(),
            version: 0,
            price: 0.25,
            at: event.at.clone(),
            tags: Vec::new(),
        });
        // Nothing is missing and nothing comes twice, as far as it can tell: who is closed begins again.
        if row.version + 1 != event.version && row.version != 0 {
            return Err(FoldError(format!("the row is of version {}", row.version)));
        }
        row.version = event.version;
        row.at.clone_from(&event.at);
        match event.decode()? {
            Tallied::Added { amount, .. } => row.sum += amount * i64::from(VERSION),
            Tallied::Named { name } if !MENDED && name == "elsewhere" => row.stream = name,
            Tallied::Named { name } if !MENDED && name == "panic" => panic!("as it was told"),
            Tallied::Named { name } if !MENDED && name == "poison" => return Err(FoldError("it is poison".to_owned())),
            Tallied::Named { name } => {
                row.tags.push(name.clone());
                row.name = name;
            }
            Tallied::Closed => return Ok(None),
        }
        row.price = row.sum as f64 / 4.0;
        Ok(Some(row))
    }
}

/// One that is mended, whatever the names.
pub type Lenient = Tallies<1, true>;

/// Of many streams together.
pub struct Things;

#[derive(Debug, Serialize, Deserialize)]
pub struct ThingRow {
    of: String,
    amount: i64,
    events: i64,
}

impl Projection for Things {
    const NAME: &'static str = "things";
    const VERSION: i32 = 1;
    const TABLE: &'static str = r#"public."Things""#;
    type Row = ThingRow;

    fn keys(event: &Recorded) -> Result<Vec<Value>, FoldError> {
        match event.decode()? {
            Tallied::Added { of, .. } => Ok(vec![json!({ "of": of })]),
            _ => Ok(Vec::new()),
        }
    }

    fn fold(key: &Value, row: Option<ThingRow>, event: &Recorded) -> Result<Option<ThingRow>, FoldError> {
        let Tallied::Added { amount, of } = event.decode()? else { return Ok(row) };
        assert_eq!(*key, json!({ "of": of }));
        let ThingRow { amount: sum, events, .. } = row.unwrap_or(ThingRow { of: String::new(), amount: 0, events: 0 });
        Ok(Some(ThingRow { of, amount: sum + amount, events: events + 1 }))
    }
}

pub const TABLES: &str = r#"
    create table tallies (
        stream text primary key,
        price numeric(12, 2) not null,
        sum bigint not null constraint sums_are_small check (sum < 1000000),
        doubled bigint generated always as (sum * 2) stored,
        name text not null,
        version bigint not null,
        at timestamptz not null,
        tags text[] not null
    );
    create table "Things" ("of" text primary key, amount bigint not null, events bigint not null);
"#;

pub async fn with_tables(pool: &PgPool) {
    installed(pool).await;
    sql(pool, TABLES).await;
}

/// With the tables noted as the projections' own: else the first who appends does that, and a rebuild waits for it.
pub async fn with_declared_tables(pool: &PgPool) {
    with_tables(pool).await;
    declare::<Tallies>(pool).await.expect("is empty");
    declare::<Things>(pool).await.expect("is empty");
}

pub async fn declare<P: Projection>(pool: &PgPool) -> Result<(), ProjectionError> {
    let mut transaction = pool.begin().await.expect("begins");
    ledger::declare::<P>(&mut transaction).await?;
    transaction.commit().await.expect("commits");
    Ok(())
}

/// Appends, and keeps both projections in the same transaction.
pub async fn append_and_project(pool: &PgPool, stream: &str, events: &[Tallied]) -> Result<(), ProjectionError> {
    let mut transaction = pool.begin().await.expect("begins");
    let events: Vec<_> = events.iter().map(Events::to_new).collect();
    let recorded = ledger::append_recorded(&mut transaction, stream, Expected::Any, &events, &somebody()).await;
    let recorded = recorded.expect("appends");
    ledger::project_now::<Tallies>(&mut transaction, &recorded).await?;
    ledger::project_now::<Things>(&mut transaction, &recorded).await?;
    transaction.commit().await.expect("commits");
    Ok(())
}

/// Appends what a program might that keeps no projections.
pub async fn append_only(pool: &PgPool, stream: &str, events: &[Tallied]) {
    let mut transaction = pool.begin().await.expect("begins");
    append_in(&mut transaction, stream, events).await;
    transaction.commit().await.expect("commits");
}

/// What is wrong with a projection, which should be nothing.
pub async fn differences<P: Projection>(pool: &PgPool) -> Vec<ledger::Difference> {
    ledger::check::<P>(pool, 10).await.expect("checks").differences
}

pub fn named(name: &str) -> Tallied {
    Tallied::Named { name: name.to_owned() }
}

pub fn of(amount: i64, of: &str) -> Tallied {
    Tallied::Added { amount, of: of.to_owned() }
}
