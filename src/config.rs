//! The server's configuration: `Leptos.toml` and defaults. Two variables of the environment win over the file,
//! `DATABASE_URL` and `ROWCAST_DATA_DIR`; command-line options win over all.
//!
//! | file | what it is |
//! |---|---|
//! | `limits` | how much anybody may use |
//! | `server` | names, certificate, proxies |
//! | `network` | an address or a network |
//!
//! Unknown keys are errors: a key that is misspelled should not be a key that is ignored.

mod limits;
mod network;
mod server;

use crate::{
    changelog::{Keep, WakeUp},
    embedded,
    identity::Anonymous,
};
pub use limits::Limits;
pub use network::{Network, NoNetwork};
use serde::Deserialize;
pub use server::Server;
use std::{
    net::SocketAddr,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file that was named is not there.
    #[error("there is no configuration file {}", .0.display())]
    Missing(PathBuf),
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read: {cause}", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The file is not as it should be.
    #[error("in the configuration file {}: {cause}", .path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        cause: Box<toml::de::Error>,
    },
    /// A value makes no sense.
    #[error("{key} is {value}, and must be {expected}")]
    OutOfRange {
        /// Which key.
        key: String,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
}

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Config {
    /// `[rowcast]`.
    pub rowcast: Rowcast,
    /// `[package.metadata.leptos]`, which leptos reads by itself: only the address is needed before that.
    package: Package,
}

/// `[rowcast]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rowcast {
    /// `[rowcast.database]`.
    pub database: Database,
    /// `[rowcast.live]`.
    pub live: Live,
    /// `[rowcast.changelog]`.
    pub changelog: Changelog,
    /// `[rowcast.identity]`.
    pub identity: Identity,
    /// `[rowcast.server]`.
    pub server: Server,
    /// `[rowcast.limits]`.
    pub limits: Limits,
    /// `[rowcast.nodes]`.
    pub nodes: Nodes,
}

/// `[rowcast.database]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Database {
    /// A database of the user's. Without it, the private one.
    pub url: Option<String>,
    /// Where the private Postgres lives.
    pub data_dir: PathBuf,
    /// Where its programs are.
    pub bin_dir: Option<PathBuf>,
    /// Who runs it if the server is started by root.
    pub user: Option<String>,
    /// Connections, apart from the tailer's own.
    pub max_connections: u32,
}

/// `[rowcast.live]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Live {
    /// Interval of the signs of life, in seconds.
    pub heartbeat_seconds: u64,
    /// How the tailer learns of changes.
    pub wake_up: WakeUp,
    /// Sites whose pages may open WebSockets here, as browsers name them: `http://localhost:8000`.
    pub origins: Vec<String>,
}

/// `[rowcast.changelog]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Changelog {
    /// Age at which changes are pruned, in hours.
    pub keep_hours: u64,
    /// Size of the changelog from which on they are pruned earlier, in megabytes; 0 for any size.
    pub keep_megabytes: u64,
}

/// `[rowcast.nodes]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Nodes {
    /// The address of a Redis that joins servers for rooms, presence and private messages; empty for none.
    pub redis: String,
    /// What the names of its channels begin with.
    pub prefix: String,
}

/// `[rowcast.identity]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Identity {
    /// What those are who have not signed in.
    pub anonymous: Anonymous,
    /// Whether everybody may make an account, as a customer. In the demo they may anyhow.
    pub sign_up: bool,
    /// How long somebody who does not come back stays signed in, in days.
    pub session_days: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Package {
    metadata: Metadata,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Metadata {
    leptos: Leptos,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Leptos {
    site_addr: Option<SocketAddr>,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: None, data_dir: PathBuf::from(".rowcast"), bin_dir: None, user: None, max_connections: 10 }
    }
}

impl Default for Live {
    fn default() -> Self {
        Self { heartbeat_seconds: 15, wake_up: WakeUp::Auto, origins: Vec::new() }
    }
}

impl Default for Changelog {
    fn default() -> Self {
        Self { keep_hours: 24, keep_megabytes: 0 }
    }
}

impl Default for Nodes {
    fn default() -> Self {
        Self { redis: String::new(), prefix: "rowcast".to_owned() }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self { anonymous: Anonymous::Nobody, sign_up: false, session_days: 14 }
    }
}

impl Config {
    /// The file that is read if none is named, and may be absent.
    pub const FILE: &str = "Leptos.toml";

