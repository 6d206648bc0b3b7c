//! Running the server's programs: as the right account, in a directory it can enter, with an environment of our own.
//!
//! The environment is built from nothing, not cleaned: the developer's PGPORT must not reach the server, and neither
//! should other secrets of the shell, which another account could read under /proc.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

use super::account::Account;
use super::error::Error;

/// Variables that programs need to find each other and their libraries; nothing else is inherited.
const INHERITED: [&str; 3] = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"];

/// How many of the last lines of a program's output an error quotes.
const QUOTED_LINES: usize = 12;

/// A command run as the caller, in the root directory.
pub(super) fn plain(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    for name in INHERITED {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    // A process group of its own: Ctrl-C in the terminal is rowcast's to handle, not the database's.
    command
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// A command run as the server's account in `dir`.
pub(super) fn as_account(program: &Path, account: &Account, dir: &Path) -> Command {
    let mut command = plain(program);
    command.current_dir(dir);
    if account.switched {
        // std also drops root's supplementary groups when a uid is set.
        command.uid(account.uid).gid(account.gid);
    }
    command
}

/// Runs the command to its end and returns what it wrote. Killed when it passes `limit` or when the caller gives up.
pub(super) async fn output(mut command: Command, limit: Duration) -> Result<Output, Error> {
    let program = PathBuf::from(command.as_std().get_program());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    match tokio::time::timeout(limit, command.output()).await {
        Ok(Ok(output)) => Ok(output),
        Ok(Err(source)) => Err(Error::Spawn { program, source }),
        Err(_) => Err(Error::TimedOut { program, limit }),
    }
}

/// Runs the command to its end; true if it succeeded. It is left alone when the caller gives up, but killed at `limit`.
pub(super) async fn succeeds(mut command: Command, limit: Duration) -> Result<bool, Error> {
    let program = PathBuf::from(command.as_std().get_program());
    let spawned = |source| Error::Spawn { program: program.clone(), source };
    let mut child = command.spawn().map_err(spawned)?;
    match tokio::time::timeout(limit, child.wait()).await {
        Ok(status) => Ok(status.map_err(spawned)?.success()),
        Err(_) => {
            child.kill().await.map_err(spawned)?;
            Err(Error::TimedOut { program, limit })
        }
    }
}

/// The last lines of a text, on one line, for an error message.
pub(super) fn last_lines(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let quoted = &lines[lines.len().saturating_sub(QUOTED_LINES)..];
    if quoted.is_empty() { "it said nothing".to_owned() } else { quoted.join(" | ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_lines_are_quoted() {
        let text: String = (0..100).map(|n| format!("line {n}\n\n")).collect();
        let quoted = last_lines(text.as_bytes());
        assert!(quoted.starts_with("line 88 | "), "{quoted}");
        assert!(quoted.ends_with(" | line 99"), "{quoted}");
        assert_eq!(last_lines(b" \n"), "it said nothing");
    }

    #[tokio::test]
    async fn the_environment_of_the_shell_does_not_leak_in() {
        let output = output(plain(Path::new("env")), Duration::from_secs(10)).await.unwrap();
        let names: Vec<String> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .filter_map(|line| Some(line.split_once('=')?.0.to_owned()))
            .collect();
        assert!(
            names.iter().all(|name| ["LC_ALL", "TZ"].contains(&&**name) || INHERITED.contains(&&**name)),
            "{names:?}"
        );
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_given_up() {
        let mut sleep = plain(Path::new("sleep"));
        sleep.arg("60");
        let error = output(sleep, Duration::from_millis(50)).await.unwrap_err();
        assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    }
}
