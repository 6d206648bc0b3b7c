//! The status of the page that is being rendered.

use axum::http::StatusCode;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

/// Sets the HTTP status; codes that are none change nothing.
pub(super) fn set_status(code: u16) {
    if let (Some(response), Ok(code)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(code)) {
        response.set_status(code);
    }
}
