//! Where the cluster lives, and the layout of that directory.
//!
//! The directory stays the caller's; only what the server itself writes (`pg`, `run`) belongs to the server's account.
//! So root never writes through a name that another account could have replaced.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::account::{self, Account};
use super::error::Error;
use super::reach;

/// Where root's clusters go when the server's account cannot reach the wanted directory, one subdirectory for each.
pub(super) const FALLBACK_ROOT: &str = "/var/lib/rowcast";

/// The cluster is made under a name with this prefix and renamed when it is complete.
pub(super) const UNFINISHED_PREFIX: &str = "pg.new-";

/// Mode of the directory when its owner also runs the server.
const PRIVATE: u32 = 0o700;

/// Mode when another account runs the server: it may pass through, nobody may look around.
const PASSABLE: u32 = 0o711;

/// The directory with everything that belongs to one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Home {
    pub(super) dir: PathBuf,
}

impl Home {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The cluster itself, Postgres's PGDATA.
    pub(super) fn pg(&self) -> PathBuf {
        self.dir.join("pg")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.dir.join("postgres.log")
    }

    pub(super) fn previous_log(&self) -> PathBuf {
        self.dir.join("postgres.log.1")
    }

    pub(super) fn configuration(&self) -> PathBuf {
        self.dir.join("rowcast.conf")
    }

    /// The socket's directory, where its path is short enough.
    pub(super) fn run(&self) -> PathBuf {
        self.dir.join("run")
    }

    pub(super) fn control_lock(&self) -> PathBuf {
        self.dir.join("control.lock")
    }

    pub(super) fn users_lock(&self) -> PathBuf {
        self.dir.join("users.lock")
    }

    /// The major version that made the cluster; `None` if there is no cluster yet.
    pub(super) fn major(&self) -> Result<Option<u32>, Error> {
        let pg = self.pg();
        if let Err(error) = std::fs::symlink_metadata(&pg)
            && error.kind() == ErrorKind::NotFound
        {
            return Ok(None);
        }
        let version = pg.join("PG_VERSION");
        match std::fs::read_to_string(&version) {
            Ok(text) => match text.trim().parse() {
                Ok(major) => Ok(Some(major)),
                Err(_) => Err(Error::NotACluster { path: pg }),
            },
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                Err(Error::NotACluster { path: pg })
            }
            Err(source) => Err(Error::io("read", &version)(source)),
        }
    }
}

/// Decides where the cluster lives and who runs it, and makes the directory.
pub(super) async fn settle(
    data_dir: &Path,
    user: Option<&str>,
    fallback_root: &Path,
) -> Result<(Home, Account), Error> {
    let caller = account::caller().await?;
    let wanted = resolve(data_dir)?;
    let fallback = fallback_root.join(stable_hash(&wanted));
    // A cluster that exists wins over rules that would put a new one elsewhere: data must not seem to vanish because
    // a mode changed. What root once put aside is root's alone.
    let places = [Some(&wanted), caller.is_root().then_some(&fallback)];
    let existing = places.into_iter().flatten().find_map(|dir| {
        let pg = dir.join("pg");
        std::fs::metadata(&pg).ok().map(|found| (dir, pg, found))
    });
    let owner = existing.as_ref().map(|(_, pg, found)| (pg.as_path(), found.uid(), found.gid()));
    let account = account::choose(&caller, user, owner).await?;
    let blocker = reach::blocker(&wanted, &account);

    let dir = match (existing, blocker) {
        (Some((dir, ..)), Some(blocker)) if *dir == wanted => {
            return Err(Error::Unreachable { account: account.name, blocker, dir: wanted });
        }
        (Some((dir, ..)), _) if *dir == wanted => &wanted,
        (Some(_), _) => {
            tracing::warn!(
                "the database of {} is in {}, where an earlier start had to put it",
                wanted.display(),
                fallback.display()
            );
            &fallback
        }
        (None, Some(blocker)) => {
            tracing::warn!(
                "the account {} that runs the database cannot enter {}; the database goes to {} instead of {}",
                account.name,
                blocker.display(),
                fallback.display(),
                wanted.display()
            );
            &fallback
        }
        (None, None) => &wanted,
    };
    own(dir, caller.uid, &account)?;
    Ok((Home::new(dir.clone()), account))
}

