//! A server as a process of its own, which SIGKILL ends for good.

use super::PATIENCE;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// Between two tries to start one while there is no database.
const RETRY: Duration = Duration::from_millis(100);
/// What the program says when it serves.
const READY: &str = "Rowcast is at http://";

/// One `rowcast serve`, at another address each time that it starts.
pub struct Node {
    directory: tempfile::TempDir,
    database: String,
    environment: Vec<(&'static str, PathBuf)>,
    running: Option<Running>,
}

struct Running {
    child: Child,
    address: SocketAddr,
    /// Open as long as the process: it must be able to print.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Node {
    /// Starts one on a database. `settings` are lines of the table `rowcast.live`.
    pub async fn start(database: &str, settings: &str) -> Self {
        Self::start_in(database, settings, &[]).await
    }

    /// The same, with these variables in its environment.
    pub async fn start_in(database: &str, settings: &str, environment: &[(&'static str, &Path)]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let site = directory.path().join("site");
        std::fs::create_dir_all(site.join("pkg")).expect("makes it");
        // It wants to see the page's program, which nobody here asks for.
        std::fs::write(site.join("pkg/rowcast.js"), "").expect("writes");
        let configuration = format!(
            "[package.metadata.leptos]\noutput-name = \"rowcast\"\nsite-root = {:?}\nsite-pkg-dir = \"pkg\"\n\
             site-addr = \"127.0.0.1:3000\"\nreload-port = 3001\n\n[rowcast.identity]\nanonymous = \"anonymous\"\n\n[rowcast.live]\n{settings}\n",
            site.display().to_string()
        );
        std::fs::write(directory.path().join("rowcast.toml"), configuration).expect("writes");
        let environment = environment.iter().map(|(name, value)| (*name, value.to_path_buf())).collect();
        let mut node = Self { directory, database: database.to_owned(), environment, running: None };
        node.revive().await;
        node
    }

    /// Where it listens, or listened last.
    pub fn address(&self) -> SocketAddr {
        self.running.as_ref().expect("was started").address
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.running.as_ref().and_then(|running| running.child.id()).expect("runs")
    }

    /// As the kernel does when memory is short: nobody is told anything.
    pub async fn kill(&mut self) {
        let running = self.running.as_mut().expect("was started");
        // Fails if it has ended before.
        let _ = running.child.kill().await;
    }

    /// Whether it runs.
    pub fn is_running(&mut self) -> bool {
        self.running.as_mut().is_some_and(|running| matches!(running.child.try_wait(), Ok(None)))
    }

    /// Starts it again, as soon as there is a database.
    pub async fn revive(&mut self) {
        let started = tokio::time::timeout(PATIENCE, async {
            loop {
                match self.try_start().await {
                    Some(running) => return running,
                    None => tokio::time::sleep(RETRY).await,
                }
            }
        });
        self.running = Some(started.await.expect("starts in time"));
    }

    fn configuration(&self) -> PathBuf {
        self.directory.path().join("rowcast.toml")
    }

    async fn try_start(&self) -> Option<Running> {
        let log = if std::env::var_os("ROWCAST_ORACLE_LOG").is_some() { Stdio::inherit() } else { Stdio::null() };
        let mut child = Command::new(env!("CARGO_BIN_EXE_rowcast"))
            .arg("--config")
            .arg(self.configuration())
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("DATABASE_URL", &self.database)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("runs");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        while let Some(line) = output.next_line().await.expect("text") {
            if let Some(address) = line.strip_prefix(READY) {
                return Some(Running { child, address: address.parse().expect("an address"), _output: output });
            }
        }
        None
    }
}
