//! The rows of tables as of one position.
//!
//! One `repeatable read` transaction is one snapshot, however many tables it reads. Settings that shape text are pinned
//! as in the capture function, so that a row reads the same from the table and from the changelog.

use super::{
    Error, epoch, history, position,
    statement::{query, query_scalar},
};
use crate::{
    hub::{Definition, Table, View, ViewBounds},
    protocol::{Position, Token},
};
use futures::{Stream, TryStreamExt};
use serde_json::value::RawValue;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Row, SqlSafeStr, Transaction, postgres::PgRow};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a table may be locked by others before a page that reads it fails. Long enough for a truncate.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a page may hold its snapshot: longer than it takes to render one.
const PAGE_HOLDS: Duration = Duration::from_secs(3);
/// How long one statement of a page may take, in milliseconds: what takes longer is for the socket, and the page shows without it.
const PAGE_STATEMENT_MS: u32 = 10_000;
/// Most bytes of rows that one question of a page is answered with.
const MAX_PAGE_BYTES: usize = 32 * 1024 * 1024;
/// How long a page waits for others to give theirs back.
const PAGE_WAITS: Duration = Duration::from_secs(5);

/// An open database snapshot.
pub struct Snapshot {
    transaction: Transaction<'static, Postgres>,
    position: Position,
}

impl Snapshot {
    /// Opens a snapshot for reading these tables, others only if nobody truncates them meanwhile: to Postgres a truncated
    /// table is empty in older snapshots too, so tables are locked before the snapshot is taken. It holds one connection
    /// of the pool until dropped, and old row versions in the database with it.
    ///
    /// # Errors
    ///
    /// [`Error::Outdated`] if one of them is something else in this snapshot, or is granted otherwise; [`Error::Locked`] if others lock
    /// one for longer than two seconds.
    pub async fn open(pool: &PgPool, tables: &[&Table]) -> Result<Self, Error> {
        let targets: Vec<String> = tables.iter().copied().map(rows_of).collect();
        let mut snapshot = Self::after_locking(pool, targets, LOCK_TIMEOUT).await?;
        for table in tables {
            snapshot.agree(table).await?;
        }
        Ok(snapshot)
    }

    /// The same for one table, if nobody else locks it, or indexes of it, for longer than that, which is a millisecond at least.
    pub(super) async fn open_within(pool: &PgPool, table: &Table, patience: Duration) -> Result<Self, Error> {
        let mut snapshot = Self::after_locking(pool, vec![rows_of(table)], patience).await?;
        snapshot.agree(table).await?;
        // To plan a statement is to lock the indexes.
        let planned = format!("select from {} limit 0", rows_of(table));
        query(AssertSqlSafe(planned)).execute(&mut *snapshot.transaction).await?;
        Ok(snapshot)
    }

    /// Opens a snapshot in which the changelog can be read, too.
    pub(super) async fn open_with_changelog(pool: &PgPool) -> Result<Self, Error> {
        Self::after_locking(pool, vec!["rowcast.change".to_owned()], LOCK_TIMEOUT).await
    }

    /// Opens a snapshot in which a table and the changelog can be read.
    pub(super) async fn open_with_past(pool: &PgPool, table: &Table) -> Result<Self, Error> {
        let mut snapshot =
            Self::after_locking(pool, vec![rows_of(table), "rowcast.change".to_owned()], LOCK_TIMEOUT).await?;
        snapshot.agree(table).await?;
        Ok(snapshot)
    }

    /// Whether a table is still what somebody has learned of it from the changelog, of which they may be some way behind this snapshot.
    /// Its rows are only for those who may see them by the policies of now, not by those of then.
    ///
    /// # Errors
    ///
    /// [`Error::Outdated`] if it is not. What somebody knows who is ahead of this snapshot is no older than it, and is not refused.
    async fn agree(&mut self, table: &Table) -> Result<(), Error> {
        let known = query_scalar("select since::text from rowcast.tracked where id = $1").bind(table.id);
        let known: Option<String> = known.fetch_optional(&mut *self.transaction).await?;
        let since = known.map(|since| position::transaction(&since)).transpose()?;
        if since == Some(table.since) || !self.position.includes(table.since) {
            return Ok(());
        }
        Err(Error::Outdated(self.token().await?))
    }

