//! What can go wrong with the private cluster, said so that a person knows what to do next.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::binaries::{MINIMUM_MAJOR, install_hint};

/// Why the private cluster could not be found, made, started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No usable server programs anywhere.
    #[error(
        "no PostgreSQL server ({MINIMUM_MAJOR} or newer) found on this machine{rejected}. Install one with `{}`, name the directory of its programs as bin_dir in the configuration, or set DATABASE_URL",
        install_hint(None)
    )]
    NotInstalled {
        /// What was found and why it will not do; empty or starting with a space.
        rejected: String,
    },

    /// The configured directory has no usable server programs.
    #[error(
        "the configured bin_dir {} cannot be used: {reason}. Name a directory with initdb, pg_ctl and postgres of version {MINIMUM_MAJOR} or newer, or remove the setting",
        dir.display()
    )]
    BadBinDir {
        /// The configured directory.
        dir: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// The cluster was made by a major version that is not installed.
    #[error(
        "the cluster in {} was made by PostgreSQL {wanted}, which is not installed{rejected}. Install it with `{}`, or move that directory away to begin with an empty database",
        dir.display(),
        install_hint(Some(*wanted))
    )]
    OtherMajor {
        /// The directory with the cluster.
        dir: PathBuf,
        /// The major version that made it.
        wanted: u32,
        /// What was found instead; empty or starting with a space.
        rejected: String,
    },

    /// A program of the server could not be run at all.
    #[error("cannot run {}: {source}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why it did not run.
        source: io::Error,
    },

    /// A program of the server ran for too long and was given up.
    #[error(
        "{} did not finish within {} s. Is the machine overloaded or the disk stuck? Try again",
        program.display(),
        limit.as_secs()
    )]
    TimedOut {
        /// The program.
        program: PathBuf,
        /// The bound that it passed.
        limit: Duration,
    },

    /// Running as root, and no account to run the server as.
    #[error(
        "PostgreSQL refuses to run as root, and there is no account {tried} to run it as. Create one with `useradd --system postgres`, or name another as user in the configuration"
    )]
    NoAccount {
        /// The names that were looked up.
        tried: String,
    },

    /// The configured account is root itself.
    #[error(
        "PostgreSQL refuses to run as root, but the configured user {name} is root. Name another user, or remove the setting"
    )]
    RootAccount {
        /// The configured name.
        name: String,
    },

    /// The cluster's files belong to another account than the configured one.
    #[error(
        "the cluster in {} belongs to uid {owner}, but the configured user is {configured}. Hand it over with `sudo chown -R {configured} {} {}` while it is stopped, or change the setting",
        dir.display(),
        quoted(dir),
        quoted(&dir.with_file_name("run"))
    )]
    AccountChanged {
        /// The directory with the cluster.
        dir: PathBuf,
        /// Who owns it, as a uid.
        owner: u32,
        /// The configured account.
        configured: String,
    },

    /// The cluster exists, but the server's account has lost the way to it.
    #[error(
        "the account {account} that runs the server cannot enter {}, which leads to the existing cluster in {}. Allow it with `sudo chmod o+x {}`",
        blocker.display(),
        dir.display(),
        quoted(blocker)
    )]
    Unreachable {
        /// The account.
        account: String,
        /// The first directory that keeps it out.
        blocker: PathBuf,
        /// The data directory.
        dir: PathBuf,
    },

    /// A file stands where a directory is needed.
    #[error("{} is a file, not a directory. Move it away, or set another data_dir", path.display())]
    NotADirectory {
        /// The file.
        path: PathBuf,
    },

    /// The data directory belongs to somebody else.
    #[error(
        "the data directory {} belongs to uid {owner}, and this is uid {me}. Run rowcast as its owner, or set another data_dir",
        path.display()
    )]
    ForeignOwner {
        /// The data directory.
        path: PathBuf,
        /// Its owner, as a uid.
        owner: u32,
        /// The uid of this process.
        me: u32,
    },

    /// The data directory is the inside of a Postgres cluster.
    #[error(
        "{} is itself the inside of a PostgreSQL cluster. Set data_dir to a directory of rowcast's own, or set DATABASE_URL to use that cluster",
        path.display()
    )]
    ForeignCluster {
        /// The data directory.
        path: PathBuf,
    },

    /// The place of the cluster is taken by something else.
    #[error(
        "{} exists but holds no complete PostgreSQL cluster. Move it away; the next start makes a new one",
        path.display()
    )]
    NotACluster {
        /// Where the cluster should be.
        path: PathBuf,
    },

    /// The cluster was removed while it was in use.
    #[error(
        "the cluster in {} is gone: somebody removed it. Start rowcast again to make a new, empty one",
        path.display()
    )]
    Vanished {
        /// Where the cluster was.
        path: PathBuf,
    },

    /// The socket directory is not private to the server's account.
    #[error(
        "{} should be a directory of uid {expected} alone (mode 0700), but {reason}. Look at what it is; `sudo rm -r {}` removes it",
        path.display(),
        quoted(path)
    )]
    SocketDirTaken {
        /// The socket directory.
        path: PathBuf,
        /// Who should own it, as a uid.
        expected: u32,
        /// What is wrong with it.
        reason: String,
    },

    /// Another rowcast process held the lock for too long.
    #[error(
        "another rowcast process has been starting or stopping the database for {} s (lock {}). See what it does with `ps aux | grep rowcast`, and try again",
        limit.as_secs(),
        path.display()
    )]
    Busy {
        /// The lock's file.
        path: PathBuf,
        /// How long it was waited for.
        limit: Duration,
    },

    /// The cluster could not be made.
    #[error(
        "cannot make the database cluster in {}: {detail}. Is there space left (`df -h {}`)? Put that right and start again; nothing half-made is left behind",
        dir.display(),
        quoted(dir)
    )]
    Create {
        /// The data directory.
        dir: PathBuf,
        /// The last lines of what the program said.
        detail: String,
    },

    /// The server did not come up.
    #[error(
        "the database server in {} did not start: {detail}. The whole log is in {}",
        dir.display(),
        log.display()
    )]
    Start {
        /// The directory with the cluster.
        dir: PathBuf,
        /// The server's log.
        log: PathBuf,
        /// The last lines of the log.
        detail: String,
    },

    /// The server did not go down.
    #[error(
        "the database server in {} did not stop: {detail}. It is safe to leave it running; the next start of rowcast uses it",
        dir.display()
    )]
    Stop {
        /// The directory with the cluster.
        dir: PathBuf,
        /// What pg_ctl said.
        detail: String,
    },

    /// The pid file names a Postgres process that may be another cluster's.
    #[error(
        "{} names process {pid}, a PostgreSQL server that does not answer here. If `ps -fp {pid}` shows that it is another cluster's, remove the file with `sudo rm {}` and start again",
        path.display(),
        quoted(path)
    )]
    UnclearPid {
        /// The pid file.
        path: PathBuf,
        /// The process that it names.
        pid: u32,
    },

    /// The operating system refused something.
    #[error(
        "cannot {action} {}: {source}. Check the permissions and the free space there, or set another data_dir",
        path.display()
    )]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why it was refused.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: the operating system refused `action` on `path`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

/// The path as one word of a shell command, for the commands that the messages offer.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offered_commands_quote_odd_paths_for_the_shell() {
        assert_eq!(quoted(Path::new("/a b/c'd")), r"'/a b/c'\''d'");
    }
}
