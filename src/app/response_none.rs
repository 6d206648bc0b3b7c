//! In a browser there is no response to set a status on.

pub(super) fn set_status(_: u16) {}
