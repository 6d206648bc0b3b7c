//! The private cluster with a real Postgres: how it begins, is shared, breaks and ends.
//!
//! They run as root and as a normal user. Without Postgres they fail, saying how to install it.

mod breakage;
mod places;
mod sharing;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::{Cluster, Error, Settings, account, postmaster};

/// How long anything that a test waits for may take.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// A directory that the server's account can reach, removed at the end together with a server that a failed test left.
struct Scratch {
    root: tempfile::TempDir,
    data: PathBuf,
}

impl Scratch {
    fn new() -> Self {
        Self::named("data")
    }

    fn named(name: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
        let data = root.path().canonicalize().unwrap().join(name);
        Self { root, data }
    }

    fn settings(&self) -> Settings {
        settings(&self.data)
    }

    async fn start(&self) -> Cluster {
        started(Cluster::start(&self.settings()).await)
    }

    fn pid_file(&self) -> PathBuf {
        postmaster::pid_file(&self.data.join("pg"))
    }

    fn pid(&self) -> Option<u32> {
        pid_in(&self.pid_file())
    }

    fn names(&self) -> Vec<String> {
        std::fs::read_dir(&self.data).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(pid) = self.pid()
            && pid != std::process::id()
        {
            signal("KILL", pid);
        }
    }
}

fn settings(data_dir: &Path) -> Settings {
    Settings { data_dir: data_dir.to_owned(), bin_dir: None, user: None }
}

/// Unwraps with the message for people: it names the command that installs a missing Postgres.
fn started(result: Result<Cluster, Error>) -> Cluster {
    result.unwrap_or_else(|error| panic!("{error}"))
}

fn pid_in(file: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().next()?.trim().parse().ok()
}

fn signal(name: &str, pid: u32) {
    let done = Command::new("kill").args(["-s", name, &pid.to_string()]).status();
    assert!(done.is_ok_and(|status| status.success()), "kill {pid}");
}

fn sql(cluster: &Cluster, statement: &str) -> String {
    let output = Command::new(cluster.bin_dir().join("psql"))
        .arg(cluster.url())
        .args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(POLL).await;
    }
}

async fn am_root() -> bool {
    account::caller().await.unwrap().uid == 0
}
