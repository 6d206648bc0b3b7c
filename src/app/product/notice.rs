//! What became of a form that was sent without JavaScript.

use super::{page::address, refusal::Notice};
use crate::app::icons::Icon;
use leptos::prelude::*;

/// The notice in the address, and a link to the page without it.
#[component]
pub(super) fn NoticeBanner(id: i64, notice: Notice) -> impl IntoView {
    let refused = notice.refusal().is_some();
    view! {
        <div class="notice" class:refused=refused role=if refused { "alert" } else { "status" }>
            <p>{notice.message()}</p>
            <a class="icon-button" href=address(id) aria-label="Dismiss">
                <Icon name="close" />
            </a>
        </div>
    }
}
