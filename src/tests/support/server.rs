//! The whole server on a free port, in a runtime of its own, so that it can be killed.

use super::PATIENCE;
use leptos::config::LeptosOptions;
use rowcast::{
    changelog::{self, WakeUp},
    config,
    counters::Counters,
    identity::{Anonymous, demo::DemoAccount},
    server,
};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, runtime::Runtime, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// Has some files, and not the program, which no test here runs.
const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/public");

pub struct Server {
    pub address: SocketAddr,
    pub counters: Arc<Counters>,
    stop: CancellationToken,
    runtime: Option<Runtime>,
    served: Option<JoinHandle<()>>,
}

impl Server {
    pub async fn start(pool: &PgPool) -> Self {
        Self::start_with(pool, |_| {}).await
    }

    pub async fn start_with(pool: &PgPool, change: impl FnOnce(&mut config::Rowcast)) -> Self {
        Self::over(pool.connect_options().as_ref().clone(), "127.0.0.1:0".parse().expect("an address"), change).await
    }

    /// On an address that was used before.
    pub async fn start_at(pool: &PgPool, address: SocketAddr) -> Self {
        Self::over(pool.connect_options().as_ref().clone(), address, |_| {}).await
    }

    pub async fn start_polling(pool: &PgPool) -> Self {
        Self::start_with(pool, |config| config.live.wake_up = WakeUp::Poll).await
    }

    pub async fn over(
        options: PgConnectOptions,
        address: SocketAddr,
        change: impl FnOnce(&mut config::Rowcast),
    ) -> Self {
        Self::on(options, bind(address).await, change).await
    }

    /// On a socket that listens already.
    pub async fn on(
        options: PgConnectOptions,
        listener: std::net::TcpListener,
        change: impl FnOnce(&mut config::Rowcast),
    ) -> Self {
        Self::serving(options, listener, change, None, true).await
    }

    /// As the demo, with these accounts.
    pub async fn start_demo(pool: &PgPool, accounts: Vec<DemoAccount>) -> Self {
        let options = pool.connect_options().as_ref().clone();
        Self::serving(options, anywhere(), |_| {}, Some(accounts), true).await
    }

    /// The same, where it is not only this machine that reaches it.
    pub async fn start_demo_with(
        pool: &PgPool,
        accounts: Vec<DemoAccount>,
        change: impl FnOnce(&mut config::Rowcast),
    ) -> Self {
        let options = pool.connect_options().as_ref().clone();
        Self::serving(options, anywhere(), change, Some(accounts), true).await
    }

    /// Where nobody sees anything but what the test grants.
    pub async fn start_strict(pool: &PgPool) -> Self {
        let options = pool.connect_options().as_ref().clone();
        Self::serving(options, anywhere(), |_| {}, None, false).await
    }

    async fn serving(
        options: PgConnectOptions,
        listener: std::net::TcpListener,
        change: impl FnOnce(&mut config::Rowcast),
        demo: Option<Vec<DemoAccount>>,
        see_all: bool,
    ) -> Self {
        let mut config = config::Rowcast::default();
        config.identity.anonymous = Anonymous::Anonymous;
        change(&mut config);
        let stop = CancellationToken::new();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
        let (bound, address_known) = tokio::sync::oneshot::channel();
        let stopped = stop.clone();
        let counters = Arc::new(Counters::default());
        let counted = counters.clone();
        listener.set_nonblocking(true).expect("sets");
        let served = runtime.spawn(async move {
            let pool = PgPoolOptions::new()
                .max_connections(config.database.max_connections)
                .acquire_timeout(Duration::from_secs(2))
                .connect_with(options)
                .await
                .expect("connects");
            if see_all {
                changelog::install(&pool).await.expect("installs");
                super::see_all(&pool).await;
            }
            let listener = TcpListener::from_std(listener).expect("listens");
            bound.send(listener.local_addr().expect("bound")).expect("the test waits");
            let leptos = LeptosOptions::builder().output_name("rowcast").site_root(SITE).build();
            server::serve_pool(&config, leptos, listener, pool, demo, counted, stopped).await.expect("serves");
        });
        let address = tokio::time::timeout(PATIENCE, address_known).await.expect("in time").expect("starts");
        Self { address, counters, stop, runtime: Some(runtime), served: Some(served) }
    }

    /// As Ctrl-C does.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let served = self.served.take().expect("runs");
        tokio::time::timeout(PATIENCE, served).await.expect("stops in time").expect("stops without a panic");
    }

    /// As SIGKILL does: nobody is told anything.
    pub fn kill(self) {
        drop(self);
    }
}

/// Whoever had the address before may be about to let go of it.
async fn bind(address: SocketAddr) -> std::net::TcpListener {
    let begun = std::time::Instant::now();
    loop {
        match std::net::TcpListener::bind(address) {
            Ok(listener) => return listener,
            Err(error) => assert!(begun.elapsed() < PATIENCE, "{address}: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A free port of loopback.
fn anywhere() -> std::net::TcpListener {
    std::net::TcpListener::bind("127.0.0.1:0").expect("binds")
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
