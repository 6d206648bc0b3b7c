//! Reads the ledger for administrators: searches and counts, within a bounded time.

use super::{
    model::{Event, Found, Refusal},
    search::Search,
};
use crate::{
    app::{history::Stamp, time::Timestamp},
    changelog::{parse_position, position_bounds},
    hub::Principal,
    identity::visitor::principal_asking,
    protocol::{Position, Role},
};
use leptos::prelude::use_context;
use sqlx::{AssertSqlSafe, Error, PgConnection, PgPool, Postgres, Row, Transaction, postgres::PgRow, query::Query};

/// Events on a page.
const PAGE: usize = 50;
/// Most new events that are counted.
const MOST_NEWER: i64 = 1_000;
/// How long one statement may take.
const TIMEOUT: &str = "set local statement_timeout = '10s'";
/// Which events a search is about; `$1` to `$7` are [`Terms`].
const MATCHING: &str = include_str!("matching.sql");
/// What of an event is read.
pub(super) const COLUMNS: &str = "e.seq, (extract(epoch from e.at) * 1000000)::bigint as at, e.stream, e.version, e.type, e.who, e.who_name, \
     e.cause, e.correlation, e.data::text as data";
/// The same for a page, without data that is too large for one.
const SHOWN: &str = "e.seq, (extract(epoch from e.at) * 1000000)::bigint as at, e.stream, e.version, e.type, e.who, e.who_name, \
     e.cause, e.correlation, case when octet_length(e.data::text) <= 16384 then e.data::text else '' end as data";
/// One snapshot for the events of a page and for what is new after it.
const AS_ONE: &str = "set transaction isolation level repeatable read";
/// What has been committed since; `$8` and `$9` are the bounds of a position. Numbers are drawn before the commit, so they do not tell.
const SINCE: &str = "and (e.xid >= $8::text::xid8 or e.xid = any($9::text[]::xid8[])) \
    and e.seq > (select h.foreign_events from rowcast.history h) limit $10";
/// The table that a token must be allowed to see, if it may see only some.
const TABLE: &str = "rowcast.event";

/// A search as statements take it.
#[derive(Clone, Debug)]
pub(super) struct Terms([Option<String>; 7]);

impl Terms {
    pub(super) fn of(search: &Search) -> Result<Self, Refusal> {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let time = |text: &str| match text {
            "" => Ok(None),
            text => Stamp::parse(text).map(|stamp| Some(stamp.at.exact())).ok_or(Refusal::NotATime(text.to_owned())),
        };
        let beginning = search.stream.strip_suffix('*').map(pattern);
        let whole = given(&search.stream).filter(|_| beginning.is_none());
        let name = given(&search.who).map(|who| pattern(&who));
        let (from, until) = (time(&search.from)?, time(&search.until)?);
        Ok(Self([given(&search.who), name, whole, beginning, given(&search.kind), from, until]))
    }

    /// A statement about the events that are looked for; `$8` and on are still to be bound.
    pub(super) fn query(&self, select: &str, rest: &str) -> Statement {
        self.statement(format!("select {select} from rowcast.event e where {MATCHING} {rest}"))
    }

    /// Events one after the other, the first of all and then no more than have so many bytes of data together; `$8` and on are
    /// still to be bound.
    pub(super) fn piece(&self, rest: &str, bytes: usize) -> Statement {
        self.statement(format!(
            "select q.* from (
                select p.*, sum(octet_length(p.data)) over (order by p.seq) - octet_length(p.data) as sent
                from (select {COLUMNS} from rowcast.event e where {MATCHING} {rest}) p
            ) q where q.sent < {bytes} order by q.seq"
        ))
    }

    /// What is put into it is ours; what people typed is bound.
    fn statement(&self, sql: String) -> Statement {
        let statement = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        self.0.iter().cloned().fold(statement, |statement, term| statement.bind(term))
    }
}

