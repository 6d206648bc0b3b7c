//! What time it is, as signals: nothing while the page is rendered and hydrated, the browser's clock from then on.

use leptos::{prelude::*, web_sys::js_sys::Date};
use std::time::Duration;

/// How often the fine clock moves.
const TICK: Duration = Duration::from_secs(1);
/// How many ticks the coarse clock lets pass: relative times need no more.
const COARSE_TICKS: u64 = 10;

/// Milliseconds since the Unix epoch, `None` until the page is mounted.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    fine: RwSignal<Option<i64>>,
    coarse: RwSignal<Option<i64>>,
}

impl Clock {
    /// Moves every second. Tracked.
    pub(super) fn fine(self) -> Option<i64> {
        self.fine.get()
    }

    /// Moves every ten seconds. Tracked.
    pub(super) fn coarse(self) -> Option<i64> {
        self.coarse.get()
    }
}

/// Starts the clock; it runs as long as the page.
pub(super) fn provide_clock() {
    let clock = Clock { fine: RwSignal::new(None), coarse: RwSignal::new(None) };
    provide_context(clock);
    Effect::new(move || {
        let show = move |signal: RwSignal<Option<i64>>| signal.set(Some(Date::now() as i64));
        show(clock.fine);
        show(clock.coarse);
        let ticks = StoredValue::new(0_u64);
        let ticking = set_interval_with_handle(
            move || {
                show(clock.fine);
                ticks.update_value(|ticks| *ticks += 1);
                if ticks.get_value().is_multiple_of(COARSE_TICKS) {
                    show(clock.coarse);
                }
            },
            TICK,
        );
        on_cleanup(move || ticking.into_iter().for_each(|ticking| ticking.clear()));
    });
}

/// The clock that [`provide_clock`] started.
pub(super) fn use_clock() -> Clock {
    expect_context()
}

/// `12:31` by the clock on the person's wall. Browser only.
pub(super) fn wall_time(millis: u64) -> String {
    let date = Date::new(&(millis as f64).into());
    format!("{:02}:{:02}", date.get_hours(), date.get_minutes())
}
