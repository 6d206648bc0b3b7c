//! How many bytes of changes wait to be sent, to all sessions together. A frame counts once, however many sessions wait for it,
//! from when it is made until the last of them has sent it.

use bytes::Bytes;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Counts bytes.
#[derive(Debug, Default)]
pub(super) struct Meter(AtomicUsize);

/// A text that is counted as long as it lives.
pub(super) struct Weighed {
    text: Bytes,
    meter: Arc<Meter>,
}

impl Meter {
    /// How many there are.
    pub(super) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts a text from now on.
    pub(super) fn weigh(self: &Arc<Self>, text: Bytes) -> Weighed {
        self.0.fetch_add(text.len(), Ordering::Relaxed);
        Weighed { text, meter: self.clone() }
    }
}

impl AsRef<[u8]> for Weighed {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

impl Drop for Weighed {
    fn drop(&mut self) {
        self.meter.0.fetch_sub(self.text.len(), Ordering::Relaxed);
    }
}
