//! The JSON API of orders, for shops and scripts: `API.md` documents it.
//!
//! | file | what it is |
//! |---|---|
//! | `body`, `query` | what a request may say; what it may not is refused by name |
//! | `answer` | refusals and rows as answers |
//! | `read` | looking at orders |
//!
//! Commands are those that pages use, so both are checked by the same code. Who asks, the gate has found out; that a request
//! comes from a page of another site, the guard has refused.

mod answer;
mod body;
mod query;
mod read;

use super::{
    access::may_ask,
    refusal::{Refusal, RefusalCode},
    sight::Readers,
    step::Step,
    wire::Done,
};
use crate::hub::Principal;
use answer::{Told, json};
use axum::{
    Extension, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, RawQuery, State, rejection::BytesRejection},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, LOCATION},
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};
use sqlx::PgPool;

/// Largest body that is read, in bytes: a hundred lines and a note, in any notation.
const MAX_BODY_BYTES: usize = 32 * 1024;
/// The header of a key.
const KEY: &str = "idempotency-key";

type Answered = Result<Response, Told>;
type Body = Result<Bytes, BytesRejection>;

/// What answers are made from.
#[derive(Clone)]
struct Api {
    pool: PgPool,
    readers: Readers,
}

/// All addresses.
pub fn routes(pool: PgPool, readers: Readers) -> Router {
    Router::new()
        .route("/api/orders", get(list).post(create).fallback(no_such_method))
        .route("/api/orders/{id}", get(one).fallback(no_such_method))
        .route("/api/orders/{id}/events", get(events).fallback(no_such_method))
        .route("/api/orders/{id}/{step}", post(act).fallback(no_such_method))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Api { pool, readers })
}

async fn list(
    State(api): State<Api>,
    Extension(principal): Extension<Principal>,
    RawQuery(query): RawQuery,
) -> Answered {
    may_ask(&principal)?;
    let page = query::page(query.as_deref().unwrap_or_default())?;
    Ok(json(StatusCode::OK, read::list(&api, &principal, &page).await?))
}

async fn create(
    State(api): State<Api>,
    Extension(principal): Extension<Principal>,
    headers: HeaderMap,
    body: Body,
) -> Answered {
    may_ask(&principal)?;
    let mut place = body::place(&read_body(&headers, body)?)?;
    place.key = key(&headers)?;
    let done = super::place(&api.pool, &api.readers, &principal, place).await?;
    let mut response = json(StatusCode::CREATED, written(done));
    if let Ok(location) = HeaderValue::from_str(&format!("/api/orders/{}", done.id)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

async fn one(
    State(api): State<Api>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answered {
    may_ask(&principal)?;
    query::none(query.as_deref().unwrap_or_default())?;
    Ok(json(StatusCode::OK, read::one(&api, &principal, number(&id)?).await?))
}

async fn events(
    State(api): State<Api>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answered {
    may_ask(&principal)?;
    query::none(query.as_deref().unwrap_or_default())?;
    Ok(json(StatusCode::OK, read::events(&api, &principal, number(&id)?).await?))
}

async fn act(
    State(api): State<Api>,
    Extension(principal): Extension<Principal>,
    Path((id, step)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Answered {
    may_ask(&principal)?;
    let step: Step =
        step.parse().map_err(|unknown: super::UnknownStep| Refusal::new(RefusalCode::NotFound, unknown.to_string()))?;
    let id = number(&id)?;
    let mut details = body::details(&read_body(&headers, body)?)?;
    details.key = key(&headers)?;
    let done = super::step(&api.pool, &api.readers, &principal, id, step, details).await?;
    Ok(json(StatusCode::OK, written(done)))
}

async fn no_such_method() -> Told {
    Refusal::new(RefusalCode::MethodNotAllowed, "Orders are read with GET; what changes them is sent with POST").into()
}

fn written(done: Done) -> String {
    serde_json::to_string(&done).expect("an answer has string keys only")
}

/// The number of an order. What is none is the number of no order.
fn number(id: &str) -> Result<i64, Refusal> {
    let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let number = plain.then(|| id.parse().ok()).flatten();
    number.ok_or_else(|| Refusal::new(RefusalCode::NotFound, "Orders have whole numbers; there is no such order"))
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let mut keys = headers.get_all(KEY).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    let text = key.to_str().ok().filter(|_| keys.next().is_none());
    let text = text.ok_or_else(|| {
        Refusal::of_field(RefusalCode::Malformed, "Idempotency-Key", "There is one Idempotency-Key at most, in ASCII")
    })?;
    Ok(Some(text.to_owned()))
}

fn read_body(headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    let body = body.map_err(|rejection| match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Refusal::new(RefusalCode::TooLarge, format!("A request has at most {MAX_BODY_BYTES} bytes"))
        }
        _ => Refusal::new(RefusalCode::Malformed, "The request ended before it was complete"),
    })?;
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !body.is_empty() && !kind.eq_ignore_ascii_case("application/json") {
        let message = "What is sent must be JSON, and say so: Content-Type: application/json";
        return Err(Refusal::of_field(RefusalCode::Malformed, "Content-Type", message));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_are_numbers_of_orders() {
        assert_eq!(number("1042"), Ok(1_042));
        for id in ["", "-1", "+1", "1.0", "1e3", "abc", "99999999999999999999", "١"] {
            assert_eq!(number(id).expect_err("is none").code, RefusalCode::NotFound, "{id}");
        }
    }
}
