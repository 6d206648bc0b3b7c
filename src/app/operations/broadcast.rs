//! Something to say to everybody. Before it is said, the page asks whether it really should be.

use super::{PAGE, ask::Ask, desk::Desk, words::count};
use crate::operations::report::MAX_TEXT;
use leptos::{ev::SubmitEvent, html, prelude::*};

#[component]
pub(super) fn Broadcast(desk: Desk, asked: RwSignal<Option<Ask>>, said: RwSignal<u32>) -> impl IntoView {
    let area = NodeRef::<html::Textarea>::new();
    let submit = move |submit: SubmitEvent| {
        submit.prevent_default();
        let text = area.get_untracked().map(|area| area.value()).unwrap_or_default();
        if !text.trim().is_empty() {
            asked.set(Some(Ask::Broadcast(text)));
        }
    };
    // What was said is said; what was not stays.
    Effect::new(move |before: Option<u32>| {
        let now = said.get();
        if before.is_some_and(|before| before != now) {
            area.get_untracked().into_iter().for_each(|area| area.set_value(""));
        }
        now
    });
    view! {
        <section class="panel" aria-label="Say something to everybody">
            <h2>"Say something to everybody"</h2>
            <form class="broadcast" method="get" action=PAGE on:submit=submit>
                <input type="hidden" name="ask" value="broadcast" />
                <label for="broadcast-text">"Shows at once on every open page, until it is dismissed there."</label>
                <textarea
                    id="broadcast-text"
                    name="text"
                    node_ref=area
                    rows="3"
                    required
                    maxlength=MAX_TEXT.to_string()
                    placeholder="We restart at six. You need not do anything."
                ></textarea>
                <button class="button primary">
                    "Send to all…"
                </button>
                <p class="hint">
                    {move || format!("{} of {} are connected now.", count(readers(desk).0, "session"), people(readers(desk).1))}
                </p>
            </form>
        </section>
    }
}

/// To how many sessions it goes, and of how many people with an account.
pub(super) fn readers(desk: Desk) -> (usize, usize) {
    (desk.sum(|server| server.sessions), desk.sum(|server| server.people))
}

/// So many people.
pub(super) fn people(number: usize) -> String {
    if number == 1 { "1 person".to_owned() } else { count(number, "people").trim_end_matches('s').to_owned() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn people_are_counted_as_people() {
        assert_eq!([0, 1, 2_000].map(super::people), ["0 people", "1 person", "2,000 people"]);
    }
}
