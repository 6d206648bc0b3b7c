//! A private Postgres cluster that rowcast runs by itself when nobody names a database.
//!
//! It uses the Postgres that is installed on the machine; it is not a way to ship one. The embedding crates
//! (`postgresql_embedded`, `pg-embed`) download binaries, by default at run time, and run them as the caller, which
//! Postgres refuses to root, the usual user of containers and CI. This downloads nothing, and starts the server under
//! another account when root.
//!
//! What happens on a start: find the account (`account`) and the directory (`home`), take the control lock
//! (`lock`), find the programs (`binaries`), make the cluster if there is none (`create`), look at what the
//! server is doing (`postmaster`), and start it or join it (`control`).
//!
//! Invariants:
//! - The server listens on one unix socket in a directory of mode 0700 and on nothing else (`socket`).
//! - Nobody starts or stops the server without the control lock; nobody stops it while somebody else uses it.
//! - Every process uses the cluster through a lock that dies with it, so a crash needs no cleaning up: the server that
//!   it left is joined by the next process and stopped by the last.
//!
//! File system calls on the way up and down are a few short ones and made in place; only what is called over and over,
//! or may wait, leaves the async thread alone.

mod account;
mod binaries;
mod command;
mod configuration;
mod control;
mod create;
mod error;
mod home;
mod lock;
mod postmaster;
mod reach;
mod socket;
mod temporary;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};

use configuration::Durability;
use control::Server;
pub use error::Error;
use home::Home;
use socket::Socket;
use temporary::Watch;

/// What the configuration says about the private cluster.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the cluster, its socket, log and locks live. Made if it does not exist.
    pub data_dir: PathBuf,
    /// The directory with `initdb`, `pg_ctl` and `postgres`; searched for if not given.
    pub bin_dir: Option<PathBuf>,
    /// The account that runs the server when the caller is root; without effect otherwise. `postgres`, else `nobody`,
    /// if not given.
    pub user: Option<String>,
}

/// One use of a running private cluster.
///
/// Dropping it without [`Cluster::stop`] ends the use but leaves the server running for the next process to join; a
/// [temporary](Cluster::temporary) cluster is removed even then.
#[derive(Debug)]
pub struct Cluster {
    server: Server,
    url: String,
    /// Shared with every other process that uses the cluster.
    users: File,
    watch: Option<Watch>,
}

impl Cluster {
    /// Uses the cluster in the data directory: creates it the first time, and starts it or joins the server that is
    /// running already, left by a crash or kept up by another rowcast command.
    ///
    /// # Errors
    /// When there is no usable Postgres, no usable directory or no account, or when the server does not come up. The
    /// message says what to do.
    pub async fn start(settings: &Settings) -> Result<Self, Error> {
        let (home, account) =
            home::settle(&settings.data_dir, settings.user.as_deref(), Path::new(home::FALLBACK_ROOT)).await?;
        Self::up(settings, home, account, Durability::Lasting, None).await
    }

    /// A throw-away cluster in a new temporary directory, for tests: it does not wait for the disk. [`Cluster::stop`]
    /// removes it, and so does the end of this process, whatever ends it. `data_dir` is not used.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub async fn temporary(settings: &Settings) -> Result<Self, Error> {
        let caller = account::caller().await?;
        let account = account::choose(&caller, settings.user.as_deref(), None).await?;
        let home = Home::new(temporary::directory(&account)?);
        let watch = Watch::over(&home.dir, &Socket::of(&home), &account)?;
        Self::up(settings, home, account, Durability::ThrowAway, Some(watch)).await
    }

    async fn up(
        settings: &Settings,
        home: Home,
        account: account::Account,
        durability: Durability,
        watch: Option<Watch>,
    ) -> Result<Self, Error> {
        let _control = lock::exclusive(&home.control_lock()).await?;
        let pg = home.pg();
        let made_by = home.major()?.map(|major| (pg.as_path(), major));
        let is_new = made_by.is_none();
        let binaries = binaries::find(settings.bin_dir.as_deref(), made_by, &account).await?;
        let users = lock::shared(&home.users_lock()).await?;
        let socket = Socket::of(&home);
        let server = Server { binaries, account, home, socket, durability };
        if is_new {
            create::create(&server).await?;
        }
        let started = server.bring_up().await?;
        tracing::info!(
            dir = %server.home.dir.display(),
            "{} the private database",
            if started { "started" } else { "joined" }
        );
        Ok(Self { url: server.socket.url(), server, users, watch })
    }

    /// A URL that both sqlx and libpq take, of the database `rowcast` as its superuser.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The directory with everything that belongs to the cluster. Its owner is whoever runs this process.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.server.home.dir
    }

    /// The directory with the server's programs; `psql` is usually among them.
    #[must_use]
    pub fn bin_dir(&self) -> &Path {
        &self.server.binaries.dir
    }

    /// Starts the server again if it is gone because somebody killed or stopped it; true if it had to.
    ///
    /// Cheap while it is alive, so call it as often as a watcher likes. While it fails it may take a minute.
    ///
    /// # Errors
    /// When the server does not come up, or its cluster was removed.
    pub async fn ensure_running(&self) -> Result<bool, Error> {
        if self.server.is_alive().await {
            return Ok(false);
        }
        if self.server.home.major()?.is_none() {
            // An empty one in its place would be worse than an error.
            return Err(Error::Vanished { path: self.server.home.pg() });
        }
        let _control = lock::exclusive(&self.server.home.control_lock()).await?;
        let started = self.server.bring_up().await?;
        if started {
            tracing::warn!(dir = %self.server.home.dir.display(), "the private database was gone and is started again");
        }
        Ok(started)
    }

    /// Gives up this use. The last one stops the server, whoever is connected to it; a temporary cluster is removed.
    ///
    /// # Errors
    /// When the server does not go down within a minute. It is then left as it is, for the next start to join.
    pub async fn stop(self) -> Result<(), Error> {
        let Self { server, users, watch, .. } = self;
        let stopped = stop_as_last(&server, users).await;
        if let Some(watch) = watch {
            watch.finish().await?;
        }
        stopped
    }
}

async fn stop_as_last(server: &Server, users: File) -> Result<(), Error> {
    let _control = lock::exclusive(&server.home.control_lock()).await?;
    if lock::release_as_last(users, &server.home.users_lock())? {
        server.shut_down().await?;
        tracing::info!(dir = %server.home.dir.display(), "stopped the private database");
    } else {
        tracing::info!(
            dir = %server.home.dir.display(),
            "the private database stays up: another rowcast process uses it"
        );
    }
    Ok(())
}
