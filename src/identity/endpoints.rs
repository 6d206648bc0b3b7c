//! The addresses that this part answers: forms, and two for programs.

use super::{Identity, account_forms, paths, sign_in, ticket, visitor::Person};
use crate::hub::{Credential, Principal};
use axum::{
    Extension, Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::json;

/// Largest form that is read, in bytes.
const MAX_FORM_BYTES: usize = 16 * 1024;

/// All of them. The forms themselves are pages of the app.
pub fn routes(identity: Identity) -> Router {
    Router::new()
        .route(paths::SIGN_IN, post(sign_in::sign_in))
        .route(paths::SIGN_UP, post(sign_in::sign_up))
        .route(paths::PASSWORD, post(account_forms::change_password))
        .route(paths::SIGN_OUT, post(account_forms::sign_out))
        .route(paths::SIGN_OUT_EVERYWHERE, post(account_forms::sign_out_everywhere))
        .route(paths::END_LOGIN, post(account_forms::end_login))
        .route(paths::WHOAMI, get(whoami))
        .route(paths::TICKET, post(issue))
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .with_state(identity)
}

/// Whoever asks, as pages know them. Those who are not let in do not come this far.
async fn whoami(Extension(principal): Extension<Principal>) -> Response {
    let person = Person { id: principal.id(), name: principal.name.to_string(), role: principal.role };
    unstored(Json(person))
}

/// A ticket for whoever is signed in or shows a token.
async fn issue(State(identity): State<Identity>, Extension(principal): Extension<Principal>) -> Response {
    if principal.credential == Credential::None {
        return (StatusCode::UNAUTHORIZED, "tickets are for those who are signed in or show a token\n").into_response();
    }
    match ticket::issue(&identity.pool, principal.credential).await {
        Ok(Some(ticket)) => unstored(Json(json!({ "ticket": ticket, "seconds": ticket::SECONDS }))),
        Ok(None) => {
            let wait = HeaderValue::from(ticket::SECONDS);
            (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, wait)], "too many tickets wait to be used\n").into_response()
        }
        Err(error) => {
            tracing::warn!(%error, "a ticket could not be made");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer; try again in a moment\n").into_response()
        }
    }
}

fn unstored(answer: impl IntoResponse) -> Response {
    ([(CACHE_CONTROL, HeaderValue::from_static("no-store"))], answer).into_response()
}