/// What is typed means itself.
fn pattern(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

type Statement = Query<'static, Postgres, sqlx::postgres::PgArguments>;

/// Whether somebody may read the audit.
pub(super) fn may_read(principal: &Principal) -> bool {
    principal.role == Role::Admin
        && principal.tables.as_ref().is_none_or(|tables| tables.iter().any(|table| table == TABLE))
}

fn pool_for_admins() -> Result<PgPool, Refusal> {
    if !principal_asking().is_some_and(|principal| may_read(&principal)) {
        return Err(Refusal::NotAllowed);
    }
    use_context::<PgPool>().ok_or(Refusal::Unavailable)
}

/// In a transaction and without names: behind a pooler, the session belongs to others, too.
pub(super) async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, Error> {
    let mut transaction = pool.begin().await?;
    sqlx::query(TIMEOUT).persistent(false).execute(&mut *transaction).await?;
    Ok(transaction)
}

/// A page of events.
pub(super) async fn found(search: &Search) -> Result<Found, Refusal> {
    let pool = pool_for_admins()?;
    let terms = Terms::of(search)?;
    page(&pool, &terms, search.before).await.map_err(|error| refusal(&error))
}

async fn page(pool: &PgPool, terms: &Terms, before: Option<i64>) -> Result<Found, Error> {
    let mut transaction = begin(pool).await?;
    sqlx::query(AS_ONE).persistent(false).execute(&mut *transaction).await?;
    let most = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let rest = "and ($8::bigint is null or e.seq < $8) order by e.seq desc limit $9";
    let rows = terms.query(SHOWN, rest).bind(before).bind(most).fetch_all(&mut *transaction).await?;
    let mut events = rows.iter().map(event).collect::<Result<Vec<_>, _>>()?;
    let more = events.len() > PAGE;
    events.truncate(PAGE);
    let (snapshot, kinds) = (snapshot(&mut transaction).await?, kinds(&mut transaction).await?);
    transaction.commit().await?;
    Ok(Found { events, more, snapshot, kinds })
}

/// How many events of a search have come since a snapshot that [`found`] told.
pub(super) async fn newer(search: &Search, than: &str) -> Result<u32, Refusal> {
    let pool = pool_for_admins()?;
    let terms = Terms::of(search)?;
    let than = parse_position(than).map_err(|_| Refusal::NotASnapshot)?;
    count_newer(&pool, &terms, &than).await.map_err(|error| refusal(&error))
}

async fn count_newer(pool: &PgPool, terms: &Terms, than: &Position) -> Result<u32, Error> {
    let mut transaction = begin(pool).await?;
    let (next, open) = position_bounds(than);
    let rows = terms.query("1", SINCE).bind(next).bind(open).bind(MOST_NEWER);
    let count = rows.fetch_all(&mut *transaction).await?.len();
    transaction.commit().await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

async fn snapshot(connection: &mut PgConnection) -> Result<String, Error> {
    let snapshot = sqlx::query_scalar("select pg_current_snapshot()::text").persistent(false);
    snapshot.fetch_one(connection).await
}

/// The types that there are. One look-up in the index for each of them.
async fn kinds(connection: &mut PgConnection) -> Result<Vec<String>, Error> {
    let kinds = sqlx::query_scalar(include_str!("kinds.sql")).persistent(false);
    kinds.fetch_all(connection).await
}

pub(super) fn event(row: &PgRow) -> Result<Event, Error> {
    Ok(Event {
        seq: row.try_get("seq")?,
        at: Timestamp(row.try_get("at")?),
        stream: row.try_get("stream")?,
        version: row.try_get("version")?,
        kind: row.try_get("type")?,
        who: row.try_get("who")?,
        name: row.try_get("who_name")?,
        cause: row.try_get("cause")?,
        correlation: row.try_get("correlation")?,
        data: row.try_get("data")?,
    })
}

pub(super) fn refusal(error: &Error) -> Refusal {
    // 57014 query canceled: it took too long.
    let is_slow = matches!(error, Error::Database(error) if error.code().as_deref() == Some("57014"));
    if is_slow {
        return Refusal::TooSlow;
    }
    tracing::warn!(%error, "the ledger cannot be read for the audit");
    Refusal::Unavailable
}
