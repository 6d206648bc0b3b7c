//! Finding the server's programs: configured, on PATH, or where the packagers of Debian, Homebrew and PGDG put them.
//!
//! Nothing is downloaded. A data directory belongs to one major version, so the search can be bound to it.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::account::Account;
use super::command;
use super::error::Error;
use super::reach;

/// The oldest major version that rowcast is tested with.
pub(super) const MINIMUM_MAJOR: u32 = 14;

/// The programs that must stand side by side.
const NEEDED: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// How long `postgres --version` may take, a cold disk included.
const VERSION_TIMEOUT: Duration = Duration::from_secs(20);

/// Directories with one subdirectory per version: parent, prefix of the subdirectory's name, rest of the path.
const PACKAGED: [(&str, &str, &str); 5] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/libexec", "postgresql", ""),
];

/// Package managers, the command for any version, and how that of one major version begins, where there is such a thing.
const INSTALLERS: [(&str, &str, Option<&str>); 4] = [
    ("/usr/bin/apt-get", "sudo apt-get install postgresql", Some("sudo apt-get install postgresql-")),
    ("/usr/bin/dnf", "sudo dnf install postgresql-server", None),
    ("/usr/bin/pacman", "sudo pacman -S postgresql", None),
    ("/sbin/apk", "sudo apk add postgresql", None),
];

/// What to suggest where none of these exists: a Mac, most likely.
const OTHER_INSTALLER: (&str, &str) = ("brew install postgresql@17", "brew install postgresql@");

/// The programs of one installed version.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    pub(super) dir: PathBuf,
}

impl Binaries {
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Finds programs that the account can run; `made_by` is the existing cluster's directory and major version.
pub(super) async fn find(
    configured: Option<&Path>,
    made_by: Option<(&Path, u32)>,
    account: &Account,
) -> Result<Binaries, Error> {
    let wanted = made_by.map(|(_, major)| major);
    if let Some(dir) = configured {
        return match usable(dir, account, wanted).await {
            Ok(()) => Ok(Binaries { dir: std::path::absolute(dir).map_err(Error::io("resolve", dir))? }),
            Err(reason) => Err(Error::BadBinDir { dir: dir.to_owned(), reason }),
        };
    }

    let mut reasons = Vec::new();
    let on_path = std::env::var_os("PATH").and_then(|path| from_path(std::env::split_paths(&path)));
    for dir in on_path.into_iter().chain(packaged()) {
        match usable(&dir, account, wanted).await {
            Ok(()) => return Ok(Binaries { dir }),
            Err(reason) => reasons.push(format!("{}: {reason}", dir.display())),
        }
    }
    let rejected = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) };
    Err(match made_by {
        Some((dir, wanted)) => Error::OtherMajor { dir: dir.to_owned(), wanted, rejected },
        None => Error::NotInstalled { rejected },
    })
}

/// The command that installs a server on this machine, of the given major version if it matters.
pub(super) fn install_hint(major: Option<u32>) -> String {
    let (any, versioned) = INSTALLERS
        .iter()
        .find(|(program, ..)| Path::new(program).exists())
        .map_or((OTHER_INSTALLER.0, Some(OTHER_INSTALLER.1)), |(_, any, versioned)| (*any, *versioned));
    match (major, versioned) {
        (None, _) => any.to_owned(),
        (Some(major), Some(beginning)) => format!("{beginning}{major}"),
        (Some(major), None) => format!("{any} # version {major}"),
    }
}

/// The directory behind the first `pg_ctl` on the path, symlinks resolved, so that its siblings are of its version.
fn from_path(dirs: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    dirs.filter(|dir| dir.is_absolute())
        .find_map(|dir| dir.join("pg_ctl").canonicalize().ok())
        .and_then(|program| Some(program.parent()?.to_owned()))
}

/// Every packaged version's directory, place by place, newest first.
fn packaged() -> Vec<PathBuf> {
    PACKAGED.iter().flat_map(|(parent, prefix, rest)| versions_below(Path::new(parent), prefix, rest)).collect()
}

fn versions_below(parent: &Path, prefix: &str, rest: &str) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?;
            let major = leading_number(version.trim_start_matches('@')).unwrap_or(0);
            let dir = entry.path().join(rest);
            dir.join("pg_ctl").exists().then_some((major, dir))
        })
        .collect();
    found.sort_by_key(|(major, _)| Reverse(*major));
    found.into_iter().map(|(_, dir)| dir).collect()
}

/// Whether the directory will do; if not, why, as the end of a sentence.
async fn usable(dir: &Path, account: &Account, wanted: Option<u32>) -> Result<(), String> {
    for program in NEEDED {
        if !dir.join(program).is_file() {
            return Err(format!("it has no {program}"));
        }
    }
    if let Some(blocker) = reach::blocker(dir, account) {
        return Err(format!("{} may not enter {}", account.name, blocker.display()));
    }
    let mut version = command::as_account(&dir.join("postgres"), account, Path::new("/"));
    version.arg("--version");
    let output = command::output(version, VERSION_TIMEOUT).await.map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    match (major_of(&text), wanted) {
        (None, _) => Err(format!("its postgres says {:?} for a version", text.trim())),
        (Some(major), Some(wanted)) if major != wanted => Err(format!("version {major}, but {wanted} is needed")),
        (Some(major), None) if major < MINIMUM_MAJOR => Err(format!("version {major} is too old")),
        (Some(_), _) => Ok(()),
    }
}

/// `postgres (PostgreSQL) 15.18 (Debian …)`, `… 18beta1` → the major version.
fn major_of(version: &str) -> Option<u32> {
    leading_number(version.split_once("(PostgreSQL)")?.1.trim_start())
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_packagers_write_them() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_of("postgres (PostgreSQL) 17devel"), Some(17));
        assert_eq!(major_of("bash: no such thing"), None);
    }

    #[test]
    fn the_newest_packaged_version_comes_first_by_number() {
        let root = tempfile::tempdir().unwrap();
        for version in ["9.6", "15", "postgresql@16", "16", "man"] {
            let bin = root.path().join(version).join("bin");
            std::fs::create_dir_all(&bin).unwrap();
            std::fs::write(bin.join("pg_ctl"), "").unwrap();
        }
        std::fs::create_dir_all(root.path().join("99")).unwrap();
        let found = versions_below(root.path(), "", "bin");
        let names: Vec<_> = found.iter().map(|dir| dir.strip_prefix(root.path()).unwrap().to_str().unwrap()).collect();
        assert_eq!(names[..3], ["16/bin", "15/bin", "9.6/bin"]);
        assert_eq!(versions_below(root.path(), "postgresql", "bin"), [root.path().join("postgresql@16/bin")]);
    }

    #[test]
    fn a_link_on_the_path_leads_to_its_siblings() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let real = root.join("real");
        let links = root.join("links");
        std::fs::create_dir_all(&real).unwrap();
        std::fs::create_dir_all(&links).unwrap();
        std::fs::write(real.join("pg_ctl"), "").unwrap();
        std::os::unix::fs::symlink(real.join("pg_ctl"), links.join("pg_ctl")).unwrap();
        let path = [PathBuf::from("relative"), root.join("absent"), links];
        assert_eq!(from_path(path.into_iter()), Some(real));
    }
}
