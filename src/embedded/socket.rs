//! The unix socket: its directory, and the URL that leads clients to it.
//!
//! The directory is the whole access control. Everybody who can connect is trusted as superuser, so it must be of mode
//! 0700 and the server's account's own: then only that account and root get in.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::UnixStream;

use super::account::Account;
use super::error::Error;
use super::home::{Home, stable_hash};

/// Names the socket's file; nothing listens on TCP.
pub(super) const PORT: u16 = 5432;

/// The database that clients use.
pub(super) const NAME: &str = "rowcast";

/// The superuser role that clients use. Not called `rowcast`: the engine's schema is, and `"$user"` comes first on the
/// search path, so that tables made without a schema would land there.
pub(super) const ROLE: &str = "postgres";

/// Longest path of a unix socket in bytes, without the terminating zero (`sun_path`).
const PATH_LIMIT: usize = if cfg!(target_os = "macos") { 103 } else { 107 };

/// Where sockets go whose own place will not do. Not `TMPDIR`: all processes that use one cluster must agree.
const SHORT_ROOT: &str = "/tmp";

const MODE: u32 = 0o700;
const MODE_BITS: u32 = 0o7777;

/// How long a connection may take to be accepted by the kernel; a full queue is the only reason to wait.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The directory of one cluster's socket.
#[derive(Debug, Clone)]
pub(super) struct Socket {
    pub(super) dir: PathBuf,
    outside_home: bool,
}

impl Socket {
    /// Chooses the directory for a cluster.
    pub(super) fn of(home: &Home) -> Self {
        let inside = home.run();
        if works(&inside) {
            Self { dir: inside, outside_home: false }
        } else {
            Self { dir: Path::new(SHORT_ROOT).join(format!("rowcast-{}", stable_hash(&home.dir))), outside_home: true }
        }
    }

    /// Makes the directory for the account, or checks that it is the account's alone.
    pub(super) fn prepare(&self, account: &Account) -> Result<(), Error> {
        let dir = &self.dir;
        match DirBuilder::new().mode(MODE).create(dir) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(source) => return Err(Error::io("make the directory", dir)(source)),
        }
        // symlink_metadata, for a link would lead to a directory that was not checked.
        let found = std::fs::symlink_metadata(dir).map_err(Error::io("look at", dir))?;
        let taken = |reason: String| Error::SocketDirTaken { path: dir.clone(), expected: account.uid, reason };
        if !found.is_dir() {
            return Err(taken("it is no directory".to_owned()));
        }
        if found.mode() & MODE_BITS != MODE {
            return Err(taken(format!("its mode is {:04o}", found.mode() & MODE_BITS)));
        }
        if found.uid() == account.uid {
            return Ok(());
        }
        if account.switched && found.uid() == 0 {
            // Made by root just now, or by a start that ended at this very point.
            return std::os::unix::fs::chown(dir, Some(account.uid), Some(account.gid))
                .map_err(Error::io("change the owner of", dir));
        }
        Err(taken(format!("it belongs to uid {}", found.uid())))
    }

    /// Removes what a server that is gone left here: a stale lock file would keep the next one from starting.
    pub(super) fn clear(&self) -> Result<(), Error> {
        let file = self.file();
        let mut lock = file.clone().into_os_string();
        lock.push(".lock");
        for path in [file, lock.into()] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Error::io("remove", &path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// After the server has stopped: leaves nothing outside the data directory.
    pub(super) fn tidy(&self) {
        if self.outside_home
            && let Err(error) = std::fs::remove_dir(&self.dir)
        {
            tracing::debug!(%error, dir = %self.dir.display(), "the socket's directory stays");
        }
    }

    /// Whether a server listens. It may still refuse sessions because it is starting.
    pub(super) async fn accepts(&self) -> bool {
        tokio::time::timeout(CONNECT_TIMEOUT, UnixStream::connect(self.file()))
            .await
            .is_ok_and(|connection| connection.is_ok())
    }

    /// The URL for sqlx and libpq. Port and sslmode are spelled out because both would otherwise take them from the
    /// environment, which may speak of another server.
    pub(super) fn url(&self) -> String {
        let dir = self.dir.to_str().expect("chosen to be UTF-8: `works` refuses anything else");
        format!("postgresql:///{NAME}?host={}&port={PORT}&user={ROLE}&sslmode=disable", percent_encoded(dir))
    }

    fn file(&self) -> PathBuf {
        self.dir.join(socket_name())
    }
}

fn socket_name() -> String {
    format!(".s.PGSQL.{PORT}")
}

/// Whether server and clients can all name a socket in this directory. libpq takes a comma for the end of a host.
fn works(dir: &Path) -> bool {
    let short = dir.join(socket_name()).as_os_str().len() <= PATH_LIMIT;
    short && dir.to_str().is_some_and(|text| !text.contains(|c: char| c == ',' || c.is_control()))
}

fn percent_encoded(path: &str) -> String {
    path.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn at(dir: &str) -> Socket {
        Socket::of(&Home::new(PathBuf::from(dir)))
    }

    #[test]
    fn the_socket_lives_in_the_data_directory_as_long_as_its_path_fits() {
        let rest = "/run/.s.PGSQL.5432".len();
        let longest = format!("/{}", "x".repeat(PATH_LIMIT - rest - 1));
        assert_eq!(at(&longest).dir, Path::new(&longest).join("run"));
        let longer = at(&format!("{longest}x"));
        assert!(longer.outside_home);
        assert!(longer.dir.starts_with(SHORT_ROOT), "{longer:?}");
        assert_eq!(longer.dir, at(&format!("{longest}x")).dir);
    }

    #[test]
    fn names_that_clients_would_misread_go_elsewhere() {
        assert!(at("/a,b").outside_home);
        assert!(at("/a\nb").outside_home);
        assert!(!at("/a b'c\"d").outside_home);
    }

    #[test]
    fn the_url_encodes_what_a_url_cannot_hold() {
        assert_eq!(
            at("/a b&c+é/💡").url(),
            "postgresql:///rowcast?host=/a%20b%26c%2B%C3%A9/%F0%9F%92%A1/run&port=5432&user=postgres&sslmode=disable"
        );
    }

    #[tokio::test]
    async fn a_directory_that_others_can_enter_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let socket = Socket::of(&Home::new(root.path().to_owned()));
        let caller = super::super::account::caller().await.unwrap();
        socket.prepare(&caller).unwrap();
        socket.prepare(&caller).unwrap();
        std::fs::set_permissions(&socket.dir, std::fs::Permissions::from_mode(0o755)).unwrap();
        let error = socket.prepare(&caller).unwrap_err();
        assert!(error.to_string().contains("0755"), "{error}");
    }

    #[tokio::test]
    async fn a_directory_of_somebody_else_and_a_link_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let socket = Socket::of(&Home::new(root.path().to_owned()));
        let mut account = super::super::account::caller().await.unwrap();
        socket.prepare(&account).unwrap();
        account.uid += 1;
        assert!(matches!(socket.prepare(&account), Err(Error::SocketDirTaken { .. })));
        std::fs::remove_dir(&socket.dir).unwrap();
        std::os::unix::fs::symlink(root.path(), &socket.dir).unwrap();
        account.uid -= 1;
        assert!(matches!(socket.prepare(&account), Err(Error::SocketDirTaken { .. })));
    }
}
