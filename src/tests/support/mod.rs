//! What the stories need: a server, clients, a wire between them, a deadline.

pub mod browser;
pub mod client;
pub mod http;
#[cfg(target_os = "linux")]
pub mod lossy;
pub mod node;
pub mod proxy;
pub mod redis;
pub mod seat;
pub mod server;

pub use browser::{Answer, Browser};
pub use client::{Client, Raw, Rows};
pub use node::Node;
pub use proxy::Proxy;
pub use redis::Redis;
pub use seat::Seat;
pub use server::Server;

use rowcast::protocol::Role;
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use std::{future::Future, time::Duration};

/// How long anything that a test waits for may take.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks at something that sends no signal.
const POLL: Duration = Duration::from_millis(5);

/// Runs statements.
pub async fn sql(pool: &PgPool, statements: &str) {
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
        .execute(pool)
        .await
        .unwrap_or_else(|error| panic!("{statements}: {error}"));
}

/// Reads one value.
pub async fn value<T>(pool: &PgPool, query: &str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
        .fetch_one(pool)
        .await
        .unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// The engine's schema, and a tracked table `items (id, name)`.
pub async fn with_items(pool: &PgPool) {
    rowcast::changelog::install(pool).await.expect("installs");
    see_all(pool).await;
    sql(pool, "create table items (id int primary key, name text not null default '')").await;
    rowcast::capture::track(pool, "items", rowcast::capture::Trust::Checked).await.expect("tracks");
}

/// Lets everybody see everything.
pub async fn see_all(pool: &PgPool) {
    for role in Role::ALL {
        rowcast::rights::grant_all(pool, role).await.expect("grants");
    }
}

/// Lets everybody join these rooms, and publish there.
pub async fn allow_rooms(pool: &PgPool, pattern: &str) {
    use rowcast::{hub::rooms::Rule, protocol::Role, rules};
    for role in Role::ALL {
        let rule = Rule { pattern: pattern.to_owned(), role, may_publish: true, history: None };
        rules::allow(pool, &rule).await.expect("allows");
    }
}

/// Another pool on the same database, of this size.
pub async fn pool_of(pool: &PgPool, size: u32) -> PgPool {
    let options = pool.connect_options().as_ref().clone();
    PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(options)
        .await
        .expect("connects")
}

/// The address of a test's database, as `DATABASE_URL` has it.
pub async fn url_of(pool: &PgPool) -> String {
    let mut url = url::Url::parse(&std::env::var("DATABASE_URL").expect("tests have one")).expect("a URL");
    url.set_path(&value::<String>(pool, "select current_database()::text").await);
    url.into()
}

/// Waits for something that sends no signal.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(POLL).await;
    }
}

/// Random numbers that a seed determines.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `bound`.
    pub fn roll(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}
