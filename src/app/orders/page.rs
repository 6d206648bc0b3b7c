//! `/orders`: the board for those who work here, their own orders for customers, a way in for everybody else.

use super::{board::Board, own::OwnOrders, rows::PAGE};
use crate::identity::{paths, visitor::use_visitor};
use leptos::prelude::*;
use leptos_meta::Title;

/// Which of them it is.
#[component]
pub(in crate::app) fn OrdersPage() -> impl IntoView {
    let visitor = use_visitor();
    let body = if visitor.person.works_here() {
        view! { <Board /> }.into_any()
    } else if visitor.is_signed_in() {
        view! {
            <div class="page">
                <OwnOrders />
            </div>
        }
        .into_any()
    } else {
        view! { <Nobody /> }.into_any()
    };
    view! {
        <Title text="Orders · Rowcast" />
        {body}
    }
}

#[component]
fn Nobody() -> impl IntoView {
    view! {
        <section class="blank">
            <h1>"Orders"</h1>
            <p>"Who is signed in sees their own orders here, and how far each has come."</p>
            <a class="button" href=paths::sign_in(PAGE) rel="external">
                "Sign in"
            </a>
        </section>
    }
}
