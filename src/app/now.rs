//! What time it is where pages are made, and from then on: a browser's own clock may be set to anything.

use super::{clock::use_clock, fresh};
use leptos::prelude::*;

/// Milliseconds since the Unix epoch when the page was made, and when the browser took it over by its own clock.
#[derive(Clone, Copy)]
pub(super) struct Now {
    made: i64,
    mounted: StoredValue<Option<i64>>,
}

/// For the whole app, when a page is loaded.
pub(super) fn provide_now() {
    let now = Now { made: SharedValue::new(fresh::millis).into_inner(), mounted: StoredValue::new(None) };
    provide_context(now);
    Effect::new(move || now.mounted.set_value(Some(fresh::millis())));
}

/// What [`provide_now`] has begun.
pub(super) fn use_now() -> Now {
    expect_context()
}

impl Now {
    /// Milliseconds since the Unix epoch; moves every ten seconds. Tracked.
    pub(super) fn millis(self) -> i64 {
        let passed =
            use_clock().coarse().zip(self.mounted.get_value()).map_or(0, |(now, mounted)| (now - mounted).max(0));
        self.made + passed
    }
}
