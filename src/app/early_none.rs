//! On a server nobody chooses anything.

pub(super) fn chosen(_: &str) -> Option<String> {
    None
}
