//! The middleware: who asks, by what they show, and whether they are let in.
//!
//! Read in this order: `Authorization: Bearer`, the session's cookie, a ticket in the query (handshakes only). Whatever
//! answers finds a [`Principal`] in the request's extensions. A credential that is worth nothing is refused where programs
//! are answered; a page takes it for none, and has the browser forget it.

use super::{
    Identity, cookie, origin, paths,
    recognise::{self, Recognised},
};
use crate::{
    hub::{Credential, Principal},
    protocol,
};
use axum::{
    Json,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Uri,
        header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, LOCATION, REFERER, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// When to come back if the database does not answer, in seconds.
const RETRY_AFTER_SECONDS: &str = "2";
/// The parameter with a ticket.
const TICKET: &str = "ticket";

/// Something that a request shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown<'r> {
    Token(&'r str),
    Cookie(&'r str),
    Ticket(&'r str),
}

/// Middleware for every route.
pub async fn gate(State(identity): State<Identity>, mut request: Request, next: Next) -> Response {
    if origin::is_foreign(request.method(), request.headers()) {
        return (StatusCode::FORBIDDEN, "this request comes from a page of another site\n").into_response();
    }
    let path = request.uri().path();
    if asks_nobody(path) {
        request.extensions_mut().insert(identity.nobody());
        return next.run(request).await;
    }
    let shown = shown(request.uri(), request.headers());
    let recognised = match shown {
        None => Ok(Recognised::Nobody),
        Some(Shown::Token(token)) => recognise::by_token(&identity.pool, token).await,
        Some(Shown::Cookie(token)) => recognise::by_cookie(&identity, token).await,
        Some(Shown::Ticket(ticket)) => recognise::by_ticket(&identity.pool, ticket).await,
    };
    let (principal, lasts_on) = match recognised {
        Ok(Recognised::Somebody { principal, lasts_on }) => (principal, lasts_on),
        Ok(Recognised::Nobody) => (identity.nobody(), false),
        Err(error) => {
            tracing::warn!(%error, "nobody can be recognised");
            return unavailable();
        }
    };
    let is_worthless = shown.is_some() && principal.credential == Credential::None;
    let of_program = path == protocol::PATH || path.starts_with(paths::API);
    let by_header = matches!(shown, Some(Shown::Token(_)));
    if is_worthless && (of_program || by_header) || of_program && !identity.lets_in(&principal) {
        return unauthorised(&request, is_worthless);
    }
    let over_tls = origin::is_over_tls(request.extensions());
    let keep = match shown {
        Some(Shown::Cookie(token)) if lasts_on => Some(cookie::set(token, identity.session, over_tls)),
        Some(Shown::Cookie(_)) if is_worthless => Some(cookie::clear(over_tls)),
        _ => None,
    };
    request.extensions_mut().insert(principal);
    let mut response = next.run(request).await;
    // Whoever signs in or out just now knows better.
    if let Some(keep) = keep.filter(|_| !response.headers().contains_key(SET_COOKIE)) {
        response.headers_mut().append(SET_COOKIE, keep);
    }
    response
}

/// Middleware for pages: those who are not let in are led to the form to sign in.
pub async fn admit(State(identity): State<Identity>, request: Request, next: Next) -> Response {
    let principal = request.extensions().get::<Principal>().cloned().unwrap_or_else(|| identity.nobody());
    let path = request.uri().path();
    let is_form = [paths::SIGN_IN, paths::SIGN_UP].contains(&path);
    let is_own = path == paths::ACCOUNT;
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let may = identity.lets_in(&principal) && (!is_own || principal.account.is_some());
    if reads && !may && !is_form {
        let wanted = request.uri().path_and_query().map_or("/", |wanted| wanted.as_str());
        return see_other(&paths::sign_in(wanted));
    }
    let mut response = next.run(request).await;
    // What one person saw is not shown again to the next at the same computer.
    if principal.credential != Credential::None || is_form {
        response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

/// What is the same for everybody, and asked for often.
fn asks_nobody(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/favicon.svg") || path.starts_with("/pkg/")
}

fn shown<'r>(uri: &'r Uri, headers: &'r HeaderMap) -> Option<Shown<'r>> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(Shown::Token(token.trim()))
    });
    let cookie = || cookie::read(headers).map(Shown::Cookie);
    let ticket = || {
        let query = uri.query().filter(|_| uri.path() == protocol::PATH)?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(name, value)| (name == TICKET).then_some(Shown::Ticket(value)))
    };
    bearer.or_else(cookie).or_else(ticket)
}

/// To a program, 401; to a person whose form went where programs are answered, the form to sign in.
fn unauthorised(request: &Request, is_worthless: bool) -> Response {
    let headers = request.headers();
    let of_form = headers.get(ACCEPT).is_some_and(|accept| accept.to_str().unwrap_or_default().contains("text/html"));
    if of_form && *request.method() == Method::POST {
        let from = headers.get(REFERER).and_then(|from| from.to_str().ok()?.parse::<Uri>().ok());
        let from = from.as_ref().and_then(Uri::path_and_query).map_or("/", |from| from.as_str());
        return see_other(&paths::sign_in(from));
    }
    let message = if is_worthless {
        "The credential is not valid (any more): sign in again, or use another token"
    } else {
        "Sign in first, or show a token: Authorization: Bearer …"
    };
    let said = Json(json!({ "error": paths::SIGNED_OUT, "code": paths::SIGNED_OUT, "message": message }));
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")], said).into_response()
}

/// Leads a browser on, whatever method it came with.
pub(super) fn see_other(address: &str) -> Response {
    let address = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(LOCATION, address), (CACHE_CONTROL, HeaderValue::from_static("no-store"))])
        .into_response()
}

fn unavailable() -> Response {
    let why = "the database does not answer, so nobody can be recognised; try again in a moment\n";
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, RETRY_AFTER_SECONDS)], why).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uri: &str, headers: &[(&'static str, &'static str)]) -> String {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
        let uri: Uri = uri.parse().unwrap();
        format!("{:?}", shown(&uri, &headers.collect::<HeaderMap>()))
    }

    #[test]
    fn a_header_wins_over_a_cookie_and_a_cookie_over_a_ticket() {
        let (bearer, cookie) = (("authorization", "bearer  abc"), ("cookie", "rowcast_session=def"));
        assert_eq!(of("/live?ticket=x", &[bearer, cookie]), "Some(Token(\"abc\"))");
        assert_eq!(of("/live?ticket=x", &[cookie]), "Some(Cookie(\"def\"))");
        assert_eq!(of("/live?a=b&ticket=x", &[("authorization", "Basic abc")]), "Some(Ticket(\"x\"))");
        assert_eq!(of("/?ticket=x", &[]), "None", "only for handshakes");
    }
}
