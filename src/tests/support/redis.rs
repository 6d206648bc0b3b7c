//! A Redis of a test's own, on a free port, that keeps nothing and that the test can kill.

use super::PATIENCE;
use std::{net::SocketAddr, process::Stdio, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

/// Between two tries to reach one that starts.
const POLL: Duration = Duration::from_millis(10);

pub struct Redis {
    address: SocketAddr,
    directory: tempfile::TempDir,
    running: Option<Child>,
}

impl Redis {
    pub async fn start() -> Self {
        let mut redis = Self::stopped().await;
        redis.revive().await;
        redis
    }

    /// Where there is going to be one.
    pub async fn stopped() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("bound");
        Self { address, directory: tempfile::tempdir().expect("a directory"), running: None }
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Starts it, at the same place as before.
    pub async fn revive(&mut self) {
        let port = self.address.port().to_string();
        let started = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let child = started.unwrap_or_else(|error| {
            panic!("redis-server cannot be started ({error}): install Debian's redis-server, or run `make test`, which does")
        });
        self.running = Some(child);
        let up = async {
            while TcpStream::connect(self.address).await.is_err() {
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(PATIENCE, up).await.expect("Redis starts in time");
    }

    /// As SIGKILL does.
    pub async fn kill(&mut self) {
        self.running.take().expect("runs").kill().await.expect("is killed");
    }
}
