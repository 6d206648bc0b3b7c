//! The page for a new account, if everybody may make one.

use super::parts::{Field, NoticeBanner, notice, parameter};
use crate::{
    app::not_found::NotFound,
    identity::{form::MIN_PASSWORD, paths, visitor::use_visitor},
};
use leptos::prelude::*;
use leptos_meta::Title;

/// A form, or nothing that is there.
#[component]
pub(in crate::app) fn SignUpPage() -> impl IntoView {
    if !use_visitor().sign_up {
        return view! { <NotFound /> }.into_any();
    }
    let notice = notice();
    let email = parameter("email").unwrap_or_default();
    let next = parameter(paths::NEXT).map(|next| paths::local(&next).to_owned()).unwrap_or_default();
    let sign_in = paths::sign_in(&next);
    let hint = Some(format!("At least {MIN_PASSWORD} characters"));
    view! {
        <Title text="Sign up · Rowcast" />
        <div class="account narrow">
            <h1>"Sign up"</h1>
            <NoticeBanner notice />
            <form class="panel" method="post" action=paths::SIGN_UP aria-label="Sign up">
                <input type="hidden" name=paths::NEXT value=next />
                <Field name="name" label="Name" kind="text" autocomplete="name" />
                <Field name="email" label="E-mail address" kind="email" autocomplete="username" value=email />
                <Field name="password" label="Password" autocomplete="new-password" hint />
                <button class="button primary">"Sign up"</button>
            </form>
            <p class="lead">
                "You have an account? " <a href=sign_in rel="external">
                    "Sign in"
                </a>
            </p>
        </div>
    }
    .into_any()
}
