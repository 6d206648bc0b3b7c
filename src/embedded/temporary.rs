//! Throw-away clusters that leave nothing behind, however their user ends.
//!
//! Tests panic, are killed, or keep their cluster in a static that is never dropped. So a small shell waits at the end
//! of a pipe for the process to end, kills the server and removes its directory.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::account::Account;
use super::error::Error;
use super::reach;
use super::socket::Socket;

/// Where temporary directories go if the server's account cannot reach `TMPDIR`.
const OPEN_TMP: &str = "/tmp";

/// Mode of the directory. It is the account's own, for only an owner may remove a directory from a shared /tmp.
const MODE: u32 = 0o700;

/// `$1` is the cluster's directory, `$2` that of its socket. A server that is going down may write while its files are
/// removed, hence the loop; it gives up after ten seconds.
const WATCH: &str = r#"
read -r _
kill -QUIT "$(head -n 1 "$1/pg/postmaster.pid")"
n=0
while [ "$n" -lt 100 ] && ! rm -rf -- "$1" "$2"; do
  n=$((n + 1))
  sleep 0.1
done
"#;

/// Removes a throw-away cluster when it is dropped or its process ends.
#[derive(Debug)]
pub(super) struct Watch {
    child: Child,
    pipe: ChildStdin,
    dir: PathBuf,
}

/// Makes a new directory for a throw-away cluster.
pub(super) fn directory(account: &Account) -> Result<PathBuf, Error> {
    let configured = std::env::temp_dir();
    let parent = if reach::blocker(&configured, account).is_none() { &configured } else { Path::new(OPEN_TMP) };
    let parent = parent.canonicalize().map_err(Error::io("resolve", parent))?;
    let dir = parent.join(format!("rowcast-temporary-{}", uuid::Uuid::new_v4()));
    let failed = || Error::io("make the directory", &dir);
    std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), MODE).create(&dir).map_err(failed())?;
    if account.switched {
        std::os::unix::fs::chown(&dir, Some(account.uid), Some(account.gid)).map_err(failed())?;
    }
    Ok(dir)
}

impl Watch {
    /// Begins to watch this process on behalf of the cluster in `dir`.
    pub(super) fn over(dir: &Path, socket: &Socket, account: &Account) -> Result<Self, Error> {
        let shell = Path::new("/bin/sh");
        let mut command = Command::new(shell);
        command
            .args(["-c", WATCH, "sh"])
            .arg(dir)
            .arg(&socket.dir)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if account.switched {
            command.uid(account.uid).gid(account.gid);
        }
        let mut child = command.spawn().map_err(|source| Error::Spawn { program: shell.to_owned(), source })?;
        let pipe = child.stdin.take().expect("stdin was set to a pipe");
        Ok(Self { child, pipe, dir: dir.to_owned() })
    }

    /// Lets the watch clean up now, and waits for it.
    pub(super) async fn finish(self) -> Result<(), Error> {
        let Self { mut child, pipe, dir } = self;
        drop(pipe);
        let waited = tokio::task::spawn_blocking(move || child.wait())
            .await
            .unwrap_or_else(|lost| Err(std::io::Error::other(lost)));
        if let Err(source) = waited {
            return Err(Error::io("remove", &dir)(source));
        }
        if dir.exists() {
            // The watch was killed, or lost against something that writes there.
            return tokio::fs::remove_dir_all(&dir).await.map_err(Error::io("remove", &dir));
        }
        Ok(())
    }
}
