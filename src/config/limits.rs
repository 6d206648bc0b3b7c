//! `[rowcast.limits]`: how much anybody may use. Far above what a browser or a well-behaved script ever does.

use super::{ConfigError, within};
use serde::Deserialize;
use std::time::Duration;

/// `[rowcast.limits]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Connections in all. One more is answered 503.
    pub connections: usize,
    /// Connections, and live sockets, of one address. One more is answered 429.
    pub connections_per_address: usize,
    /// Live sockets of one account or token. One more is answered 429.
    pub sockets_per_person: usize,
    /// Subscriptions of one socket. One more is refused as `too_many_subscriptions`.
    pub subscriptions: usize,
    /// Bytes of a client's frame. A larger one closes the socket with 1009.
    pub frame_bytes: usize,
    /// Frames of one socket per second, on average. More are refused as `rate_limited`, and if they go on coming the
    /// socket is closed with 4429.
    pub frames_per_second: u32,
    /// Frames of one socket at once, after it was quiet.
    pub frames_at_once: u32,
    /// Bytes of a request's header. A larger one is answered 431.
    pub header_bytes: usize,
    /// Seconds in which a connection must agree on TLS, and in which a request's header must come. A connection on which
    /// none comes is closed.
    pub header_seconds: u64,
    /// Seconds in which a request must be read and its answer begin. Later it is answered 408.
    pub request_seconds: u64,
    /// Megabytes that wait to be sent to all sockets together. Beyond that the fullest queues are emptied, and their
    /// sockets catch up instead.
    pub queue_megabytes: usize,
    /// Kilobytes that wait to be sent to one socket. Beyond that its queue is emptied, and it catches up instead.
    pub outbox_kilobytes: usize,
    /// Megabytes of a file of products that is imported. A larger one is refused.
    pub import_megabytes: usize,
    /// Rows of such a file. One with more is refused.
    pub import_rows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            connections_per_address: 1_000,
            sockets_per_person: 100,
            subscriptions: 100,
            frame_bytes: 64 * 1024,
            frames_per_second: 100,
            frames_at_once: 1_000,
            header_bytes: 32 * 1024,
            header_seconds: 15,
            request_seconds: 30,
            queue_megabytes: 256,
            outbox_kilobytes: 1024,
            import_megabytes: 10,
            import_rows: 50_000,
        }
    }
}

impl Limits {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let million = (1..=1_000_000, "from 1 to 1000000");
        for (key, value, (range, expected)) in [
            ("connections", self.connections, million.clone()),
            ("connections-per-address", self.connections_per_address, million.clone()),
            ("sockets-per-person", self.sockets_per_person, million.clone()),
            ("subscriptions", self.subscriptions, (1..=10_000, "from 1 to 10000")),
            ("frame-bytes", self.frame_bytes, (1024..=1_048_576, "from 1024 to 1048576 (a mebibyte)")),
            ("frames-per-second", self.frames_per_second as usize, million.clone()),
            ("frames-at-once", self.frames_at_once as usize, million.clone()),
            ("import-rows", self.import_rows, million),
            ("import-megabytes", self.import_megabytes, (1..=100, "from 1 to 100")),
            ("header-bytes", self.header_bytes, (8192..=1_048_576, "from 8192 to 1048576 (a mebibyte)")),
            ("header-seconds", self.header_seconds as usize, (1..=300, "from 1 to 300")),
            ("request-seconds", self.request_seconds as usize, (1..=3600, "from 1 to 3600")),
            ("queue-megabytes", self.queue_megabytes, (1..=1_000_000, "from 1 to 1000000")),
            ("outbox-kilobytes", self.outbox_kilobytes, (16..=1_048_576, "from 16 to 1048576 (a gibibyte)")),
        ] {
            within(&format!("rowcast.limits.{key}"), value as u64, range, expected)?;
        }
        Ok(())
    }

    /// In which a request's header must come.
    pub fn header_timeout(&self) -> Duration {
        Duration::from_secs(self.header_seconds)
    }

    /// In which a request must be read and its answer begin.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use crate::counters::Counters;

    #[test]
    fn the_documented_limits_are_the_programs() {
        let document = include_str!("../../SECURITY.md");
        let shipped = include_str!("../../Leptos.toml").split("[rowcast.limits]").nth(1).unwrap();
        let keys: Vec<_> = shipped.lines().filter_map(|line| line.strip_prefix("# ")?.split_once(" = ")).collect();
        assert_eq!(keys.len(), 14);
        for (key, value) in keys {
            let start = format!("| `{key}` | {value} |");
            let row = document.lines().find(|line| line.starts_with(&start)).expect(&start);
            let counted = row.trim_end_matches(" |").rsplit("| ").next().unwrap().split(", ");
            for counter in counted.map(|name| name.trim_matches('`')) {
                assert!(Counters::default().all().any(|(name, _)| name == counter), "{counter} counts {key}");
            }
            let wrong = format!("[rowcast.limits]\n{key} = 0");
            let error = Config::parse(&wrong).unwrap().check().unwrap_err().to_string();
            assert!(error.contains(&format!("rowcast.limits.{key} is 0")), "{error}");
        }
    }
}