    /// Reads `file`, or [`Self::FILE`] if there is one, and the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let path = file.unwrap_or(Path::new(Self::FILE));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => match file {
                Some(file) => return Err(ConfigError::Missing(file.to_owned())),
                None => String::new(),
            },
            Err(cause) => return Err(ConfigError::Unreadable { path: path.to_owned(), cause }),
        };
        let mut config = Self::parse(&text)
            .map_err(|cause| ConfigError::Malformed { path: path.to_owned(), cause: Box::new(cause) })?;
        let database = &mut config.rowcast.database;
        if let Some(url) = std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty()) {
            database.url = Some(url);
        }
        if let Some(dir) = std::env::var_os("ROWCAST_DATA_DIR").filter(|dir| !dir.is_empty()) {
            database.data_dir = dir.into();
        }
        config.check()?;
        Ok(config)
    }

    fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let Rowcast { database, live, changelog, identity, limits, server: _, nodes: _ } = &self.rowcast;
        within("rowcast.database.max-connections", database.max_connections.into(), 2..=1000, "from 2 to 1000")?;
        within("rowcast.live.heartbeat-seconds", live.heartbeat_seconds, 1..=300, "from 1 to 300")?;
        within("rowcast.changelog.keep-hours", changelog.keep_hours, 1..=8760, "from 1 to 8760 (a year)")?;
        within("rowcast.identity.session-days", identity.session_days, 1..=365, "from 1 to 365")?;
        let (key, megabytes) = ("rowcast.changelog.keep-megabytes", changelog.keep_megabytes);
        within(key, megabytes, 0..=1_000_000_000, "from 0 (any size) to 1000000000")?;
        limits.check()
    }

    /// Where to listen, if the file says so.
    pub fn site_addr(&self) -> Option<SocketAddr> {
        self.package.metadata.leptos.site_addr
    }
}

/// An error that names the key, unless its value makes sense.
fn within(key: &str, value: u64, range: RangeInclusive<u64>, expected: &'static str) -> Result<(), ConfigError> {
    if range.contains(&value) {
        Ok(())
    } else {
        Err(ConfigError::OutOfRange { key: key.to_owned(), value: value.to_string(), expected })
    }
}

impl Database {
    /// What the private Postgres needs to know.
    pub fn embedded(&self) -> embedded::Settings {
        embedded::Settings { data_dir: self.data_dir.clone(), bin_dir: self.bin_dir.clone(), user: self.user.clone() }
    }
}

impl Live {
    /// Interval of the signs of life.
    pub fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.heartbeat_seconds)
    }
}

impl Identity {
    /// How long somebody who does not come back stays signed in.
    pub fn session(&self) -> Duration {
        Duration::from_secs(self.session_days * 24 * 60 * 60)
    }
}

impl Changelog {
    /// How much of it is kept.
    pub fn keep(&self) -> Keep {
        let bytes = (self.keep_megabytes > 0).then_some(self.keep_megabytes * 1024 * 1024);
        Keep { age: Duration::from_secs(self.keep_hours * 60 * 60), bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../Leptos.toml");

    #[test]
    fn the_shipped_file_says_what_the_defaults_are() {
        assert_eq!(Config::parse(SHIPPED).unwrap().rowcast, Rowcast::default());
        let own = |line: &&str| {
            ["url", "bin-dir", "user", "tls-cert", "tls-key"].iter().all(|key| !line.starts_with(&format!("# {key} =")))
        };
        let spoken: Vec<&str> = SHIPPED.lines().filter(own).collect();
        let uncommented = spoken.join("\n").lines().map(uncomment).collect::<Vec<_>>().join("\n");
        assert_eq!(Config::parse(&uncommented).unwrap().rowcast, Rowcast::default());
    }

    /// `# key = value` becomes `key = value`; prose stays a comment.
    fn uncomment(line: &str) -> &str {
        match line.strip_prefix("# ") {
            Some(rest) if rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')) => rest,
            _ => line,
        }
    }

    #[test]
    fn the_build_and_the_server_read_the_same_keys() {
        let leptos = |text: &str| -> toml::Table {
            let file: toml::Table = toml::from_str(text).unwrap();
            file["package"]["metadata"]["leptos"].as_table().unwrap().clone()
        };
        let build = leptos(include_str!("../Cargo.toml"));
        for (key, value) in leptos(SHIPPED) {
            assert_eq!(build.get(&key), Some(&value), "{key}");
        }
    }

    #[test]
    fn a_misspelled_key_is_an_error_that_names_it() {
        let error = Config::parse("[rowcast.live]\nheartbeat-secs = 3").unwrap_err().to_string();
        assert!(error.contains("heartbeat-secs") && error.contains("heartbeat-seconds"), "{error}");
    }

    #[test]
    fn a_value_out_of_range_is_an_error_that_names_the_key() {
        let config = Config::parse("[rowcast.live]\nheartbeat-seconds = 0").unwrap();
        let error = config.check().unwrap_err().to_string();
        assert_eq!(error, "rowcast.live.heartbeat-seconds is 0, and must be from 1 to 300");
        let config = Config::parse("[rowcast.limits]\nframe-bytes = 10").unwrap();
        let error = config.check().unwrap_err().to_string();
        assert_eq!(error, "rowcast.limits.frame-bytes is 10, and must be from 1024 to 1048576 (a mebibyte)");
    }
}
