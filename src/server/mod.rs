//! The server: puts the parts together, serves, and takes them apart again in order.
//!
//! | file | what it is |
//! |---|---|
//! | `accept` | takes connections, within limits |
//! | `wire` | the bytes of one of them, with TLS or without |
//! | `tls` | the certificate, which may change |
//! | `tally` | how many of each there are |
//! | `peer` | who is on the other end, through proxies that are trusted |
//! | `guard` | which requests are let in at all |
//! | `headers` | what browsers are told about every answer |
//! | `routes` | what answers which address |
//! | `render` | each page by one thread |
//!
//! Shutting down goes from the outside in: no new connections; sessions are told to come back; the tailer ends; the
//! database is given up last.

mod accept;
mod guard;
mod headers;
mod peer;
mod render;
mod routes;
mod tally;
mod tls;
mod wire;

use crate::{
    app,
    backplane::{self, Backplane, Redis, RedisError},
    changelog::{self, PostgresSource, Retention, Tailer},
    config::{self, Config},
    counters::Counters,
    database::{Database, DatabaseError},
    embedded::Cluster,
    hub::Hub,
    identity::{self, Identity, Standing, demo::DemoAccount},
    operations::{About, Operations},
    orders, projections,
    protocol::CloseCode,
    socket::{self, Limits, Live, Places, Recheck, Shared},
};
use accept::Front;
use leptos::config::LeptosOptions;
pub use peer::Peer;
use sqlx::PgPool;
use std::{
    future::Future,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
pub use tally::{Place, Tally};
pub use tls::TlsError;
use tls::{Files, Tls};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long requests and sessions may take to end.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
/// How often it is looked at what the hub has counted.
const COUNT_INTERVAL: Duration = Duration::from_millis(500);
/// How often the changelog is marked and pruned.
const PRUNE_INTERVAL: Duration = Duration::from_secs(30);

/// Why the server does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It would be open to everybody in the network.
    #[error(
        "{0} is not a loopback address, and rowcast.identity.anonymous lets whoever reaches this server in as if they had an \
         account. Set it to \"nobody\" or \"anonymous\", or type: --listen 127.0.0.1:{port}", port = .0.port()
    )]
    NotLoopback(SocketAddr),
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: {cause}. Type --listen 127.0.0.1:PORT with a port that is free")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why.
        cause: std::io::Error,
    },
    /// What browsers need was not built, or is not where the configuration says.
    #[error(
        "there is no {}: the pages were not built, or this was not started in the project's directory. Build with \
         `make run`, start there, or set site-root in the configuration file to where they are", .0.display()
    )]
    NoSite(PathBuf),
    /// There is no TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There is no database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The Redis that is to join servers is none.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// The changelog cannot be used.
    #[error(transparent)]
    Changelog(#[from] changelog::Error),
    /// The demo could not be set up.
    #[error("the demo data could not be set up: {0}")]
    Demo(#[from] app::demo::DemoError),
    /// The demo's accounts could not be set up.
    #[error(transparent)]
    DemoAccounts(#[from] identity::demo::DemoAccountsError),
    /// The demo's tables could not be made live.
    #[error(transparent)]
    ShowDemo(#[from] app::demo::ShowError),
    /// Serving failed.
    #[error("serving failed: {0}")]
    Io(#[from] std::io::Error),
}

/// What the command line says about serving.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen, if not where the configuration says.
    pub listen: Option<SocketAddr>,
    /// Make the demo's tables in a database of the user's, too.
    pub demo: bool,
}

/// Serves until `stop` is cancelled.
pub async fn serve(
    config: Config,
    leptos: LeptosOptions,
    options: Options,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let address = options.listen.or(config.site_addr()).unwrap_or(leptos.site_addr);
    let program = Path::new(&*leptos.site_root).join(&*leptos.site_pkg_dir).join(format!("{}.js", leptos.output_name));
    if !program.exists() {
        return Err(ServeError::NoSite(program));
    }
    // First, because whoever typed the wrong address should not wait for a database to be told so.
    let listener = listen(address, &config.rowcast).await?;
    // As soon, for the same reason.
    Files::of(&config.rowcast.server)?.map(Tls::open).transpose()?;
    tracing::info!("starting the database");
    let database = Database::open(&config.rowcast.database).await?;
    let outcome = serve_database(&config, leptos, &options, listener, &database, stop).await;
    let closed = database.close().await;
    outcome?;
    closed?;
    Ok(())
}

/// What the sessions of those are closed with who are no longer who they were. If the database does not answer, nobody is.
fn recheck(pool: PgPool) -> Recheck {
    Recheck::new(move |principal| {
        let pool = pool.clone();
        Box::pin(async move {
            match identity::check(&pool, &principal).await {
                Ok(Standing::Same) => None,
                Ok(Standing::Changed) => Some(CloseCode::RightsChanged),
                Ok(Standing::Ended) => Some(CloseCode::SignedOut),
                Err(error) => {
                    tracing::debug!(%error, "whether somebody is still signed in is asked again later");
                    None
                }
            }
        })
    })
}

/// Whether only those can reach this server who sit at this machine: it listens on loopback, and nothing says that a proxy is in
/// front of it.
fn is_for_this_machine(address: SocketAddr, server: &config::Server) -> bool {
    address.ip().is_loopback() && server.hosts.is_empty() && server.trusted_proxies.is_empty()
}

async fn listen(address: SocketAddr, config: &config::Rowcast) -> Result<TcpListener, ServeError> {
    if !is_for_this_machine(address, &config.server) && config.identity.anonymous.is_for_loopback_only() {
        return Err(ServeError::NotLoopback(address));
    }
    TcpListener::bind(address).await.map_err(|cause| ServeError::Listen { address, cause })
}

async fn serve_database(
    config: &Config,
    leptos: LeptosOptions,
    options: &Options,
    listener: TcpListener,
    database: &Database,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let pool = database.pool.clone();
    changelog::install(&pool).await?;
    let mut demo = None;
    if options.demo || database.cluster().is_some() {
        // First the people, because there are orders of theirs.
        demo = Some(identity::demo::install(&pool, database.cluster().map(Cluster::dir)).await?);
        app::demo::install(&pool).await?;
        app::demo::show(&pool).await?;
    }
    let background = CancellationToken::new();
    let _end_background = background.clone().drop_guard();
    let supervision = tokio::spawn(database.supervise(background.clone()));
    let served = serve_pool(&config.rowcast, leptos, listener, pool, demo, Arc::default(), stop).await;
    background.cancel();
    // It takes part in nothing but waiting.
    let _ = supervision.await;
    served
}

/// Serves what is tracked in the pool's database, which has the engine's schema, until `stop` is cancelled. `demo`: the demo's
/// accounts, if this is the demo.
pub async fn serve_pool(
    config: &config::Rowcast,
    mut leptos: LeptosOptions,
    listener: TcpListener,
    pool: PgPool,
    demo: Option<Vec<DemoAccount>>,
    counters: Arc<Counters>,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let tls = Files::of(&config.server)?.map(Tls::open).transpose()?;
    let redis = Some(&config.nodes.redis).filter(|address| !address.is_empty());
    let redis = redis.map(|address| Redis::at(address)).transpose()?.map(|redis| Arc::new(redis) as Arc<dyn Backplane>);
    changelog::begin(&pool, config.changelog.keep()).await?;
    let tailer = Tailer::start(pool.clone(), config.live.wake_up).await?;
    let sessions = TaskTracker::new();
    let live = Live {
        hub: tailer.hub().clone(),
        source: Shared::new(PostgresSource::new(pool.clone())),
        limits: socket_limits(config),
        recheck: recheck(pool.clone()),
        counters: counters.clone(),
        places: Places::new(config.limits.connections_per_address, config.limits.sockets_per_person),
        stop: stop.clone(),
        sessions: sessions.clone(),
    };
    live.hub.bound_queues(config.limits.queue_megabytes * 1024 * 1024, config.limits.outbox_kilobytes * 1024);
    let address = listener.local_addr()?;
    leptos.site_addr = address;
    let identity = identity_of(&config.identity, pool.clone(), demo, address, &config.server);
    let about = About { address, keep: config.changelog.keep(), counters: counters.clone() };
    let operations = Operations::new(live.hub.clone(), pool.clone(), about);
    let router = routes::router(leptos, live.clone(), identity, operations.clone(), config);
    let background = CancellationToken::new();
    let _end_background = background.clone().drop_guard();
    let tasks = TaskTracker::new();
    tasks.spawn(backplane::run(live.hub.clone(), redis, config.nodes.prefix.clone(), background.clone()));
    tasks.spawn(operations.run(background.clone()));
    tasks.spawn(count(live.hub.clone(), counters.clone(), background.clone()));
    tasks.spawn(socket::fill(live.hub, live.source, background.clone()));
    tasks.spawn(changelog::follow(pool.clone(), background.clone()));
    tasks.spawn(tailer.run(background.clone()));
    tasks.spawn(identity::sweep(pool.clone(), background.clone()));
    tasks.spawn(orders::sweep(pool.clone(), background.clone()));
    tasks.spawn(projections::keep(pool.clone(), background.clone()));
    let retention = Retention { keep: config.changelog.keep(), interval: PRUNE_INTERVAL };
    tasks.spawn(retention.run(pool, background.clone()));
    // On standard output, because it is what the person who typed the command waits for.
    println!("Rowcast is at {}://{address}", if tls.is_some() { "https" } else { "http" });
    if let Some(tls) = tls.clone() {
        tasks.spawn(tls.follow(counters.clone(), background.clone()));
    }
    let proxies = config.server.trusted_proxies.clone();
    let front = Front { limits: config.limits.clone(), proxies, tls, counters };
    within_deadline(accept::serve(listener, router, front, stop.clone()), stop).await;
    sessions.close();
    if tokio::time::timeout(SHUTDOWN_TIMEOUT, sessions.wait()).await.is_err() {
        tracing::warn!(left = sessions.len(), "sessions did not end in time");
    }
    background.cancel();
    tasks.close();
    tasks.wait().await;
    Ok(())
}

/// Takes over what the hub counts, until `stop` is cancelled.
async fn count(hub: Arc<Hub>, counters: Arc<Counters>, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(COUNT_INTERVAL)).await.is_some() {
        counters.take_over(&hub);
    }
}

/// What the configuration says about one session.
fn socket_limits(config: &config::Rowcast) -> Limits {
    let limits = &config.limits;
    Limits {
        heartbeat: config.live.heartbeat(),
        subscriptions: limits.subscriptions,
        frame_bytes: limits.frame_bytes,
        frames_per_second: limits.frames_per_second,
        frames_at_once: limits.frames_at_once,
    }
}

fn identity_of(
    config: &config::Identity,
    pool: PgPool,
    demo: Option<Vec<DemoAccount>>,
    address: SocketAddr,
    server: &config::Server,
) -> Identity {
    let sign_up = config.sign_up || demo.is_some();
    // Passwords are shown to those who sit at this machine, and to nobody else in the network.
    let demo = demo.filter(|_| is_for_this_machine(address, server)).unwrap_or_default().into();
    Identity { pool, anonymous: config.anonymous, session: config.session(), sign_up, demo }
}

/// Lets `served` end by itself, but not for longer than the deadline once `stop` is cancelled.
async fn within_deadline(served: impl Future<Output = ()>, stop: CancellationToken) {
    let deadline = async {
        stop.cancelled().await;
        tokio::time::sleep(SHUTDOWN_TIMEOUT).await;
    };
    tokio::select! {
        () = served => {}
        () = deadline => tracing::warn!("requests did not end in time"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_a_proxy_nobody_is_taken_for_somebody_at_this_machine() {
        let is_local = |address: &str, change: fn(&mut config::Server)| {
            let mut server = config::Server::default();
            change(&mut server);
            is_for_this_machine(address.parse().unwrap(), &server)
        };
        assert!(
            is_local("127.0.0.1:3000", |_| {}) && is_local("[::1]:3000", |_| {}) && is_local("127.8.8.8:1", |_| {})
        );
        assert!(
            !is_local("0.0.0.0:3000", |_| {}) && !is_local("192.0.2.1:3000", |_| {}) && !is_local("[::]:1", |_| {})
        );
        assert!(!is_local("127.0.0.1:3000", |server| server.hosts = vec!["rowcast.example.org".to_owned()]));
        assert!(!is_local("127.0.0.1:3000", |server| server.trusted_proxies = vec!["::1".parse().unwrap()]));
    }

    #[test]
    fn without_a_configuration_a_session_has_the_documented_limits() {
        assert_eq!(socket_limits(&config::Rowcast::default()), Limits::default());
    }
}
