//! Who looks at the page, as far as chat goes.

use crate::{identity::visitor::use_visitor, protocol::Role};

/// Somebody with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Me {
    pub(super) account: i64,
    pub(super) works_here: bool,
    /// Whether they may delete what others say in rooms.
    pub(super) clears: bool,
}

/// Whoever looks, if they have an account: a token has none.
pub(super) fn use_me() -> Option<Me> {
    let person = use_visitor().person;
    let account = person.id.as_ref()?.parse().ok()?;
    Some(Me { account, works_here: person.works_here(), clears: person.role >= Role::Admin })
}
