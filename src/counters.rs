//! How often something happened that an operator may want to know of: each limit that was reached has one.
//!
//! Only counting: nothing here decides anything, and nothing reads them to decide.

use crate::hub::{Hub, rooms::RoomCounters};
use std::sync::atomic::{AtomicU64, Ordering};

/// One number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// It happened once more.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// It has happened so often, as whoever counts it says.
    fn raise_to(&self, count: u64) {
        self.0.fetch_max(count, Ordering::Relaxed);
    }

    /// How often it has happened since the server started.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident)*) => {
        /// All counters of one server.
        #[derive(Debug, Default)]
        pub struct Counters {
            $($(#[$doc])* pub $name: Counter,)*
        }

        impl Counters {
            /// Each with its name.
            pub fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name.get())),*].into_iter()
            }
        }
    };
}

counters! {
    /// Connections refused because there were too many in all.
    connections_over_limit
    /// Connections and sockets refused because one address had too many.
    address_over_limit
    /// Sockets refused because one person had too many.
    person_over_limit
    /// Connections closed because TLS was not agreed on in time, or failed.
    tls_handshakes_failed
    /// Connections closed because a request's header did not come in time; those that were merely idle among them.
    headers_timed_out
    /// Connections closed because a request's header was too large.
    headers_over_size
    /// Requests that took too long to be read and answered.
    requests_timed_out
    /// Requests to a name that is not the server's.
    foreign_hosts
    /// Requests caused by pages of other sites.
    foreign_origins
    /// Frames that were not acted upon because they came too fast.
    frames_over_rate
    /// Sessions closed because frames went on coming too fast.
    sessions_over_rate
    /// Sessions closed because of a frame that was too large.
    frames_over_size
    /// Sessions closed because too many frames in a row made no sense.
    sessions_malformed
    /// Sessions closed because nothing was heard from them, or they took nothing.
    sessions_timed_out
    /// Subscriptions refused because a session had too many.
    subscriptions_over_limit
    /// Files that were not imported because they were too large, or had too many rows.
    imports_over_size
    /// Queues of sockets that were emptied because one more delivery did not fit into them.
    queues_overflowed
    /// Queues of sockets that were emptied because all together held too much.
    queues_relieved
    /// Times that somebody was not let into a room because it, or the server, was full.
    rooms_full
    /// Frames about rooms that were not acted upon because they came too fast.
    room_frames_over_rate
    /// Words to other servers that did not fit into the queue to them.
    words_dropped
    /// Words from other servers that did not arrive.
    words_missing
    /// Words from the other servers' side that were not understood.
    words_malformed
    /// Words from the other servers' side, and members in them, that are more than there may be.
    words_refused
    /// Other servers that were not heard for longer than their lease.
    servers_lost
    /// Certificates that replaced the ones before.
    certificates_loaded
    /// Changed certificates that could not be used; the ones before stayed.
    certificates_refused
}

impl Counters {
    /// Takes over what a hub counts by itself.
    pub fn take_over(&self, hub: &Hub) {
        let RoomCounters { dropped, gaps, malformed, refused, full, dead_nodes } = hub.room_counters();
        for (counter, count) in [
            (&self.queues_overflowed, hub.overflowed()),
            (&self.queues_relieved, hub.relieved()),
            (&self.rooms_full, full),
            (&self.words_dropped, dropped),
            (&self.words_missing, gaps),
            (&self.words_malformed, malformed),
            (&self.words_refused, refused),
            (&self.servers_lost, dead_nodes),
        ] {
            counter.raise_to(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Counters;
    use crate::{
        hub::{Bounds, Catalog, Hub},
        protocol::{Epoch, Position},
    };

    #[test]
    fn counters_are_found_by_name() {
        let counters = Counters::default();
        counters.foreign_origins.add();
        counters.foreign_origins.add();
        let (_, count) = counters.all().find(|(name, _)| *name == "foreign_origins").expect("a name");
        assert_eq!(count, 2);
        assert_eq!(counters.all().map(|(_, count)| count).sum::<u64>(), 2);
    }

    #[test]
    fn what_a_hub_counts_is_taken_over_and_never_grows_less() {
        let hub = Hub::new(Epoch(1), Position::new(1, Vec::new()), Catalog::default(), Bounds::default());
        let counters = Counters::default();
        hub.refuse_word();
        hub.hear_node(b"garbage", 0);
        counters.take_over(&hub);
        counters.take_over(&hub);
        assert_eq!((counters.words_refused.get(), counters.words_malformed.get()), (1, 1));
        let another = Hub::new(Epoch(1), Position::new(1, Vec::new()), Catalog::default(), Bounds::default());
        counters.take_over(&another);
        assert_eq!(counters.words_refused.get(), 1);
    }
}
