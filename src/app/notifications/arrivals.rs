//! A message in the corner for each notification that arrives while the page is open, also for those that could not
//! arrive while it was offline.

use super::row::{Notification, PAGE};
use crate::{
    app::toast::use_messages,
    identity::paths,
    store::{Phase, use_query},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate};

/// How many of those that arrive at once are shown one by one.
const MOST: usize = 3;

/// Shows nothing by itself.
#[component]
pub(super) fn Arrivals() -> impl IntoView {
    let messages = use_messages();
    let newest = use_query(Notification::newest(MOST as u32 + 1));
    let (here, navigate) = (use_location().pathname, StoredValue::new(use_navigate()));
    let open = move |link: &str| {
        let link = paths::local(link).to_owned();
        navigate.with_value(|navigate| navigate(&link, Default::default()));
    };
    let tell = move |row: Notification| {
        // The page that it leads to shows it already.
        if here.with_untracked(|here| *here != row.link) {
            let link = row.link;
            messages.offering(row.title, "Open", move || open(&link));
        }
    };
    // Effects run in the browser only.
    Effect::new(move |seen: Option<Option<i64>>| {
        if newest.phase() == Phase::Loading {
            return seen.flatten();
        }
        let rows = newest.rows();
        let highest = rows.first().map_or(0, |row| row.id).max(seen.flatten().unwrap_or(0));
        if let Some(seen) = seen.flatten() {
            let fresh: Vec<_> = rows.into_iter().filter(|row| row.id > seen && row.read_at.is_none()).collect();
            if fresh.len() > MOST {
                messages.offering("There are several new notifications", "Open", move || open(PAGE));
            } else {
                fresh.into_iter().rev().for_each(tell);
            }
        }
        Some(highest)
    });
}
