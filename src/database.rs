//! The database that a command works on: the one that is configured, or the private one.

use crate::{
    config,
    embedded::{self, Cluster},
};
use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How long to wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two looks whether the private Postgres is still there.
const SUPERVISE: Duration = Duration::from_secs(1);
/// Longest wait between two tries to start it again.
const SLOWEST_SUPERVISE: Duration = Duration::from_secs(30);

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The private Postgres could not be used.
    #[error(transparent)]
    Private(#[from] embedded::Error),
    /// The configured database could not be reached. The address is not shown: it may hold a password.
    #[error("the database of DATABASE_URL (or of rowcast.database.url) cannot be used: {0}")]
    Configured(sqlx::Error),
    /// It does not answer at all.
    #[error(
        "the database of DATABASE_URL (or of rowcast.database.url) does not answer. Is it running, and does nothing \
         between here and there drop the packets?"
    )]
    NoAnswer,
}

/// An open database.
#[derive(Debug)]
pub struct Database {
    /// Connections to it.
    pub pool: PgPool,
    url: String,
    cluster: Option<Arc<Cluster>>,
}

impl Database {
    /// Opens what is configured; starts the private Postgres if nothing is.
    pub async fn open(config: &config::Database) -> Result<Self, DatabaseError> {
        let (url, cluster) = match &config.url {
            Some(url) => (url.clone(), None),
            None => {
                let cluster = Cluster::start(&config.embedded()).await?;
                (cluster.url().to_owned(), Some(Arc::new(cluster)))
            }
        };
        // Poolers refuse parameters that they do not know; where it matters how numbers are written, it is said there.
        let options: PgConnectOptions = url.parse().map_err(DatabaseError::Configured)?;
        let options = options.extra_float_digits(None);
        // By hand first: a pool tries again until its time is up, and then does not say why.
        let first = tokio::time::timeout(ACQUIRE_TIMEOUT, PgConnection::connect_with(&options)).await;
        let first = first.map_err(|_| DatabaseError::NoAnswer)?.map_err(DatabaseError::Configured)?;
        first.close().await.map_err(DatabaseError::Configured)?;
        let pool = PgPoolOptions::new().max_connections(config.max_connections).acquire_timeout(ACQUIRE_TIMEOUT);
        let pool = pool.connect_with(options).await.map_err(DatabaseError::Configured)?;
        Ok(Self { pool, url, cluster })
    }

    /// Where it is. May hold a password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The private Postgres, if it is that.
    pub fn cluster(&self) -> Option<&Cluster> {
        self.cluster.as_deref()
    }

    /// Starts the private Postgres again whenever it is gone, until `stop` is cancelled.
    pub fn supervise(&self, stop: CancellationToken) -> impl Future<Output = ()> + use<> {
        let cluster = self.cluster.clone();
        async move {
            let Some(cluster) = cluster else { return };
            let mut pause = SUPERVISE;
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
                match cluster.ensure_running().await {
                    Ok(restarted) => {
                        pause = SUPERVISE;
                        if restarted {
                            tracing::warn!("the private Postgres was gone and has been started again");
                        }
                    }
                    Err(error) => {
                        pause = (pause * 2).min(SLOWEST_SUPERVISE);
                        tracing::error!(%error, retry_s = pause.as_secs(), "the private Postgres cannot be started");
                    }
                }
            }
        }
    }

    /// Closes the connections and gives up the private Postgres, which stops if nobody else uses it.
    pub async fn close(self) -> Result<(), DatabaseError> {
        self.pool.close().await;
        if let Some(cluster) = self.cluster.and_then(Arc::into_inner) {
            cluster.stop().await?;
        }
        Ok(())
    }
}
