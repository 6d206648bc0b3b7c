//! A form that was sent by the browser itself, without JavaScript: it is answered by leading to a page.

use axum::http::{header::ACCEPT, request::Parts};
use leptos::prelude::use_context;

/// Whether the request is a form's, and not a program's.
pub(super) fn wants_a_page() -> bool {
    use_context::<Parts>()
        .and_then(|parts| parts.headers.get(ACCEPT)?.to_str().ok().map(|accept| accept.contains("text/html")))
        .unwrap_or(false)
}
