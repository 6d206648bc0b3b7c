//! What the server is doing, judged from its pid file, the process table and its socket.
//!
//! The invariant: a pid file is called stale only when its process is surely not this cluster's server. In doubt the
//! answer is doubt, for two servers on one cluster would destroy it.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::Error;
use super::socket::Socket;

/// The server of a cluster, seen from outside.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// No server, and nothing in the way of one.
    Gone,
    /// Takes sessions.
    Ready,
    /// Alive, but on its way up or down.
    Changing,
    /// Takes sessions, but its process is not ours to see, as in another container.
    Elsewhere,
    /// The pid file is a remnant; why, as the end of a sentence.
    Stale(String),
    /// The pid file names a Postgres process that may or may not be this cluster's.
    Unclear(u32),
}

/// Looks closely.
pub(super) async fn state(pg: &Path, socket: &Socket) -> Result<State, Error> {
    let accepts = socket.accepts().await;
    let pg = pg.to_owned();
    let file = pid_file(&pg);
    let observed = tokio::task::spawn_blocking(move || observe(&pg)).await;
    match observed {
        Ok(Ok(observed)) => Ok(judge(observed, accepts)),
        Ok(Err(source)) => Err(Error::io("read", &file)(source)),
        Err(lost) => Err(Error::io("read", &file)(std::io::Error::other(lost))),
    }
}

/// Whether the server is there, at the price of reading two small files where there is a /proc.
pub(super) async fn is_alive(pg: &Path, socket: &Socket) -> bool {
    let pg = pg.to_owned();
    let seen = tokio::task::spawn_blocking(move || {
        has_proc() && matches!(observe(&pg), Ok(Observed::Process(_, Process::Postgres { here: Some(true) }, _)))
    })
    .await
    .unwrap_or(false);
    seen || socket.accepts().await
}

/// The file in which a server notes its process.
pub(super) fn pid_file(pg: &Path) -> PathBuf {
    pg.join("postmaster.pid")
}

/// The pid file and who is behind it.
#[derive(Debug, PartialEq, Eq)]
enum Observed {
    NoFile,
    /// Not what Postgres writes: cut off by a crash or a full disk.
    Garbage,
    /// The pid, its process, and whether the file calls the server ready.
    Process(u32, Process, bool),
}

#[derive(Debug, PartialEq, Eq)]
enum Process {
    None,
    /// Dead, but never collected by its parent: common in containers, and Postgres takes it for alive.
    Zombie,
    /// A Postgres process, and whether it works in this cluster, if that can be seen.
    Postgres {
        here: Option<bool>,
    },
    /// Another program, by name.
    Other(String),
}

fn observe(pg: &Path) -> std::io::Result<Observed> {
    let text = match std::fs::read(pid_file(pg)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Observed::NoFile),
        Err(error) => return Err(error),
    };
    Ok(match parse_pid_file(&String::from_utf8_lossy(&text)) {
        Some((pid, ready)) => Observed::Process(pid, process(pid, pg), ready),
        None => Observed::Garbage,
    })
}

fn judge(observed: Observed, accepts: bool) -> State {
    match (observed, accepts) {
        (Observed::NoFile, false) => State::Gone,
        // A server whose pid file was removed notices within a minute and stops.
        (Observed::NoFile | Observed::Garbage, true) => State::Changing,
        (Observed::Garbage, false) => State::Stale("it is not readable as one".to_owned()),
        (Observed::Process(_, Process::Postgres { here: Some(true) }, true), true) => State::Ready,
        (Observed::Process(_, Process::Postgres { here: Some(true) }, _), _) => State::Changing,
        (Observed::Process(_, Process::Postgres { here: None }, true), true) => State::Ready,
        (Observed::Process(_, Process::Postgres { here: None }, false), true) => State::Changing,
        (Observed::Process(pid, Process::Postgres { here: None }, _), false) => State::Unclear(pid),
        (Observed::Process(_, _, true), true) => State::Elsewhere,
        (Observed::Process(_, _, false), true) => State::Changing,
        (Observed::Process(_, Process::None, _), false) => State::Gone,
        (Observed::Process(pid, Process::Zombie, _), false) => State::Stale(format!("its process {pid} is dead")),
        (Observed::Process(pid, Process::Postgres { here: Some(false) }, _), false) => {
            State::Stale(format!("its process {pid} now serves another cluster"))
        }
        (Observed::Process(pid, Process::Other(name), _), false) => {
            State::Stale(format!("its process {pid} is now {name:?}"))
        }
    }
}

/// The first line is the pid (negative for a single-user server), the eighth the status.
fn parse_pid_file(text: &str) -> Option<(u32, bool)> {
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse::<i32>().ok()?.unsigned_abs();
    let status = lines.nth(6).unwrap_or("").trim();
    (pid != 0).then_some((pid, matches!(status, "ready" | "standby")))
}

