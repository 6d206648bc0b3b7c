//! Behind a pooler that gives each transaction another session: with `wake-up = "poll"`, everything works, and the
//! applications that share the sessions notice nothing.

use crate::support::{Client, PATIENCE, Rows, Server, eventually, sql, value};
use rowcast::{
    capture::{self, Trust},
    changelog::{self, WakeUp},
    protocol::{Aggregate, Subscribe},
};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};
use std::{
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::process::{Child, Command};

/// So few that applications and server get each other's.
const SESSIONS: u32 = 2;
/// What an application's transaction finds in a session: settings of ours, and statements that are prepared.
pub const LEFT_BEHIND: &str = "select concat_ws(' ', current_setting('enable_seqscan'), current_setting('plan_cache_mode'),
    current_setting('jit'), current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('search_path'),
    current_setting('extra_float_digits'), current_setting('intervalstyle'), current_setting('bytea_output'),
    (select count(*) from pg_prepared_statements), (select count(*) from pg_listening_channels()))";
/// Locks that a session holds while it is in no transaction.
const SESSION_LOCKS: &str = "select count(*) from pg_locks l join pg_stat_activity a using (pid)
    where l.locktype = 'advisory' and a.datname = current_database() and a.state = 'idle'";

/// A PgBouncer in front of the server of a pool.
pub struct Pooler {
    _child: Child,
    _directory: tempfile::TempDir,
    options: PgConnectOptions,
}

impl Pooler {
    pub async fn start(pool: &PgPool) -> Self {
        let socket: String =
            value(pool, "select trim(split_part(current_setting('unix_socket_directories'), ',', 1), ' \"')").await;
        let port: String = value(pool, "select current_setting('port')").await;
        let user: String = value(pool, "select current_user::text").await;
        let database: String = value(pool, "select current_database()::text").await;
        let own = TcpListener::bind("127.0.0.1:0").expect("binds").local_addr().expect("bound").port();
        let directory = tempfile::tempdir().expect("a directory");
        let readable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(directory.path(), readable).expect("is ours");
        let configuration = directory.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host={socket} port={port} user={user}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {own}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = {SESSIONS}\n"
        );
        std::fs::write(&configuration, text).expect("writes");
        // Only who runs Postgres may use its socket, and PgBouncer does not run as root.
        let owner = std::fs::metadata(&socket).expect("is there");
        let debian = Path::new("/usr/sbin/pgbouncer");
        let program = if debian.exists() { debian } else { Path::new("pgbouncer") };
        let mut command = Command::new(program);
        command.arg("--quiet").arg(&configuration).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        if owner.uid() != std::fs::metadata(directory.path()).expect("is there").uid() {
            command.uid(owner.uid()).gid(owner.gid());
        }
        let child = command.spawn().expect("PgBouncer is installed; .ci/tools test installs it");
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(own)
            .username(&user)
            .database(&database)
            .ssl_mode(PgSslMode::Disable)
            .extra_float_digits(None);
        let pooler = Self { _child: child, _directory: directory, options };
        eventually("it listens", || async { std::net::TcpStream::connect(("127.0.0.1", own)).is_ok() }).await;
        pooler
    }

    pub async fn pool(&self) -> PgPool {
        let options = PgPoolOptions::new().max_connections(4).acquire_timeout(Duration::from_secs(5));
        options.connect_with(self.options.clone()).await.expect("connects")
    }
}

/// One value, asked without preparing anything.
pub async fn plain(pool: &PgPool, query: &str) -> String {
    let rows = sqlx::raw_sql(sqlx::AssertSqlSafe(query.to_owned())).fetch_one(pool).await.expect("reads");
    sqlx::Row::try_get_unchecked::<String, _>(&rows, 0).expect("text")
}

#[sqlx::test(migrations = false)]
async fn everything_works_behind_a_pooler_and_leaves_no_trace_in_its_sessions(pool: PgPool) {
    let pooler = Pooler::start(&pool).await;
    let (application, own) = (pooler.pool().await, pooler.pool().await);
    let untouched = plain(&application, LEFT_BEHIND).await;
    changelog::install(&own).await.expect("installs");
    changelog::install(&own).await.expect("has nothing to do");
    sql(
        &application,
        "create table items (id int primary key, name text not null default '', at timestamptz default now())",
    )
    .await;
    capture::track(&own, "items", Trust::Checked).await.expect("tracks");
    assert_eq!(capture::list(&own).await.expect("lists").len(), 1);
    sql(&application, "insert into items select g from generate_series(1, 20) g").await;

    let address = "127.0.0.1:0".parse().expect("an address");
    let server = Server::over(pooler.options.clone(), address, |config| config.live.wake_up = WakeUp::Poll).await;
    let mut client = Client::connected(&server).await;
    let items = client.subscribe("items", &["id"]).await;
    client.until_live().await;
    // A constant that Postgres reads, and what is kept by the server.
    let filter = Some("at > '2020-01-01' and name <> ''".to_owned());
    let aggregate = Some(Aggregate { count: true, ..Aggregate::default() });
    let question = Subscribe { filter, aggregate, ..Subscribe::from("items") };
    let mut counter = Client::connected(&server).await;
    let count = counter.ask(question, vec!["group".to_owned()], None, Rows::new()).await;
    counter.until_live().await;

    let mut taken = Vec::new();
    for n in 0..100 {
        let before = Instant::now();
        sql(&application, &format!("update items set name = 'n{n}' where id = 1 + {n} % 20")).await;
        assert_eq!(plain(&application, LEFT_BEHIND).await, untouched, "after {n}");
        let (key, text) = ((1 + n % 20).to_string(), format!(r#""n{n}""#));
        client.until("it arrives", |client| client.row(items, &key).is_some_and(|row| row.contains(&text))).await;
        taken.push(before.elapsed());
        if n == 50 {
            changelog::prune(&own, Duration::from_secs(3600)).await.expect("prunes");
            changelog::refresh(&own).await.expect("looks");
            changelog::renew_history(&own).await.expect("renews");
            client.until("it is told", |client| !client.resyncs().is_empty()).await;
            client.until_live().await;
        }
    }
    counter.until("it counts", |client| client.rows(count).values().any(|row| row.contains(r#""count":20"#))).await;
    assert_eq!(client.resyncs(), ["position_foreign"], "only when the history was renewed");
    assert!(!client.has_heard("source"), "the database was there all the time");
    taken.sort();
    println!("from before the write to the client, behind a pooler: median {:?}", taken[50]);
    assert!(taken[50] < PATIENCE / 10, "{taken:?}");
    // A client that comes back continues from the changelog.
    client.disconnect();
    sql(&application, "update items set name = 'meanwhile' where id = 7").await;
    client.move_to(&server).await;
    client.until("it catches up", |client| client.row(items, "7").is_some_and(|row| row.contains("meanwhile"))).await;
    assert!(client.resyncs().is_empty());
    eventually("no session keeps a lock", || async { value::<i64>(&pool, SESSION_LOCKS).await == 0 }).await;
    capture::untrack(&own, "items").await.expect("untracks");
    assert_eq!(plain(&application, LEFT_BEHIND).await, untouched);
    server.stop().await;
    // The pooler's sessions would keep the test's database.
    application.close().await;
    own.close().await;
}