    async fn after_locking(pool: &PgPool, targets: Vec<String>, patience: Duration) -> Result<Self, Error> {
        let connection = pool.acquire().await.map_err(Error::Connect)?;
        let mut transaction =
            Transaction::begin(connection, Some("begin isolation level repeatable read read only".into_sql_str()))
                .await?;
        // Any `select` would take the snapshot already.
        let patience = format!("set local lock_timeout = '{}ms'", patience.as_millis());
        query(AssertSqlSafe(patience)).execute(&mut *transaction).await?;
        for target in targets {
            // Identifiers are quoted by the callers.
            let sql = format!("lock table {target} in access share mode");
            query(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
        }
        let text: String = query_scalar(include_str!("snapshot.sql")).fetch_one(&mut *transaction).await?;
        Ok(Self { transaction, position: position::parse(&text)? })
    }

    /// The position that the rows belong to.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// To read in it.
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    /// The position as a token.
    pub async fn token(&mut self) -> Result<Token, Error> {
        Ok(Token { epoch: epoch(&mut *self.transaction).await?, position: self.position.clone() })
    }

    /// The id of its history.
    pub(super) async fn history(&mut self) -> Result<String, Error> {
        history::id(&mut *self.transaction).await
    }

    /// The rows that a query asks for, in the order of the table's key, as JSON.
    pub fn rows<'a>(
        &'a mut self,
        definition: &Definition,
    ) -> impl Stream<Item = Result<Box<RawValue>, Error>> + use<'a> {
        let (sql, values) = select(definition);
        let statement = values.into_iter().fold(query(AssertSqlSafe(sql)), |statement, value| statement.bind(value));
        statement.fetch(&mut *self.transaction).map_err(Error::from).and_then(async |row| {
            RawValue::from_string(row.try_get(0)?).map_err(|error| Error::Unexpected(format!("row text: {error}")))
        })
    }

    /// How long each statement may take from now on.
    async fn bound(&mut self, timeout: &str) -> Result<(), Error> {
        let bound = format!("set local statement_timeout = {timeout}");
        query(AssertSqlSafe(bound)).execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// The tracked tables.
    pub async fn tables(&mut self) -> Result<Vec<Table>, Error> {
        let all = query(include_str!("tracked_tables.sql")).bind(None::<String>);
        all.fetch_all(&mut *self.transaction).await?.iter().map(table).collect()
    }
}

/// The tracked table of this name, as it is in whichever transaction the connection is in. None if there is none, or more than one.
pub(crate) async fn tracked_table(connection: &mut PgConnection, full_name: &str) -> Result<Option<Table>, Error> {
    let named = query(include_str!("tracked_tables.sql")).bind(full_name);
    match named.fetch_all(connection).await?.as_slice() {
        [one] => table(one).map(Some),
        _ => Ok(None),
    }
}

fn table(row: &PgRow) -> Result<Table, Error> {
    Ok(Table {
        id: row.try_get(0)?,
        schema: row.try_get(1)?,
        name: row.try_get(2)?,
        key: row.try_get(3)?,
        columns: read(row.try_get(5)?)?,
        partitioned: row.try_get(6)?,
        policies: read(row.try_get(7)?)?,
        since: position::transaction(row.try_get(4)?)?,
    })
}

/// What a column of the engine's own list of tables says.
fn read<'a, T: serde::Deserialize<'a>>(text: &'a str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::Unexpected(format!("rowcast.tracked: {error}")))
}

/// The statement that answers a query, and the values that go with it. Everything in it is a quoted identifier, made by
/// the hub, or a parameter.
fn select(definition: &Definition) -> (String, Vec<Option<String>>) {
    let table = &definition.table;
    let source = format!("{} t", rows_of(table));
    let (condition, values) = match &definition.filter {
        Some(filter) => {
            let (condition, values) = filter.condition(1);
            (format!(" where {condition}"), values)
        }
        None => (String::new(), Vec::new()),
    };
    if let Some(spec) = &definition.view {
        let condition = definition.filter.as_ref().map(|filter| filter.condition(1).0);
        let view = View::empty(spec.clone(), table.clone(), ViewBounds::default());
        return (view.fill_sql(&source, condition.as_deref()), values);
    }
    let order: Vec<String> = table.key.iter().map(|column| format!("t.{}", quote(column))).collect();
    let order = order.join(", ");
    // `t` alone would be a column of that name.
    let Some(columns) = &definition.columns else {
        return (format!("select row_to_json(t.*)::text from {source}{condition} order by {order}"), values);
    };
    let shown: Vec<String> = columns.iter().map(|place| format!("t.{}", quote(&table.columns[*place].name))).collect();
    let shown = shown.join(", ");
    let row = format!("(select row_to_json(shown.*)::text from (select {shown}) shown)");
    (format!("select {row} from {source}{condition} order by {order}"), values)
}

/// Where pages get their snapshots: of half of the pool's connections at most, because whoever renders a page may need another one
/// while it holds its own. Further pages wait for a while.
#[derive(Clone, Debug)]
pub struct PageSnapshots {
    pool: PgPool,
    places: Arc<Semaphore>,
}

