//! The past of a table, compared with what was noted while it was the present.

mod bounds;
mod rights;
mod truth;

use crate::support::{sql, value};
use rowcast::{
    changelog::{
        PostgresSource, Tailer, WakeUp,
        travel::{Moment, State, Travel, TravelError, When},
    },
    hub::{Definition, Principal},
    protocol::{Role, Subscribe},
    socket::{CONSTANTS_TIMEOUT, define},
};
use sqlx::PgPool;
use std::collections::BTreeSet;

/// More than any of these tables has.
const ALL: usize = 100_000;

/// What somebody asks, of the tables as they are now.
async fn asked_by(pool: &PgPool, principal: &Principal, question: Subscribe) -> Definition {
    let tailer = Tailer::start(pool.clone(), WakeUp::Poll).await.expect("starts");
    let source = PostgresSource::new(pool.clone());
    define(&question, principal, tailer.hub(), &source, CONSTANTS_TIMEOUT).await.expect("is a question")
}

/// All of a table, for those who see everything.
async fn all_of(pool: &PgPool, table: &str) -> Definition {
    asked_by(pool, &Principal::nobody(Role::Admin), Subscribe::from(table)).await
}

async fn open(pool: &PgPool, definition: &Definition) -> Travel {
    Travel::open(pool, definition).await.expect("opens")
}

/// The rows of a moment.
async fn rows(pool: &PgPool, definition: &Definition, when: When) -> BTreeSet<String> {
    texts(&open(pool, definition).await.state(when, ALL).await.expect("is known"))
}

/// Why they cannot be told.
async fn refusal(pool: &PgPool, definition: &Definition, when: When) -> TravelError {
    open(pool, definition).await.state(when, ALL).await.expect_err("is not known")
}

fn texts(state: &State) -> BTreeSet<String> {
    let texts: BTreeSet<String> = state.rows.iter().map(|row| row.get().to_owned()).collect();
    assert_eq!(texts.len(), state.rows.len(), "no row is told twice");
    texts
}

/// All moments of a question.
async fn moments(pool: &PgPool, definition: &Definition) -> Vec<Moment> {
    let told = open(pool, definition).await.moments(When::Now, ALL, ALL).await.expect("are known");
    assert!(!told.earlier && !told.later);
    told.moments
}

/// What a moment changed, as `old → new`.
fn told(moment: &Moment) -> Vec<String> {
    let text = |image: &Option<rowcast::hub::Image>| {
        image.as_ref().map_or_else(String::new, |image| image.get().replace('"', ""))
    };
    moment.differences.iter().map(|one| format!("{} → {}", text(&one.old), text(&one.new))).collect()
}

/// The rows that a table has now.
async fn present(pool: &PgPool, table: &str) -> BTreeSet<String> {
    let query = format!("select coalesce(array_agg(row_to_json(t.*)::text), '{{}}') from {table} t");
    value::<Vec<String>>(pool, &query).await.into_iter().collect()
}

/// The moment that was last; the beginning of time if there was none.
async fn last(pool: &PgPool) -> When {
    let of = |what: &str| format!("select coalesce(max({what}), 0)::bigint from rowcast.change where table_id > 0");
    When::Moment { seq: value(pool, &of("seq")).await, at: value(pool, &of("extract(epoch from at) * 1000000")).await }
}

/// A tracked table that everybody sees.
async fn tracked(pool: &PgPool, create: &str, name: &str) {
    rowcast::changelog::install(pool).await.expect("installs");
    crate::support::see_all(pool).await;
    sql(pool, create).await;
    rowcast::capture::track(pool, name, rowcast::capture::Trust::Checked).await.expect("tracks");
}
