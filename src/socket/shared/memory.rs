//! Memory for what many sessions are sent: one budget for all of it, given back when the slowest of them has been sent it.

use super::super::limits::KEPT_BYTES;
use crate::hub::Frame;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What one snapshot may take of what is left, as a divisor: whoever is slow to take a large one leaves room for others.
const SHARE: usize = 4;
/// Less than this is not counted, so that small answers are given however little is left. In bytes.
const SMALL_BYTES: usize = 256 * 1024;
/// In which it is counted, in bytes.
const UNIT_BYTES: usize = 1024;

#[derive(Debug)]
pub(super) struct Memory {
    units: Arc<Semaphore>,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self::of(KEPT_BYTES)
    }

    pub(super) fn of(bytes: usize) -> Self {
        Self { units: Arc::new(Semaphore::new(bytes / UNIT_BYTES)) }
    }

    /// Most bytes that one snapshot may have at the moment.
    pub(super) fn allowance(&self) -> usize {
        (self.units.available_permits() * UNIT_BYTES / SHARE).max(SMALL_BYTES)
    }

    /// The same frames, counted. `None` if there is no room for them.
    pub(super) fn hold(&self, frames: impl IntoIterator<Item = Frame>) -> Option<Arc<[Frame]>> {
        let frames: Vec<Frame> = frames.into_iter().collect();
        let bytes: usize = frames.iter().map(|frame| frame.bytes().len()).sum();
        if bytes <= SMALL_BYTES {
            return Some(frames.into());
        }
        frames.into_iter().map(|frame| self.hold_one(frame)).collect()
    }

    fn hold_one(&self, frame: Frame) -> Option<Frame> {
        let units = u32::try_from(frame.bytes().len().div_ceil(UNIT_BYTES)).ok()?;
        Some(frame.held(self.units.clone().try_acquire_many_owned(units).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: usize) -> Vec<Frame> {
        vec![Frame::from("x".repeat(bytes))]
    }

    #[test]
    fn what_is_left_shrinks_and_is_given_back_with_the_last_that_was_sent_it() {
        let memory = Memory::new();
        assert_eq!(memory.allowance(), KEPT_BYTES / SHARE);
        let held = memory.hold(frames(KEPT_BYTES / SHARE)).expect("there is room");
        let on_its_way = held[0].clone();
        drop(held);
        assert_eq!(memory.allowance(), KEPT_BYTES / SHARE * 3 / SHARE);
        assert!(memory.hold(frames(KEPT_BYTES)).is_none());
        assert!(memory.hold(frames(SMALL_BYTES)).is_some(), "small answers are always given");
        drop(on_its_way);
        assert_eq!(memory.allowance(), KEPT_BYTES / SHARE);
    }
}
