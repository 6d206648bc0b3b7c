//! What has changed glows.

use leptos::web_sys::Element;

/// Attribute whose change lets an element glow; two values, because the same animation does not start twice.
const GLOW: &str = "data-glow";

/// Something of this has changed.
pub(super) fn glow(element: &Element) {
    let next = if element.get_attribute(GLOW).as_deref() == Some("a") { "b" } else { "a" };
    // Fails only for names that are no attribute's.
    let _ = element.set_attribute(GLOW, next);
}

/// The part of it that this selects has, if it is there.
pub(super) fn glow_within(element: &Element, selector: &str) {
    if let Ok(Some(part)) = element.query_selector(selector) {
        glow(&part);
    }
}
