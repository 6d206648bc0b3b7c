//! The server's configuration file.
//!
//! It stands beside the cluster, not in it, and is written anew at every start: so it follows a moved directory and a
//! new release, and what a person writes into `pg/postgresql.conf` still counts where we say nothing.

use std::io::Write;
use std::path::Path;

use super::error::Error;
use super::home::Home;
use super::socket::{PORT, Socket};

/// Sized for development on one machine.
const SHARED_BUFFERS: &str = "128MB";
const MAX_CONNECTIONS: u32 = 200;

/// Whether the data must outlive a crash of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// Every commit is on disk.
    Lasting,
    /// Tests: nothing is waited for.
    ThrowAway,
}

/// Writes the file, whole or not at all.
pub(super) fn write(home: &Home, socket: &Socket, durability: Durability) -> Result<(), Error> {
    let path = home.configuration();
    let failed = || Error::io("write", &path);
    let mut unfinished = path.clone().into_os_string();
    unfinished.push(".new");
    let mut file = std::fs::File::create(&unfinished).map_err(failed())?;
    file.write_all(text(&socket.dir, durability).as_bytes()).map_err(failed())?;
    set_readable(&file).map_err(failed())?;
    std::fs::rename(&unfinished, &path).map_err(failed())
}

/// The server's account reads it, whatever the umask of the caller; there is nothing secret in it.
fn set_readable(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

fn text(socket_dir: &Path, durability: Durability) -> String {
    let throw_away = match durability {
        Durability::Lasting => "",
        Durability::ThrowAway => "\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\n",
    };
    format!(
        "\
# Written by rowcast at every start. Put settings of your own into pg/postgresql.conf.
include 'pg/postgresql.conf'

listen_addresses = ''
port = {PORT}
unix_socket_directories = {}
unix_socket_permissions = 0700

max_connections = {MAX_CONNECTIONS}
shared_buffers = {SHARED_BUFFERS}
timezone = 'UTC'

logging_collector = off
log_destination = stderr
log_timezone = 'UTC'
log_min_messages = warning
log_line_prefix = '%m [%p] '
{throw_away}",
        quoted_list_item(&socket_dir.to_string_lossy())
    )
}

/// One element of a list of directories, as a quoted name inside a quoted string.
fn quoted_list_item(text: &str) -> String {
    let name = format!("\"{}\"", text.replace('"', "\"\""));
    format!("'{}'", name.replace('\\', r"\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_directories_survive_both_levels_of_quoting() {
        assert_eq!(quoted_list_item(r#"/a b/c'd"e\f"#), r#"'"/a b/c''d""e\\f"'"#);
    }

    #[test]
    fn only_a_throw_away_cluster_gives_up_fsync() {
        assert!(!text(Path::new("/r"), Durability::Lasting).contains("fsync"));
        assert!(text(Path::new("/r"), Durability::ThrowAway).contains("fsync = off"));
    }
}
