//! What the pages are made of: a field, a notice, and what the address says.

use crate::app::query_map::use_query_map;
use crate::{app::response::set_status, identity::notice::Notice};
use leptos::prelude::*;

/// A parameter of the address, as it was when the page was opened.
pub(super) fn parameter(name: &str) -> Option<String> {
    use_query_map().with_untracked(|query| query.get_str(name).map(str::to_owned))
}

/// What became of a form, if one leads here; the page has its status.
pub(super) fn notice() -> Option<Notice> {
    let notice = Notice::read(&parameter(Notice::PARAMETER)?, parameter(Notice::SECONDS).as_deref())?;
    set_status(notice.status());
    Some(notice)
}

/// The notice, above a form.
#[component]
pub(super) fn NoticeBanner(notice: Option<Notice>) -> impl IntoView {
    notice.map(|notice| {
        let refused = notice.is_refusal();
        view! {
            <div class="notice" class:refused=refused role=if refused { "alert" } else { "status" }>
                <p>{notice.message()}</p>
            </div>
        }
    })
}

/// A field with its label, and below it what is expected.
#[component]
pub(super) fn Field(
    name: &'static str,
    label: &'static str,
    /// The type of the input.
    #[prop(default = "password")]
    kind: &'static str,
    autocomplete: &'static str,
    #[prop(optional)] value: String,
    #[prop(optional_no_strip)] hint: Option<String>,
) -> impl IntoView {
    let id = format!("account-{name}");
    let hint_id = format!("{id}-hint");
    let described = hint.is_some().then(|| hint_id.clone());
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input
                id=id
                name=name
                type=kind
                value=value
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                required
                aria-describedby=described
            />
            {hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
        </div>
    }
}
