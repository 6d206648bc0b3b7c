//! In the header: who one is, or a link to sign in.

use crate::identity::{paths, visitor::use_visitor};
use leptos::prelude::*;

/// A link to one's own account, by one's name; to the form to sign in for everybody else.
#[component]
pub(in crate::app) fn PersonLink() -> impl IntoView {
    let visitor = use_visitor();
    let (address, title, words) = if visitor.is_signed_in() {
        let name = visitor.person.name;
        (paths::ACCOUNT, format!("Your account: {name}, {}", visitor.person.role), name)
    } else {
        (paths::SIGN_IN, "Sign in with your account".to_owned(), "Sign in".to_owned())
    };
    view! {
        <a class="person" href=address rel="external" title=title>
            <bdi>{words}</bdi>
        </a>
    }
}
