//! Links to the pages, for those they are for: a line on a desk, behind a button on a phone.
//!
//! The button opens a popover of the browser's own, so that it works without JavaScript, too.

use super::{chat::UnreadCount, commands::PAGES as ALL, icons::Icon};
use crate::identity::visitor::use_visitor;
use leptos::{html, prelude::*};
use leptos_router::{components::A, hooks::use_location};

/// The popover.
const PAGES: &str = "pages";

/// `leaves`: how links are marked that must be asked for anew.
#[component]
pub(super) fn Navigation(leaves: Option<&'static str>) -> impl IntoView {
    let role = use_visitor().person.role;
    let path = use_location().pathname;
    let pages = NodeRef::<html::Nav>::new();
    // Where a link leads within the page, nothing else would close it.
    Effect::new(move |before: Option<()>| {
        path.track();
        if let (Some(()), Some(pages)) = (before, pages.get_untracked()) {
            // Fails only if it is not open.
            let _ = pages.hide_popover();
        }
    });
    view! {
        <button type="button" class="icon-button menu-button" popovertarget=PAGES aria-label="Pages">
            <Icon name="menu" />
        </button>
        <nav id=PAGES aria-label="Pages" popover="auto" node_ref=pages>
            {ALL
                .into_iter()
                .filter(|page| page.is_listed && role >= page.role)
                .map(|page| {
                    view! {
                        <A href=page.address exact=page.address == "/" attr:rel=leaves>
                            {page.label} {(page.address == "/chat").then(|| view! { <UnreadCount /> })}
                        </A>
                    }
                })
                .collect_view()}
        </nav>
    }
}
