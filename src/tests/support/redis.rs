//! A Redis of a test's own, on a free port, that keeps nothing and that the test can kill.

use super::PATIENCE;
use std::{ffi::OsString, net::SocketAddr, path::PathBuf, process::Stdio, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

const PROGRAM: &str = "redis-server";
/// Between two tries to reach one that starts.
const POLL: Duration = Duration::from_millis(10);

pub struct Redis {
    address: SocketAddr,
    directory: tempfile::TempDir,
    running: Option<Child>,
    tls: bool,
}

impl Redis {
    pub async fn start() -> Self {
        let mut redis = Self::stopped().await;
        redis.revive().await;
        redis
    }

    /// One that speaks TLS and nothing else, with a certificate of its own for `localhost`. Where that is, in PEM.
    pub async fn start_with_tls() -> (Self, PathBuf) {
        let mut redis = Self { tls: true, ..Self::stopped().await };
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("makes one");
        let (cert, key) = (redis.file("cert.pem"), redis.file("key.pem"));
        std::fs::write(&cert, made.cert.pem()).expect("writes");
        std::fs::write(&key, made.signing_key.serialize_pem()).expect("writes");
        redis.revive().await;
        (redis, cert)
    }

    /// Where there is going to be one.
    pub async fn stopped() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("bound");
        Self { address, directory: tempfile::tempdir().expect("a directory"), running: None, tls: false }
    }

    pub fn url(&self) -> String {
        if self.tls {
            format!("rediss://localhost:{}", self.address.port())
        } else {
            format!("redis://{}", self.address)
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Starts it, at the same place as before.
    pub async fn revive(&mut self) {
        let port = self.address.port().to_string();
        let mut options = vec!["--bind".into(), "127.0.0.1".into(), "--save".into(), "".into()];
        if self.tls {
            let files = ["cert.pem", "key.pem"].map(|name| self.file(name).into_os_string());
            let [cert, key] = files;
            options.extend(["--port".into(), "0".into(), "--tls-port".into(), port.into()]);
            options.extend(["--tls-auth-clients".into(), "no".into(), "--tls-ca-cert-file".into(), cert.clone()]);
            options.extend(["--tls-cert-file".into(), cert, "--tls-key-file".into(), key]);
        } else {
            options.extend(["--port".into(), port.into()]);
        }
        options.extend(["--dir".into(), self.directory.path().into()]);
        self.running = Some(run(PROGRAM, options).unwrap_or_else(|why| panic!("{why}")));
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

/// Starts a program, or says what to install.
pub fn run(program: &str, options: Vec<OsString>) -> Result<Child, String> {
    let mut command = Command::new(program);
    let started = command.args(options).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true).spawn();
    started.map_err(|error| {
        format!("{program} cannot be started ({error}): install Debian's redis-server, or run `make test`, which does")
    })
}
