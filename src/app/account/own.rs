//! A person's own account: who they are, their password, where they are signed in.

use super::{
    logins::Logins,
    parts::{Field, NoticeBanner, notice},
};
use crate::identity::{form::MIN_PASSWORD, paths, visitor::use_visitor};
use leptos::prelude::*;
use leptos_meta::Title;

/// For those who are signed in; others do not come here.
#[component]
pub(in crate::app) fn AccountPage() -> impl IntoView {
    let person = use_visitor().person;
    let notice = notice();
    let hint = Some(format!("At least {MIN_PASSWORD} characters"));
    view! {
        <Title text="Your account · Rowcast" />
        <div class="account">
            <h1>"Your account"</h1>
            <NoticeBanner notice />
            <section class="panel" aria-label="Who you are">
                <div class="who">
                    <p>
                        <strong>
                            <bdi>{person.name}</bdi>
                        </strong>
                        <span>{format!("Role: {}", person.role)}</span>
                    </p>
                    <form method="post" action=paths::SIGN_OUT>
                        <button class="button">"Sign out"</button>
                    </form>
                </div>
            </section>
            <form class="panel" method="post" action=paths::PASSWORD aria-label="Change your password">
                <h2>"Change your password"</h2>
                <Field name="old" label="Current password" autocomplete="current-password" />
                <Field name="new" label="New password" autocomplete="new-password" hint />
                <Field name="again" label="New password, again" autocomplete="new-password" />
                <p class="hint">"All your other browsers are signed out."</p>
                <button class="button primary">"Change password"</button>
            </form>
            <Logins />
        </div>
    }
}
