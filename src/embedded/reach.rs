//! Whether an account can get to a directory: the x bit of everything above it.
//!
//! Only the classic mode bits are looked at. Supplementary groups do not count, because switched programs have none.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::account::Account;

/// The first directory on the way to `dir`, itself included, that the account may not enter. What does not exist
/// yet blocks nobody.
pub(super) fn blocker(dir: &Path, account: &Account) -> Option<PathBuf> {
    if !account.switched {
        return None;
    }
    let mut way: Vec<&Path> = dir.ancestors().collect();
    way.reverse();
    way.into_iter()
        .filter(|step| !step.as_os_str().is_empty())
        .find(|step| std::fs::metadata(step).is_ok_and(|found| !may_enter(&found, account)))
        .map(Path::to_owned)
}

fn may_enter(found: &Metadata, account: &Account) -> bool {
    found.is_dir() && has_x(found.mode(), found.uid() == account.uid, found.gid() == account.gid)
}

/// The kernel's rule: the first class that fits decides, even if a later one would allow more.
fn has_x(mode: u32, is_owner: bool, is_group: bool) -> bool {
    let shift = match (is_owner, is_group) {
        (true, _) => 6,
        (false, true) => 3,
        (false, false) => 0,
    };
    mode >> shift & 1 == 1
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_first_class_that_fits_decides() {
        assert!(has_x(0o100, true, true));
        assert!(!has_x(0o011, true, false));
        assert!(has_x(0o010, false, true));
        assert!(!has_x(0o101, false, true));
        assert!(has_x(0o001, false, false));
        assert!(!has_x(0o770, false, false));
    }

    #[test]
    fn a_private_parent_blocks_a_stranger_and_nobody_else() {
        let root = tempfile::tempdir().unwrap();
        let private = root.path().join("private");
        let inside = private.join("a/b");
        std::fs::create_dir_all(&inside).unwrap();
        let open = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        open(root.path(), 0o755);
        open(&private, 0o700);
        let mut account = Account { name: "stranger".to_owned(), uid: u32::MAX - 1, gid: u32::MAX - 1, switched: true };
        assert_eq!(blocker(&inside, &account), Some(private.clone()));
        assert_eq!(blocker(&inside.join("not/yet"), &account), Some(private.clone()));
        open(&private, 0o711);
        assert_eq!(blocker(&inside, &account), None);
        open(&private, 0o700);
        account.switched = false;
        assert_eq!(blocker(&inside, &account), None);
    }
}
