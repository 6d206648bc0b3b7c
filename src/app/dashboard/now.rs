//! Which step it is, as time goes on.

use super::range::Range;
use crate::app::{clock::use_clock, fresh};
use leptos::prelude::*;

/// What time it is where the page was made, in milliseconds since the Unix epoch, and from then on: a browser's own clock may be set to
/// anything.
#[derive(Clone, Copy)]
pub(super) struct Now {
    made: i64,
    mounted: StoredValue<Option<i64>>,
}

impl Now {
    /// For the calling component.
    pub(super) fn new() -> Self {
        Self { made: SharedValue::new(fresh::millis).into_inner(), mounted: StoredValue::new(None) }
    }

    /// The step that it is. Tracked: it moves.
    pub(super) fn step(self, range: Range) -> Memo<i64> {
        let clock = use_clock();
        Memo::new(move |_| {
            let passed = clock.coarse().map_or(0, |now| {
                let mounted = self.mounted.get_value().unwrap_or(now);
                self.mounted.set_value(Some(mounted));
                (now - mounted).max(0)
            });
            range.step_at(self.made + passed)
        })
    }
}
