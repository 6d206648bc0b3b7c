//! The two file locks that let several rowcast processes share one cluster.
//!
//! `control.lock`, exclusive: whoever starts or stops the server. `users.lock`, shared: everybody who uses it. The
//! operating system drops both with their process, so a SIGKILL leaves nothing to clean up.
//!
//! Waiting is polling with a bound. A blocking lock call would need a thread that nothing can interrupt.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::error::Error;

/// How long to wait for another process; above the longest first start that the other timeouts allow.
const WAIT: Duration = Duration::from_secs(420);

/// How often a taken lock is tried again.
const POLL: Duration = Duration::from_millis(50);

/// After this time the log says what is being waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Readable by the owner alone: who can open a lock's file can also hold it.
const MODE: u32 = 0o600;

/// Takes the lock for this process alone. Dropping the file gives it back.
pub(super) async fn exclusive(path: &Path) -> Result<File, Error> {
    wait_for(path, WAIT, |file| file.try_lock()).await
}

/// Takes the lock together with others. Dropping the file gives it back.
pub(super) async fn shared(path: &Path) -> Result<File, Error> {
    wait_for(path, WAIT, |file| file.try_lock_shared()).await
}

/// Gives back a shared lock; true if nobody else holds one.
pub(super) fn release_as_last(file: File, path: &Path) -> Result<bool, Error> {
    file.unlock().map_err(Error::io("unlock", path))?;
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(source)) => Err(Error::io("lock", path)(source)),
    }
}

async fn wait_for(
    path: &Path,
    limit: Duration,
    attempt: impl Fn(&File) -> Result<(), TryLockError>,
) -> Result<File, Error> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(MODE)
        .open(path)
        .map_err(Error::io("open", path))?;
    let begun = Instant::now();
    let mut told = false;
    loop {
        match attempt(&file) {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(source)) => return Err(Error::io("lock", path)(source)),
            Err(TryLockError::WouldBlock) if begun.elapsed() >= limit => {
                return Err(Error::Busy { path: path.to_owned(), limit });
            }
            Err(TryLockError::WouldBlock) => {
                if !told && begun.elapsed() >= PATIENCE {
                    told = true;
                    tracing::info!(
                        lock = %path.display(),
                        "waiting for another rowcast process that starts or stops the database"
                    );
                }
                tokio::time::sleep(POLL).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_last_of_the_sharing_is_the_last() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("users.lock");
        let first = shared(&path).await.unwrap();
        let second = shared(&path).await.unwrap();
        assert!(!release_as_last(first, &path).unwrap());
        assert!(release_as_last(second, &path).unwrap());
    }

    #[tokio::test]
    async fn waiting_for_a_held_lock_ends_with_a_message() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.lock");
        let _held = exclusive(&path).await.unwrap();
        let error = wait_for(&path, Duration::from_millis(10), File::try_lock).await.unwrap_err();
        assert!(matches!(error, Error::Busy { .. }), "{error}");
    }
}
