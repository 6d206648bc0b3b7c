//! Starting and stopping the server with `pg_ctl`.
//!
//! Whoever calls these holds the control lock. `pg_ctl` hands its arguments to a shell, so no path is ever among
//! them: the cluster is named by PGDATA and the configuration by its name in the working directory.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Command;

use super::account::Account;
use super::binaries::Binaries;
use super::command;
use super::configuration::{self, Durability};
use super::error::Error;
use super::home::Home;
use super::postmaster::{self, State};
use super::socket::Socket;

/// How long a start may take, crash recovery included.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a fast shutdown may take; it ends with a checkpoint.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a server may be on its way up or down by itself. One that lost its pid file notices only once a minute.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(75);

/// What pg_ctl gets on top of its own timeout before it is given up.
const GRACE: Duration = Duration::from_secs(15);

/// How often a server that is coming up or going down is looked at.
const POLL: Duration = Duration::from_millis(100);

/// A killed server's children hold its shared memory for moments: how often, and how far apart, to try again.
const MEMORY_ATTEMPTS: u32 = 20;
const MEMORY_PAUSE: Duration = Duration::from_millis(250);

/// What the server says then.
const MEMORY_IN_USE: &str = "pre-existing shared memory block";

/// A log that has grown beyond this, in bytes, is put aside at the next start.
const LOG_LIMIT: u64 = 10 * 1024 * 1024;

/// How much of the log's end an error looks at, in bytes.
const LOG_TAIL: u64 = 16 * 1024;

/// Readable by the caller alone: the log may quote statements.
const LOG_MODE: u32 = 0o600;

/// Everything needed to run one cluster.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) binaries: Binaries,
    pub(super) account: Account,
    pub(super) home: Home,
    pub(super) socket: Socket,
    pub(super) durability: Durability,
}

impl Server {
    /// One of the server's programs, to be run as its account in its directory.
    pub(super) fn command(&self, program: &str) -> Command {
        command::as_account(&self.binaries.program(program), &self.account, &self.home.dir)
    }

    /// Whether there is nothing to do for [`Server::bring_up`], roughly and cheaply.
    pub(super) async fn is_alive(&self) -> bool {
        postmaster::is_alive(&self.home.pg(), &self.socket).await
    }

    /// Sees to it that the server takes sessions; true if it had to be started.
    pub(super) async fn bring_up(&self) -> Result<bool, Error> {
        let pg = self.home.pg();
        let begun = Instant::now();
        loop {
            let state = postmaster::state(&pg, &self.socket).await?;
            match state {
                State::Ready | State::Elsewhere => return Ok(false),
                State::Gone => {
                    self.start().await?;
                    return Ok(true);
                }
                State::Stale(why) => {
                    let file = postmaster::pid_file(&pg);
                    tracing::warn!("removing the stale {}: {why}", file.display());
                    std::fs::remove_file(&file).map_err(Error::io("remove", &file))?;
                }
                State::Changing | State::Unclear(_) if begun.elapsed() < SETTLE_TIMEOUT => {
                    tokio::time::sleep(POLL).await;
                }
                State::Changing => {
                    return Err(self.start_failed(format!(
                        "the one that is running has been coming up or going down for {} s",
                        SETTLE_TIMEOUT.as_secs()
                    )));
                }
                State::Unclear(pid) => {
                    return Err(Error::UnclearPid { path: postmaster::pid_file(&pg), pid });
                }
            }
        }
    }

    async fn start(&self) -> Result<(), Error> {
        self.socket.prepare(&self.account)?;
        self.socket.clear()?;
        configuration::write(&self.home, &self.socket, self.durability)?;
        rotate(&self.home)?;
        for _ in 1..MEMORY_ATTEMPTS {
            match self.start_once().await {
                Err(Error::Start { detail, .. }) if detail.contains(MEMORY_IN_USE) => {
                    tokio::time::sleep(MEMORY_PAUSE).await;
                }
                done => return done,
            }
        }
        self.start_once().await
    }