fn has_proc() -> bool {
    Path::new("/proc/self/stat").exists()
}

fn process(pid: u32, pg: &Path) -> Process {
    if has_proc() {
        match std::fs::read(format!("/proc/{pid}/stat")) {
            Ok(stat) => classify(parse_proc_stat(&String::from_utf8_lossy(&stat)), works_in(pid, pg)),
            Err(_) => Process::None,
        }
    } else {
        let ps = Command::new("ps")
            .args(["-o", "stat=", "-o", "comm=", "-p", &pid.to_string()])
            .stdin(Stdio::null())
            .output();
        match ps {
            Ok(output) => classify(parse_ps(&String::from_utf8_lossy(&output.stdout)), None),
            // Without any means to look, the process must be taken for what the file says.
            Err(_) => Process::Postgres { here: None },
        }
    }
}

fn classify(found: Option<(char, &str)>, here: Option<bool>) -> Process {
    match found {
        None => Process::None,
        Some(('Z' | 'X', _)) => Process::Zombie,
        Some((_, name)) if name.contains("postgres") || name.contains("postmaster") => Process::Postgres { here },
        Some((_, name)) => Process::Other(name.to_owned()),
    }
}

/// `4711 (name) S …`; the name may hold parentheses and spaces.
fn parse_proc_stat(stat: &str) -> Option<(char, &str)> {
    let (_, rest) = stat.split_once('(')?;
    let (name, rest) = rest.rsplit_once(')')?;
    Some((rest.trim_start().chars().next()?, name))
}

/// `Ss   /path/to/name`
fn parse_ps(line: &str) -> Option<(char, &str)> {
    let (state, name) = line.trim().split_once(char::is_whitespace)?;
    let name = name.trim();
    Some((state.chars().next()?, name.rsplit_once('/').map_or(name, |(_, last)| last)))
}

/// Postgres processes work in their cluster's directory. Compared by inode, so that a moved directory is recognised.
fn works_in(pid: u32, pg: &Path) -> Option<bool> {
    let theirs = std::fs::metadata(format!("/proc/{pid}/cwd")).ok()?;
    let ours = std::fs::metadata(pg).ok()?;
    Some((theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(process: Process, ready: bool, accepts: bool) -> State {
        judge(Observed::Process(7, process, ready), accepts)
    }

    #[test]
    fn pid_files_are_read_at_every_stage() {
        let full = "4711\n/pg\n1700000000\n5432\n/run\n\n  5432001  0\nready   \n";
        assert_eq!(parse_pid_file(full), Some((4711, true)));
        assert_eq!(parse_pid_file(&full.replace("ready   ", "stopping")), Some((4711, false)));
        assert_eq!(parse_pid_file("4711\n/pg\n1700000000\n"), Some((4711, false)));
        assert_eq!(parse_pid_file("-4711\n"), Some((4711, false)));
        for garbage in ["", "\0\0\0", "0\n", "pid\n"] {
            assert_eq!(parse_pid_file(garbage), None);
        }
    }

    #[test]
    fn process_names_with_parentheses_are_read_whole() {
        assert_eq!(parse_proc_stat("12 (a) S (b) S 1 12 12"), Some(('S', "a) S (b")));
        assert_eq!(parse_ps("Ss   /opt/pg/bin/postgres\n"), Some(('S', "postgres")));
        assert_eq!(parse_ps("\n"), None);
    }

    #[test]
    fn only_a_process_that_is_surely_not_the_server_makes_the_file_stale() {
        let other = || Process::Other("bash".to_owned());
        assert!(matches!(seen(other(), true, false), State::Stale(_)));
        assert!(matches!(seen(Process::Zombie, true, false), State::Stale(_)));
        assert!(matches!(seen(Process::Postgres { here: Some(false) }, true, false), State::Stale(_)));
        assert_eq!(seen(Process::Postgres { here: None }, true, false), State::Unclear(7));
        assert_eq!(seen(Process::Postgres { here: Some(true) }, true, false), State::Changing);
    }

    #[test]
    fn a_server_that_answers_is_never_stale() {
        assert_eq!(seen(Process::Other("bash".to_owned()), true, true), State::Elsewhere);
        assert_eq!(seen(Process::None, true, true), State::Elsewhere);
        assert_eq!(seen(Process::Postgres { here: Some(true) }, false, true), State::Changing);
        assert_eq!(judge(Observed::Garbage, true), State::Changing);
        assert_eq!(judge(Observed::NoFile, true), State::Changing);
    }

    #[test]
    fn a_dead_process_needs_no_cleaning_up() {
        assert_eq!(seen(Process::None, true, false), State::Gone);
        assert_eq!(judge(Observed::NoFile, false), State::Gone);
    }

    #[test]
    fn this_process_is_seen_and_is_not_postgres() {
        let here = std::env::current_dir().unwrap();
        assert!(matches!(process(std::process::id(), &here), Process::Other(_)));
    }
}