/// Makes the directory if need be, and refuses one that is somebody else's.
fn own(dir: &Path, me: u32, account: &Account) -> Result<(), Error> {
    make_all(dir, if account.switched { PASSABLE } else { PRIVATE })?;
    let found = std::fs::metadata(dir).map_err(Error::io("look at", dir))?;
    if found.uid() != me {
        return Err(Error::ForeignOwner { path: dir.to_owned(), owner: found.uid(), me });
    }
    if dir.join("PG_VERSION").exists() {
        return Err(Error::ForeignCluster { path: dir.to_owned() });
    }
    Ok(())
}

/// Makes the directory and the missing ones above it, whatever the umask, and leaves existing ones alone.
fn make_all(dir: &Path, mode: u32) -> Result<(), Error> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(parent) = dir.parent() {
        make_all(parent, mode)?;
    }
    match std::fs::create_dir(dir) {
        Ok(()) => std::fs::set_permissions(dir, std::fs::Permissions::from_mode(mode))
            .map_err(Error::io("set the mode of", dir)),
        // Another rowcast process was a moment faster.
        Err(_) if dir.is_dir() => Ok(()),
        Err(source) => Err(Error::io("make the directory", dir)(source)),
    }
}

/// The absolute path without symlinks, so that one directory has one name. It need not exist yet.
fn resolve(dir: &Path) -> Result<PathBuf, Error> {
    let absolute = std::path::absolute(dir).map_err(Error::io("resolve", dir))?;
    let mut missing: Vec<&OsStr> = Vec::new();
    let mut existing = absolute.as_path();
    loop {
        match existing.canonicalize() {
            Ok(real) if real.is_dir() => {
                return Ok(missing.iter().rev().fold(real, |path, name| path.join(name)));
            }
            Ok(file) => return Err(Error::NotADirectory { path: file }),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                match (existing.parent(), existing.file_name()) {
                    (Some(parent), Some(name)) => {
                        missing.push(name);
                        existing = parent;
                    }
                    _ => return Err(Error::io("resolve", &absolute)(error)),
                }
            }
            Err(source) => return Err(Error::io("look at", existing)(source)),
        }
    }
}

/// A short name for a path, the same in every process and every release (FNV-1a, 64 bits; std's hasher promises
/// neither). It need not resist attacks: what is found under the name is checked for its owner.
pub(super) fn stable_hash(path: &Path) -> String {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let hash =
        path.as_os_str().as_bytes().iter().fold(OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_fnv_1a() {
        assert_eq!(stable_hash(Path::new("")), "cbf29ce484222325");
        assert_eq!(stable_hash(Path::new("foobar")), "85944171f73967e8");
    }

    #[test]
    fn links_and_missing_parts_resolve_to_one_name() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("real")).unwrap();
        std::os::unix::fs::symlink(root.join("real"), root.join("link")).unwrap();
        assert_eq!(resolve(&root.join("link/not/yet")).unwrap(), root.join("real/not/yet"));
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().canonicalize().unwrap().join("file");
        std::fs::write(&file, "").unwrap();
        for dir in [file.clone(), file.join("below")] {
            match resolve(&dir) {
                Err(Error::NotADirectory { path }) => assert_eq!(path, file),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn an_incomplete_cluster_is_not_taken_for_none() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::new(root.path().to_owned());
        assert_eq!(home.major().unwrap(), None);
        std::fs::create_dir(home.pg()).unwrap();
        assert!(matches!(home.major(), Err(Error::NotACluster { .. })));
        std::fs::write(home.pg().join("PG_VERSION"), "15\n").unwrap();
        assert_eq!(home.major().unwrap(), Some(15));
    }
}
