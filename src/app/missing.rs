//! What a list says in its own place when its rows are not there, or not current: that they are on their way, or why they do not come.

use crate::{
    protocol::ErrorCode,
    store::{LiveQuery, LiveRow, Phase, QueryError, ReadError},
};
use leptos::prelude::*;

/// Why there are no rows, or none that are current.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// They are on their way.
    Coming,
    /// They do not come, or do not follow the database any more. For people.
    Failed(String),
}

/// What is to be said in the place of a query's rows, if anything. `what` they are begins the sentence. Tracked.
pub(super) fn missing<T: LiveRow>(query: LiveQuery<T>, what: &str) -> Option<Missing> {
    match (query.error(), query.phase()) {
        (Some(error), _) if is_denied(&error) => Some(Missing::Failed(format!("{what} cannot be shown to you."))),
        (Some(error), _) => Some(Missing::Failed(format!("{what} cannot be shown as of now: {error}."))),
        (None, Phase::Loading) => Some(Missing::Coming),
        (None, _) => None,
    }
}

/// Says it, if anything is to be said.
#[component]
pub(super) fn InPlace<T: LiveRow>(
    /// Whose rows would be here.
    query: LiveQuery<T>,
    /// What they are: the beginning of a sentence.
    what: &'static str,
) -> impl IntoView {
    let missing = Memo::new(move |_| missing(query, what));
    move || {
        missing.get().map(|missing| match missing {
            Missing::Coming => view! { <p class="hint" role="status">"Loading…"</p> }.into_any(),
            Missing::Failed(words) => view! { <p class="problem" role="alert">{words}</p> }.into_any(),
        })
    }
}

/// Whether rows are missing because whoever asks has no right to any of their kind, or there is no such kind: which one is not said.
pub(super) fn is_denied(error: &QueryError) -> bool {
    match error {
        QueryError::Read(ReadError::NotTracked(_)) => true,
        QueryError::Read(ReadError::Refused(refusal)) | QueryError::Subscription(refusal) => {
            refusal.code == ErrorCode::UnknownTable
        }
        QueryError::Read(_) => false,
    }
}
