//! How many events have come since the page was made: told, without moving what is read.

use super::{actions::count_newer, search::Search};
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;

/// How often it is asked while somebody looks. Events are no live table; what is asked costs what is new.
const ASK: Duration = Duration::from_secs(4);

/// A link to what is new; nothing while there is nothing.
#[component]
pub(super) fn Newer(search: Search, snapshot: String) -> impl IntoView {
    let count = RwSignal::new(0_u32);
    let address = search.first().address();
    Effect::new(move || {
        let (search, snapshot) = (search.first(), snapshot.clone());
        let asking = StoredValue::new(false);
        let ask = move || {
            if document().hidden() || asking.get_value() {
                return;
            }
            asking.set_value(true);
            let (search, snapshot) = (search.clone(), snapshot.clone());
            spawn_local(async move {
                let told = count_newer(search, snapshot).await;
                asking.try_set_value(false);
                if let Ok(Ok(newer)) = told {
                    count.try_maybe_update(|count| (std::mem::replace(count, newer) != newer, ()));
                }
            });
        };
        let ticking = set_interval_with_handle(ask, ASK);
        on_cleanup(move || ticking.into_iter().for_each(|ticking| ticking.clear()));
    });
    view! {
        <div class="newer" role="status">
            {move || {
                let count = count.get();
                let words = match count {
                    0 => return None,
                    1 => "1 new event".to_owned(),
                    1_000.. => "More than 999 new events".to_owned(),
                    _ => format!("{count} new events"),
                };
                Some(view! {
                    <a class="button" href=address.clone() rel="external">
                        {words}
                    </a>
                })
            }}
        </div>
    }
}
