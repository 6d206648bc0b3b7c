//! The page to sign in.

use super::{
    offers::Offers,
    parts::{Field, NoticeBanner, notice, parameter},
};
use crate::identity::{paths, visitor::use_visitor};
use leptos::prelude::*;
use leptos_meta::Title;

/// A form, and in the demo the accounts to use it with.
#[component]
pub(in crate::app) fn SignInPage() -> impl IntoView {
    let visitor = use_visitor();
    let notice = notice();
    let email = parameter("email").unwrap_or_default();
    let next = parameter(paths::NEXT).map(|next| paths::local(&next).to_owned()).unwrap_or_default();
    let as_whom = visitor.is_signed_in().then(|| {
        view! {
            <p class="lead">
                "You are signed in as " <bdi>{visitor.person.name.clone()}</bdi> ". Signing in again ends that. "
                <a href=paths::ACCOUNT rel="external">
                    "Your account"
                </a>
            </p>
        }
    });
    let sign_up = visitor.sign_up.then(|| {
        let address = match next.as_str() {
            "" | "/" => paths::SIGN_UP.to_owned(),
            next => format!("{}?{}={}", paths::SIGN_UP, paths::NEXT, paths::encode(next)),
        };
        view! {
            <p class="lead">
                "No account yet? " <a href=address rel="external">
                    "Sign up"
                </a>
            </p>
        }
    });
    view! {
        <Title text="Sign in · Rowcast" />
        <div class="account narrow">
            <h1>"Sign in"</h1>
            <NoticeBanner notice />
            {as_whom}
            <form class="panel" method="post" action=paths::SIGN_IN aria-label="Sign in">
                <input type="hidden" name=paths::NEXT value=next.clone() />
                <Field name="email" label="E-mail address" kind="email" autocomplete="username" value=email />
                <Field name="password" label="Password" autocomplete="current-password" />
                <button class="button primary">"Sign in"</button>
            </form>
            {sign_up}
            <Offers next />
        </div>
    }
}
