//! Which products are picked. While somebody picks, each row has a box where otherwise it can be deleted.

use crate::app::inventory::{row::RowView, sheet::Sheet};
use leptos::{ev, prelude::*};
use std::collections::BTreeSet;

/// The form that the boxes belong to.
pub(in crate::app::inventory) const FORM: &str = "bulk";
/// The parameter of the address with which the list is to be picked from, for people without JavaScript.
pub(in crate::app::inventory) const PARAMETER: &str = "pick";

/// Shared by the parts of the page. Copies are the same.
#[derive(Clone, Copy)]
pub(in crate::app::inventory) struct Picks {
    /// None while nobody picks.
    picked: RwSignal<Option<BTreeSet<i64>>>,
    is_on: Memo<bool>,
    /// The one that was picked last: with the shift key, all between it and the next are.
    last: StoredValue<Option<i64>>,
}

impl Picks {
    pub(in crate::app::inventory) fn new(picks: bool) -> Self {
        let picked = RwSignal::new(picks.then(BTreeSet::new));
        let is_on = Memo::new(move |_| picked.with(Option::is_some));
        Self { picked, is_on, last: StoredValue::new(None) }
    }

    /// Whether somebody picks. Tracked.
    pub(in crate::app::inventory) fn is_on(self) -> bool {
        self.is_on.get()
    }

    /// Begins, or ends and forgets what was picked.
    pub(super) fn toggle(self) {
        self.picked.update(|picked| *picked = picked.take().is_none().then(BTreeSet::new));
        self.last.set_value(None);
    }

    /// Whether a product is picked. Tracked.
    fn has(self, id: i64) -> bool {
        self.picked.with(|picked| picked.as_ref().is_some_and(|picked| picked.contains(&id)))
    }

    /// Those of `shown` that are picked: what a filter hides is not changed by whoever does not see it. Tracked.
    pub(super) fn among(self, shown: &[i64]) -> Vec<i64> {
        self.picked.with(|picked| match picked {
            Some(picked) if !picked.is_empty() => shown.iter().copied().filter(|id| picked.contains(id)).collect(),
            _ => Vec::new(),
        })
    }

    /// All of these, and no others.
    pub(super) fn put(self, ids: impl IntoIterator<Item = i64>) {
        self.picked.update(|picked| {
            if let Some(picked) = picked {
                *picked = ids.into_iter().collect();
            }
        });
    }

    /// One is picked, or is not any more; with `far`, so are those between it and the one before.
    fn pick(self, id: i64, on: bool, far: bool, shown: &[i64]) {
        let place = |id: i64| shown.iter().position(|other| *other == id);
        let from = self.last.get_value().filter(|_| far).and_then(place);
        let range = match (from, place(id)) {
            (Some(from), Some(to)) => &shown[from.min(to)..=from.max(to)],
            _ => &[id],
        };
        self.picked.update(|picked| {
            let Some(picked) = picked else { return };
            for id in range {
                if on {
                    picked.insert(*id)
                } else {
                    picked.remove(id)
                };
            }
        });
        self.last.set_value(Some(id));
    }
}

/// The box of a row.
#[component]
pub(in crate::app::inventory) fn PickBox(id: i64, row: RowView) -> impl IntoView {
    let sheet = expect_context::<Sheet>();
    let (picks, arrangement) = (sheet.picks, sheet.arrangement);
    let click = move |click: ev::MouseEvent| {
        let on = event_target_checked(&click);
        arrangement.with_untracked(|arrangement| picks.pick(id, on, click.shift_key(), &arrangement.keys));
    };
    let move_on = move |key: ev::KeyboardEvent| {
        let steps = match key.key().as_str() {
            "ArrowUp" => -1,
            "ArrowDown" => 1,
            _ => return,
        };
        key.prevent_default();
        sheet.neighbour(id, steps).into_iter().for_each(|next| sheet.focus("pick", next));
    };
    view! {
        <label class="pick">
            <input
                type="checkbox"
                id=format!("pick-{id}")
                form=FORM
                name="ids[]"
                value=id.to_string()
                aria-label=move || row.read(|row| format!("Pick {}", row.name))
                prop:checked=move || picks.has(id)
                on:click=click
                on:keydown=move_on
            />
        </label>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leptos::prelude::Owner;

    const SHOWN: [i64; 5] = [30, 10, 50, 20, 40];

    #[test]
    fn with_the_shift_key_all_between_two_are_picked_as_they_are_shown() {
        Owner::new().with(|| {
            let picks = Picks::new(true);
            picks.pick(10, true, false, &SHOWN);
            picks.pick(20, true, true, &SHOWN);
            assert_eq!(untrack(|| picks.among(&SHOWN)), [10, 50, 20]);
            picks.pick(50, false, true, &SHOWN);
            assert_eq!(untrack(|| picks.among(&SHOWN)), [10]);
        });
    }

    #[test]
    fn what_is_not_shown_any_more_is_not_changed_and_ending_forgets() {
        Owner::new().with(|| {
            let picks = Picks::new(true);
            picks.put(SHOWN);
            assert_eq!(untrack(|| picks.among(&[10, 70])), [10]);
            picks.toggle();
            assert!(!untrack(|| picks.is_on()));
            picks.toggle();
            assert!(untrack(|| picks.among(&SHOWN)).is_empty());
        });
    }
}
