//! What is looked for: a form that works as one.

use super::search::{PATH, Search};
use leptos::prelude::*;

/// The form; `kinds` are the types that there are.
#[component]
pub(super) fn SearchForm(search: Search, kinds: Vec<String>) -> impl IntoView {
    let narrow = search.is_narrow();
    let chosen = search.kind.clone();
    // One that there is not is still what was asked for.
    let unknown = (!chosen.is_empty() && !kinds.contains(&chosen)).then(|| chosen.clone());
    let options = kinds.into_iter().chain(unknown).map(|kind| {
        let selected = kind == chosen;
        view! {
            <option value=kind.clone() selected=selected>
                {kind.clone()}
            </option>
        }
    });
    let time = |text: &str| crate::app::history::Stamp::parse(text).map(|stamp| stamp.field()).unwrap_or_default();
    view! {
        <form class="audit-form" role="search" method="get" action=PATH aria-label="Search the audit">
            <label>
                <span>"Person"</span>
                <input name="who" value=search.who.clone() placeholder="Name or id" autocomplete="off" maxlength="200" />
            </label>
            <label>
                <span>"Stream"</span>
                <input
                    name="stream"
                    value=search.stream.clone()
                    placeholder="order-12, or order-*"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    maxlength="200"
                />
            </label>
            <label>
                <span>"Type"</span>
                <select name="type">
                    <option value="">"Any"</option>
                    {options.collect_view()}
                </select>
            </label>
            <label>
                <span>"From (UTC)"</span>
                <input type="datetime-local" step="1" name="from" value=time(&search.from) />
            </label>
            <label>
                <span>"Until (UTC)"</span>
                <input type="datetime-local" step="1" name="until" value=time(&search.until) />
            </label>
            <div class="audit-buttons">
                <button class="button primary">"Search"</button>
                {narrow
                    .then(|| {
                        view! {
                            <a class="button" href=PATH>
                                "Everything"
                            </a>
                        }
                    })}
            </div>
        </form>
    }
}
