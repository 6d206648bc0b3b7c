//! What has gone through a hub, as numbers that only grow: changes that came, what was handed to the network, and how long that took.
//!
//! Only counting: nothing here decides anything.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// What a delivery may have taken, in milliseconds: from one to the next. What took longer than the last has a place of its own.
pub const DELAYS_MS: [u64; 12] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];
/// As many places as there are for how long a delivery took.
pub const DELAYS: usize = DELAYS_MS.len() + 1;

/// Counts.
#[derive(Debug, Default)]
pub(super) struct Flow {
    changes: AtomicU64,
    frames: AtomicU64,
    bytes: AtomicU64,
    delays: [AtomicU64; DELAYS],
}

/// How much it was at some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flowed {
    /// Changes that were read.
    pub changes: u64,
    /// Frames that were handed to the network.
    pub frames: u64,
    /// Their bytes, before the network's own.
    pub bytes: u64,
    /// Deliveries of changes, by how long they took: no more than the same place of [`DELAYS_MS`] says.
    pub delays: [u64; DELAYS],
}

impl Flow {
    pub(super) fn came(&self, changes: usize) {
        self.changes.fetch_add(changes as u64, Ordering::Relaxed);
    }

    /// So many frames were handed to the network; `took`, if there were changes in them.
    pub(super) fn went(&self, frames: usize, bytes: usize, took: Option<Duration>) {
        self.frames.fetch_add(frames as u64, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        if let Some(took) = took {
            let millis = u64::try_from(took.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX);
            let place = DELAYS_MS.partition_point(|most| *most < millis);
            self.delays[place].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self) -> Flowed {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Flowed {
            changes: read(&self.changes),
            frames: read(&self.frames),
            bytes: read(&self.bytes),
            delays: std::array::from_fn(|place| read(&self.delays[place])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_counts_where_it_took_no_more() {
        let flow = Flow::default();
        for micros in [0, 1_000, 1_001, 5_000_000, 5_000_001] {
            flow.went(2, 10, Some(Duration::from_micros(micros)));
        }
        flow.went(1, 5, None);
        flow.came(7);
        let now = flow.read();
        assert_eq!((now.changes, now.frames, now.bytes), (7, 11, 55));
        assert_eq!(now.delays, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    }
}
