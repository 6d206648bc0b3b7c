//! A database of its own, two servers on it, and a wire for each client.

use super::{schema::Table, writers};
use crate::support::{Dice, Node, PATIENCE, Proxy, sql, value};
use rowcast::{
    capture::{self, Trust},
    changelog, config,
    embedded::Cluster,
    protocol::Position,
};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use std::{process::Command, sync::Arc, time::Duration};

/// Connections of the test itself, apart from the writers'.
const CONNECTIONS: u32 = 4;
/// How long deadlocked transactions wait for each other.
const DEADLOCK_TIMEOUT: &str = "20ms";
/// A session that is silent for twice as long is gone.
/// Little waits for one client, so that whoever stalls falls behind.
const SETTINGS: &str = "heartbeat-seconds = 2\n\n[rowcast.limits]\noutbox-kilobytes = 16";
/// Tries to have another history in one round.
const RESTORE_TRIES: usize = 5;
/// Between two looks at a process that ends.
const POLL: Duration = Duration::from_millis(20);

pub struct World {
    cluster: Cluster,
    tables: Vec<Table>,
    pub pool: PgPool,
    pub nodes: [Node; 2],
    pub wires: Vec<Arc<Proxy>>,
}

impl World {
    /// With these tables, tracked, and so many wires.
    pub async fn new(tables: &[Table], wires: u64) -> Self {
        let settings = config::Config::load(None).expect("a configuration").rowcast.database.embedded();
        let cluster = Cluster::temporary(&settings).await.expect("starts");
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .connect(cluster.url())
            .await
            .expect("connects");
        let name: String = value(&pool, "select quote_ident(current_database())").await;
        sql(&pool, &format!("alter database {name} set deadlock_timeout = '{DEADLOCK_TIMEOUT}'")).await;
        sql(&pool, include_str!("audit.sql")).await;
        changelog::install(&pool).await.expect("installs");
        sql(&pool, "select rowcast.grant_all('anonymous')").await;
        for (number, table) in tables.iter().enumerate() {
            sql(&pool, &table.create(number)).await;
            capture::track(&pool, &table.sql, Trust::Checked).await.expect("tracks");
        }
        let url = cluster.url().to_owned();
        let nodes = [Node::start(&url, SETTINGS).await, Node::start(&url, SETTINGS).await];
        let mut ends = Vec::new();
        for number in 0..wires {
            ends.push(Arc::new(Proxy::to(nodes[number as usize % 2].address()).await));
        }
        Self { cluster, tables: tables.to_vec(), pool, nodes, wires: ends }
    }

    /// A client's wire leads to a node from now on.
    pub fn move_wire(&self, wire: usize, node: usize) {
        self.wires[wire].aim(self.nodes[node].address());
        self.wires[wire].cut();
    }

    /// Starts a node that was killed; half of all wires lead there, whichever those were.
    pub async fn revive(&mut self, node: usize) {
        self.nodes[node].revive().await;
        self.wires.iter().skip(node).step_by(2).for_each(|wire| wire.aim(self.nodes[node].address()));
    }

    /// Ends the database's sessions of which this is true.
    pub async fn terminate(&self, which: &str) {
        let statement = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid() and ({which})"
        );
        // A connection of the pool that has ended is found out when it is used.
        let _ = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&self.pool).await;
    }

    /// As if the database had been restored from elsewhere while the servers were down: rows differ, no change tells of
    /// it, and the history is another one. Tokens of before mean nothing now, even where their numbers do.
    pub async fn restore(&mut self, dice: &mut Dice) {
        for node in &mut self.nodes {
            node.kill().await;
        }
        // Writers who go on may be in its way, and a database that is going down.
        for _ in 0..RESTORE_TRIES {
            if self.try_restore(dice).await.is_ok() {
                break;
            }
        }
        for node in 0..self.nodes.len() {
            self.revive(node).await;
        }
    }

    async fn try_restore(&self, dice: &mut Dice) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        for table in &self.tables {
            let differ = format!("update {} set {}", table.sql, table.assignment(dice));
            sqlx::raw_sql(AssertSqlSafe(differ)).execute(&mut *transaction).await?;
            let some = writers::statement(&self.tables, dice);
            sqlx::raw_sql(AssertSqlSafe(some)).execute(&mut *transaction).await?;
        }
        sqlx::raw_sql(include_str!("other_history.sql")).execute(&mut *transaction).await?;
        transaction.commit().await
    }

    /// As an operator does: sessions end at once, what was committed stays.
    pub async fn restart_postgres(&self) {
        let file: Result<String, _> =
            sqlx::query_scalar("select pg_read_file('postmaster.pid')").fetch_one(&self.pool).await;
        // All of the pool's connections may have been ended before.
        let Ok(file) = file else { return };
        let pid = file.lines().next().expect("a number").to_owned();
        let signal = |name: &str| Command::new("kill").args([name, &pid]).output().expect("runs").status.success();
        signal("-INT");
        while signal("-0") {
            tokio::time::sleep(POLL).await;
        }
        self.cluster.ensure_running().await.expect("starts again");
    }

    /// Nothing is in anybody's way any more.
    pub async fn heal(&mut self) {
        self.cluster.ensure_running().await.expect("runs");
        for wire in &self.wires {
            wire.stall(false);
            wire.slow_down(None);
        }
        for node in 0..self.nodes.len() {
            if !self.nodes[node].is_running() {
                self.nodes[node].revive().await;
            }
            self.wires.iter().skip(node).step_by(2).for_each(|wire| wire.aim(self.nodes[node].address()));
        }
    }

    /// Where the database stands.
    pub async fn position(&self) -> Position {
        let text: String = value(&self.pool, "select pg_current_snapshot()::text").await;
        let mut parts = text.split(':').skip(1);
        let next = parts.next().expect("xmax").parse().expect("a number");
        Position::new(next, parts.next().expect("xip").split(',').filter_map(|number| number.parse().ok()))
    }

    /// The rows of a table, and where the database stood.
    pub async fn look(&self, table: &Table) -> (Position, Vec<String>) {
        let position = self.position().await;
        let mut connection = self.pool.acquire().await.expect("connects");
        let settings = "set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set extra_float_digits = 1";
        sqlx::raw_sql(settings).execute(&mut *connection).await.expect("sets");
        let statement = format!("select row_to_json(t.*)::text from {} t", table.sql);
        let rows = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&mut *connection).await.expect("reads");
        (position, rows)
    }

    /// Ends everything.
    pub async fn end(self) {
        drop(self.nodes);
        self.pool.close().await;
        self.cluster.stop().await.expect("stops");
    }
}
