//! New words and the time in a browser. No secrets: they could be guessed.

use leptos::web_sys::js_sys::{Date, Math};

pub(super) fn word() -> String {
    let half = || (Math::random() * u64::MAX as f64) as u64;
    format!("{:016x}{:016x}", half(), half())
}

pub(super) fn millis() -> i64 {
    Date::now() as i64
}