    async fn start_once(&self) -> Result<(), Error> {
        let path = self.home.log();
        let log = open_log(&path).map_err(Error::io("open", &path))?;
        let before = log.metadata().map_err(Error::io("look at", &path))?.len();
        let errors = log.try_clone().map_err(Error::io("open", &path))?;

        let mut pg_ctl = self.command("pg_ctl");
        pg_ctl
            .env("PGDATA", self.home.pg())
            .args(["start", "-w", "-s"])
            .args(["-t", &START_TIMEOUT.as_secs().to_string()])
            .args(["-o", "-c config_file=rowcast.conf"])
            // The server inherits both. The log is opened here, so that the account needs no right to make files.
            .stdout(Stdio::from(log))
            .stderr(Stdio::from(errors));
        if command::succeeds(pg_ctl, START_TIMEOUT + GRACE).await? {
            return Ok(());
        }
        let detail = match tail(&path, before) {
            Ok(text) => command::last_lines(&text),
            Err(error) => format!("and its log cannot be read: {error}"),
        };
        Err(self.start_failed(detail))
    }

    /// Stops the server, if there is one.
    pub(super) async fn shut_down(&self) -> Result<(), Error> {
        let pg = self.home.pg();
        match postmaster::state(&pg, &self.socket).await? {
            State::Ready | State::Changing => {}
            State::Gone | State::Stale(_) => {
                self.socket.tidy();
                return Ok(());
            }
            // Signalling a process that may not be the server is worse than leaving a server behind.
            State::Elsewhere | State::Unclear(_) => {
                return Err(self.stop_failed("its process cannot be seen from here".to_owned()));
            }
        }
        let mode = match self.durability {
            Durability::Lasting => "fast",
            Durability::ThrowAway => "immediate",
        };
        let mut pg_ctl = self.command("pg_ctl");
        pg_ctl
            .env("PGDATA", &pg)
            .args(["stop", "-w", "-s", "-m", mode])
            .args(["-t", &STOP_TIMEOUT.as_secs().to_string()]);
        let output = command::output(pg_ctl, STOP_TIMEOUT + GRACE).await?;
        // It may have been going down by itself, and be gone before pg_ctl looked.
        if output.status.success() || postmaster::state(&pg, &self.socket).await? == State::Gone {
            self.socket.tidy();
            return Ok(());
        }
        Err(self.stop_failed(command::last_lines(&output.stderr)))
    }

    fn start_failed(&self, detail: String) -> Error {
        Error::Start { dir: self.home.pg(), log: self.home.log(), detail }
    }

    fn stop_failed(&self, detail: String) -> Error {
        Error::Stop { dir: self.home.pg(), detail }
    }
}

fn open_log(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(LOG_MODE).open(path)
}

/// Puts a long log aside; the one before it is dropped.
fn rotate(home: &Home) -> Result<(), Error> {
    let log = home.log();
    match std::fs::metadata(&log) {
        Ok(found) if found.len() > LOG_LIMIT => {
            std::fs::rename(&log, home.previous_log()).map_err(Error::io("rename", &log))
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(source) => Err(Error::io("look at", &log)(source)),
    }
}

/// The end of the log, nothing from before `from`.
fn tail(log: &Path, from: u64) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(from.max(length.saturating_sub(LOG_TAIL))))?;
    let mut text = Vec::new();
    file.take(LOG_TAIL).read_to_end(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_of_the_log_is_of_this_start_and_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        std::fs::write(&log, "old\nnew\n").unwrap();
        assert_eq!(tail(&log, 4).unwrap(), b"new\n");
        std::fs::write(&log, vec![b'x'; 100_000]).unwrap();
        assert_eq!(tail(&log, 0).unwrap().len() as u64, LOG_TAIL);
    }

    #[test]
    fn only_a_long_log_is_put_aside() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path().to_owned());
        rotate(&home).unwrap();
        std::fs::write(home.log(), "short").unwrap();
        rotate(&home).unwrap();
        assert!(home.log().exists());
        File::create(home.log()).unwrap().set_len(LOG_LIMIT + 1).unwrap();
        rotate(&home).unwrap();
        assert!(!home.log().exists());
        assert!(home.previous_log().exists());
    }
}
