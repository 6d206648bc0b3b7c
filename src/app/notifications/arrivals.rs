//! A message in the corner for each notification that arrives while the page is open, also for those that could not
//! arrive while it was offline.
//!
//! Their numbers are drawn before they are committed, so one that arrives may have a lower number than others that are there already. Hence
//! what is new is what was not there before, not what is numbered higher.

use super::row::{Notification, PAGE};
use crate::{
    app::toast::use_messages,
    identity::paths,
    store::{Phase, use_query},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate};
use std::collections::BTreeSet;

/// How many of those that arrive at once are shown one by one.
const MOST: usize = 3;
/// How many of the newest are looked at: one that is committed late may have been overtaken by so many others.
const WINDOW: usize = 12;

/// Those that have been in the window.
#[derive(Clone, Debug, Default)]
struct Known {
    numbers: BTreeSet<i64>,
    /// What is numbered lower was too old for the window.
    lowest: i64,
}

impl Known {
    /// Knows all of the window from now on.
    fn take(&mut self, window: &[Notification]) {
        self.numbers.extend(window.iter().map(|row| row.id));
        if window.len() >= WINDOW {
            self.lowest = window.iter().map(|row| row.id).fold(i64::MAX, i64::min).max(self.lowest);
        }
    }

    /// Those of the window that have arrived and are still to be read.
    fn fresh<'w>(&self, window: &'w [Notification]) -> Vec<&'w Notification> {
        let has_arrived = |row: &&Notification| row.id > self.lowest && !self.numbers.contains(&row.id);
        window.iter().filter(has_arrived).filter(|row| row.read_at.is_none()).collect()
    }
}

/// Shows nothing by itself.
#[component]
pub(super) fn Arrivals() -> impl IntoView {
    let messages = use_messages();
    let newest = use_query(Notification::newest(WINDOW as u32));
    let (here, navigate) = (use_location().pathname, StoredValue::new(use_navigate()));
    let open = move |link: &str| {
        let link = paths::local(link).to_owned();
        navigate.with_value(|navigate| navigate(&link, Default::default()));
    };
    let tell = move |row: &Notification| {
        // The page that it leads to shows it already.
        let page = row.link.split('?').next().unwrap_or_default();
        if here.with_untracked(|here| here != page) {
            let link = row.link.clone();
            messages.offering(row.title.clone(), "Open", move || open(&link));
        }
    };
    // Effects run in the browser only.
    Effect::new(move |known: Option<Option<Known>>| {
        let known = known.flatten();
        if newest.phase() == Phase::Loading {
            return known;
        }
        let window = newest.rows();
        let fresh = known.as_ref().map(|known| known.fresh(&window)).unwrap_or_default();
        if fresh.len() > MOST {
            messages.offering("There are several new notifications", "Open", move || open(PAGE));
        } else {
            fresh.into_iter().rev().for_each(tell);
        }
        let mut known = known.unwrap_or_default();
        known.take(&window);
        Some(known)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::time::Timestamp;

    /// The newest first, as the window has them.
    fn window(ids: impl IntoIterator<Item = i64>) -> Vec<Notification> {
        let row = |id| Notification {
            id,
            title: String::new(),
            body: String::new(),
            link: String::new(),
            at: Timestamp(0),
            read_at: None,
        };
        ids.into_iter().map(row).collect()
    }

    fn fresh(known: &Known, window: &[Notification]) -> Vec<i64> {
        known.fresh(window).into_iter().map(|row| row.id).collect()
    }

    #[test]
    fn what_was_committed_late_has_arrived_though_others_are_numbered_higher() {
        let mut known = Known::default();
        known.take(&window([9, 7]));
        let mut later = window([9, 8, 7]);
        assert_eq!(fresh(&known, &later), [8]);
        later[1].read_at = Some(Timestamp(1));
        assert!(fresh(&known, &later).is_empty(), "read elsewhere");
        known.take(&later);
        assert_eq!(fresh(&known, &window([10, 9, 8, 7, 6])), [10, 6]);
    }

    #[test]
    fn what_comes_up_because_others_are_gone_is_not_new() {
        let full: Vec<i64> = (101..=100 + WINDOW as i64).rev().collect();
        let mut known = Known::default();
        known.take(&window(full.iter().copied()));
        let older = window(full.iter().copied().skip(1).chain([100]));
        assert!(fresh(&known, &older).is_empty());
        known.take(&window([]));
        assert!(fresh(&known, &window(full)).is_empty(), "nor what is there again");
    }
}
