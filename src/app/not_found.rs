//! The page for addresses that lead nowhere.

use super::response::set_status;
use crate::identity::visitor::use_visitor;
use leptos::prelude::*;
use leptos_meta::Title;

/// Says so, with status 404 and a way back.
#[component]
pub(super) fn NotFound() -> impl IntoView {
    set_status(404);
    // Whoever is not let in has no rows in the browser to go to.
    let leaves = (!use_visitor().is_let_in).then_some("external");
    view! {
        <Title text="Not found · Rowcast" />
        <section class="blank">
            <p class="blank-code" aria-hidden="true">
                "404"
            </p>
            <h1>"There is no such page"</h1>
            <p>"The address may be mistyped, or the page may have moved."</p>
            <p>
                <a class="button" href="/" rel=leaves>
                    "Go to the inventory"
                </a>
            </p>
        </section>
    }
}
