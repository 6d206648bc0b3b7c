//! The connection, always visible: live, catching up, offline since when, trying again in how many seconds.
//!
//! What is announced changes only when the connection does; the seconds tick outside of the live region.

use super::{
    clock::{use_clock, wall_time},
    connection_panel::{ConnectionPanel, PANEL},
};
use crate::{
    identity::paths,
    protocol::CloseCode,
    store::{Status, use_connection},
};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// What a status looks like; the word is a class of the style sheet.
fn look(status: Status) -> &'static str {
    match status {
        Status::Live => "live",
        Status::CatchingUp | Status::Paused | Status::Connecting { offline_since: None } => "busy",
        Status::Connecting { .. } | Status::Waiting { .. } => "away",
        Status::SourceUnavailable { .. } => "stalled",
        Status::Refused { .. } => "refused",
    }
}

/// What a status is called. While it is tried again and again it stays the same.
fn words(status: Status) -> String {
    match status {
        Status::Live => "Live".to_owned(),
        Status::CatchingUp => "Catching up".to_owned(),
        Status::Paused => "Paused".to_owned(),
        Status::Connecting { offline_since: None } => "Connecting".to_owned(),
        Status::Connecting { offline_since: Some(since) } | Status::Waiting { offline_since: since, .. } => {
            format!("Offline since {}", wall_time(since))
        }
        Status::SourceUnavailable { since } => format!("Database unreachable since {}", wall_time(since)),
        status if is_signed_out(status) => "You are signed out".to_owned(),
        Status::Refused { .. } => "Disconnected".to_owned(),
    }
}

/// Whether there is nothing to retry: somebody has to sign in.
fn is_signed_out(status: Status) -> bool {
    matches!(status, Status::Refused { code } if code == CloseCode::SignedOut.code())
}

/// What happens next, if anything does.
fn outlook(status: Status, now: Option<i64>) -> Option<String> {
    match status {
        Status::Waiting { retry_at, .. } => {
            let left = i64::try_from(retry_at).ok()?.saturating_sub(now?);
            Some(if left > 0 { format!("retrying in {} s", left.div_euclid(1_000) + 1) } else { "retrying".to_owned() })
        }
        Status::Connecting { offline_since: Some(_) } => Some("retrying".to_owned()),
        Status::Refused { code } if !is_signed_out(status) => Some(Status::refusal(code)),
        _ => None,
    }
}

/// In the header of every page.
#[component]
pub(super) fn ConnectionBadge() -> impl IntoView {
    let connection = use_connection();
    let clock = use_clock();
    let status = Memo::new({
        let connection = connection.clone();
        move |_| connection.status()
    });
    // The fine clock is read only while something counts down.
    let outlook = Memo::new(move |_| {
        let status = status.get();
        outlook(status, matches!(status, Status::Waiting { .. }).then(|| clock.fine()).flatten())
    });
    let ticks = move || matches!(status.get(), Status::Waiting { .. } | Status::Connecting { .. });
    // The button stays the same one through all tries, so that it keeps the focus.
    let may_retry =
        Memo::new(move |_| matches!(look(status.get()), "away" | "refused") && !is_signed_out(status.get()));
    let location = use_location();
    let sign_in = move || {
        is_signed_out(status.get()).then(|| {
            let here = format!(
                "{}{}",
                location.pathname.get(),
                location.search.with(|query| match query.as_str() {
                    "" => String::new(),
                    query => format!("?{}", query.trim_start_matches('?')),
                })
            );
            view! {
                <a class="badge-retry" href=paths::sign_in(&here) rel="external">
                    "Sign in"
                </a>
            }
        })
    };
    let retry = move || {
        let connection = connection.clone();
        may_retry.get().then(move || {
            view! {
                <button type="button" class="badge-retry" on:click=move |_| connection.retry_now()>
                    "Retry now"
                </button>
            }
        })
    };
    view! {
        <div class=move || format!("badge scripted {}", look(status.get()))>
            <button
                type="button"
                class="badge-details"
                popovertarget=PANEL
                aria-label=move || format!("{}: connection details", words(status.get()))
                title="Connection details"
            >
                <span class="dot" aria-hidden="true"></span>
            </button>
            <span role="status">{move || words(status.get())}</span>
            <span class="badge-outlook" aria-hidden=move || ticks().to_string()>
                {move || outlook.get()}
            </span>
            {retry}
            {sign_in}
        </div>
        <ConnectionPanel />
        <p class="badge plain away">
            <span class="dot" aria-hidden="true"></span>
            "Live updates need JavaScript; this page shows the rows as of its loading"
        </p>
    }
}