impl PageSnapshots {
    /// Of this pool, which has two connections at least.
    pub fn new(pool: PgPool) -> Self {
        let connections = pool.options().get_max_connections() as usize;
        Self { pool, places: Arc::new(Semaphore::new((connections / 2).max(1))) }
    }

    /// For one page. Nothing is opened before something is read.
    pub fn page(&self) -> PageSnapshot {
        PageSnapshot { of: self.clone(), open: Arc::default() }
    }
}

/// The snapshot of one page: opened by the first read, shared by all others of the same page. It is given back when the page is done, and
/// at the latest some seconds after it was opened: a page may be sent for as long as its reader takes. What is read later has another.
pub struct PageSnapshot {
    of: PageSnapshots,
    open: Arc<tokio::sync::Mutex<Option<OpenPage>>>,
}

struct OpenPage {
    snapshot: Snapshot,
    token: Token,
    _place: OwnedSemaphorePermit,
}

impl PageSnapshot {
    /// The answer to a query, and the token that it belongs to.
    ///
    /// # Errors
    ///
    /// The table cannot be read, or [`Error::Outdated`]; or too many other pages are under way, as if the pool had no connection.
    pub async fn read(&self, definition: &Definition) -> Result<(Token, Vec<Box<RawValue>>), Error> {
        self.read_within(definition, None).await
    }

    /// The same, if the database does not take longer than that for it.
    ///
    /// # Errors
    ///
    /// The same, or it takes longer.
    pub async fn read_within(
        &self,
        definition: &Definition,
        patience: Option<Duration>,
    ) -> Result<(Token, Vec<Box<RawValue>>), Error> {
        let mut open = self.open.lock().await;
        let outcome = self.read_in(&mut open, definition, patience).await;
        // What fails spoils the transaction for all that comes after it. To look whether somebody is behind does not.
        if outcome.as_ref().is_err_and(|error| !matches!(error, Error::Outdated(_))) {
            open.take();
        }
        outcome
    }

    async fn read_in(
        &self,
        open: &mut Option<OpenPage>,
        definition: &Definition,
        patience: Option<Duration>,
    ) -> Result<(Token, Vec<Box<RawValue>>), Error> {
        let page = match open {
            Some(page) => {
                page.snapshot.agree(&definition.table).await?;
                page
            }
            None => {
                let place = tokio::time::timeout(PAGE_WAITS, self.of.places.clone().acquire_owned()).await;
                let place = place.map_err(|_| Error::Connect(sqlx::Error::PoolTimedOut))?.expect("it is never closed");
                let mut snapshot = Snapshot::open(&self.of.pool, &[&definition.table]).await?;
                snapshot.bound(&PAGE_STATEMENT_MS.to_string()).await?;
                let token = snapshot.token().await?;
                self.give_back_later();
                open.insert(OpenPage { snapshot, token, _place: place })
            }
        };
        if let Some(patience) = patience {
            page.snapshot.bound(&format!("'{}ms'", patience.as_millis())).await?;
        }
        let mut bytes = 0;
        let mut rows = Vec::new();
        {
            let mut read = pin!(page.snapshot.rows(definition));
            while let Some(row) = read.try_next().await? {
                bytes += row.get().len();
                if bytes > MAX_PAGE_BYTES {
                    return Err(Error::Bulky(MAX_PAGE_BYTES));
                }
                rows.push(row);
            }
        }
        if patience.is_some() {
            page.snapshot.bound(&PAGE_STATEMENT_MS.to_string()).await?;
        }
        Ok((page.token.clone(), answer(definition, rows)?))
    }

    fn give_back_later(&self) {
        let open = Arc::downgrade(&self.open);
        tokio::spawn(async move {
            tokio::time::sleep(PAGE_HOLDS).await;
            if let Some(open) = open.upgrade() {
                open.lock().await.take();
            }
        });
    }
}

/// Of a window or totals, what was read is not yet the answer.
fn answer(definition: &Definition, rows: Vec<Box<RawValue>>) -> Result<Vec<Box<RawValue>>, Error> {
    let Some(spec) = &definition.view else { return Ok(rows) };
    let mut view = View::empty(spec.clone(), definition.table.clone(), ViewBounds::default());
    view.fill(rows).map_err(|error| Error::Unexpected(error.to_string()))?;
    Ok(view.rows().into_iter().map(|row| (*definition.show(row)).to_owned()).collect())
}

/// The table, without what inherits from it, but with its partitions.
pub(super) fn rows_of(table: &Table) -> String {
    let only = if table.partitioned { "" } else { "only " };
    format!("{only}{}.{}", quote(&table.schema), quote(&table.name))
}

/// Quotes an identifier by Postgres' rules.
pub(crate) fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    #[test]
    fn identifiers_cannot_end_their_quotes() {
        assert_eq!(super::quote(r#"a"; drop table b --"#), r#""a""; drop table b --""#);
    }
}
