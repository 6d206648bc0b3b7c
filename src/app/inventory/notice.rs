//! Above the table: what became of a form that was sent without JavaScript.

use super::{refusal::Notice, sheet::Sheet};
use crate::app::icons::Icon;
use leptos::prelude::*;

/// The notice in the address, if there is one, and a link to the page without it.
#[component]
pub(super) fn NoticeBanner(notice: Memo<Option<Notice>>) -> impl IntoView {
    let sheet = expect_context::<Sheet>();
    move || {
        let notice = notice.get()?;
        let refused = notice.refused().is_some();
        let address = sheet.listing.with(|listing| listing.address());
        Some(view! {
            <div class="notice" class:refused=refused role=if refused { "alert" } else { "status" }>
                <p>{notice.message()}</p>
                <a class="icon-button" href=address aria-label="Dismiss">
                    <Icon name="close" />
                </a>
            </div>
        })
    }
}
