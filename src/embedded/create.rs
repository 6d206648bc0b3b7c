//! Making a new cluster, completely or not at all.
//!
//! It is made under another name, with its database in it, and renamed when it is complete. A start that was
//! interrupted leaves a directory that nobody uses, and the next one removes it. The caller holds the control lock.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::command;
use super::configuration::Durability;
use super::control::Server;
use super::error::Error;
use super::home::UNFINISHED_PREFIX;
use super::socket::{NAME, ROLE};

/// How long initdb may take; seconds on a good disk.
const INITDB_TIMEOUT: Duration = Duration::from_secs(180);

/// How long the creation of the database inside may take.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(60);

/// How long it may take to list the machine's locales.
const LOCALES_TIMEOUT: Duration = Duration::from_secs(10);

/// An initdb that outlived its rowcast may still write: how often, and how far apart, to try to remove its directory.
const REMOVE_ATTEMPTS: u32 = 20;
const REMOVE_PAUSE: Duration = Duration::from_millis(250);

/// Mode of the cluster's directory, demanded by Postgres.
const MODE: u32 = 0o700;

/// Makes the server's cluster.
pub(super) async fn create(server: &Server) -> Result<(), Error> {
    let home = &server.home.dir;
    remove_unfinished(home).await?;
    tracing::info!(dir = %home.display(), "making a new database cluster");

    let unfinished = home.join(format!("{UNFINISHED_PREFIX}{}", uuid::Uuid::new_v4()));
    let made = fill(server, &unfinished).await;
    if let Err(error) = made {
        if let Err(left) = tokio::fs::remove_dir_all(&unfinished).await {
            tracing::debug!(error = %left, dir = %unfinished.display(), "the next start removes it");
        }
        return Err(error);
    }
    let pg = server.home.pg();
    std::fs::rename(&unfinished, &pg).map_err(Error::io("rename to", &pg))?;
    if server.durability == Durability::Lasting {
        std::fs::File::open(home).and_then(|dir| dir.sync_all()).map_err(Error::io("sync", home))?;
    }
    Ok(())
}

async fn fill(server: &Server, pg: &Path) -> Result<(), Error> {
    DirBuilder::new().mode(MODE).create(pg).map_err(Error::io("make the directory", pg))?;
    if server.account.switched {
        std::os::unix::fs::chown(pg, Some(server.account.uid), Some(server.account.gid))
            .map_err(Error::io("change the owner of", pg))?;
    }
    initdb(server, pg).await?;
    create_database(server, pg).await
}

/// Trust on the socket is safe because its directory admits only the account and root; over TCP nobody is let in at all.
async fn initdb(server: &Server, pg: &Path) -> Result<(), Error> {
    let mut initdb = server.command("initdb");
    initdb
        .arg("--pgdata")
        .arg(pg)
        .args(["--username", ROLE, "--encoding", "UTF8"])
        .args(["--auth-local", "trust", "--auth-host", "reject"])
        // Text sorts by bytes, the same on every machine and as Rust compares it.
        .args(["--locale", "C"]);
    if let Some(locale) = utf8_locale().await? {
        // And `lower` knows letters beyond ASCII.
        initdb.args(["--lc-ctype", &locale]);
    }
    if server.durability == Durability::ThrowAway {
        initdb.arg("--no-sync");
    }
    let output = command::output(initdb, INITDB_TIMEOUT).await?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(server, &output.stderr))
}

/// The name that this machine has for the C locale with UTF-8 characters, if it has it.
async fn utf8_locale() -> Result<Option<String>, Error> {
    let mut locale = command::plain(Path::new("locale"));
    locale.arg("-a");
    match command::output(locale, LOCALES_TIMEOUT).await {
        Ok(output) => Ok(find_utf8(&String::from_utf8_lossy(&output.stdout))),
        // No such program, as on Alpine.
        Err(Error::Spawn { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn find_utf8(locales: &str) -> Option<String> {
    locales
        .lines()
        .map(str::trim)
        .find(|name| ["c.utf8", "c.utf-8"].contains(&&*name.to_ascii_lowercase()))
        .map(str::to_owned)
}

/// In single-user mode, so that the cluster is complete before anybody can connect to it.
async fn create_database(server: &Server, pg: &Path) -> Result<(), Error> {
    let mut postgres = server.command("postgres");
    postgres.arg("--single").arg("-D").arg(pg);
    postgres.args(["-c", "exit_on_error=on"]);
    if server.durability == Durability::ThrowAway {
        postgres.args(["-c", "fsync=off"]);
    }
    postgres.arg("postgres").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let program = PathBuf::from(postgres.as_std().get_program());
    let spawned = |source| Error::Spawn { program: program.clone(), source };
    let mut child = postgres.spawn().map_err(spawned)?;
    let mut stdin = child.stdin.take().expect("stdin was set to a pipe");
    let work = async move {
        // When the server dies at once, writing fails; what it said is in its output.
        let written = stdin.write_all(format!("create database {NAME}\n").as_bytes()).await;
        drop(stdin);
        child.wait_with_output().await.map(|output| (written, output))
    };
    match tokio::time::timeout(DATABASE_TIMEOUT, work).await {
        Ok(Ok((Ok(()), output))) if output.status.success() => Ok(()),
        Ok(Ok((_, output))) => Err(failed(server, &output.stderr)),
        Ok(Err(source)) => Err(spawned(source)),
        Err(_) => Err(Error::TimedOut { program, limit: DATABASE_TIMEOUT }),
    }
}

fn failed(server: &Server, output: &[u8]) -> Error {
    Error::Create { dir: server.home.dir.clone(), detail: command::last_lines(output) }
}

async fn remove_unfinished(home: &Path) -> Result<(), Error> {
    let entries = std::fs::read_dir(home).map_err(Error::io("list", home))?;
    for entry in entries {
        let entry = entry.map_err(Error::io("list", home))?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED_PREFIX) {
            let path = entry.path();
            tracing::warn!(dir = %path.display(), "removing what an interrupted first start left");
            remove(&path).await.map_err(Error::io("remove", &path))?;
        }
    }
    Ok(())
}

async fn remove(dir: &Path) -> std::io::Result<()> {
    for _ in 1..REMOVE_ATTEMPTS {
        match tokio::fs::remove_dir_all(dir).await {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {
                tokio::time::sleep(REMOVE_PAUSE).await;
            }
            done => return done,
        }
    }
    tokio::fs::remove_dir_all(dir).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_utf8_locale_is_found_under_either_spelling() {
        assert_eq!(find_utf8("C\nC.utf8\nPOSIX\n"), Some("C.utf8".to_owned()));
        assert_eq!(find_utf8("C\nC.UTF-8\n"), Some("C.UTF-8".to_owned()));
        assert_eq!(find_utf8("C\nen_US.utf8\n"), None);
    }
}
