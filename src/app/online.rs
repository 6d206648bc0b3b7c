//! Who of those who work here has a page open: they are all in one room, whichever page it is.

use crate::store::{LiveRoom, RoomStatus, use_room};
use leptos::prelude::*;
use std::collections::BTreeSet;

/// The room. Customers are not in it: there may be very many of them, and each would be told of each.
pub const ROOM: &str = "app:staff";

/// For everybody on the page; nobody knows anything who does not work here.
#[derive(Clone, Copy)]
pub(super) struct Online(Option<LiveRoom>);

/// Is in the room for as long as the page is open.
pub(super) fn provide_online(works_here: bool) {
    provide_context(Online(works_here.then(|| use_room(ROOM, ()))));
}

/// The room that [`provide_online`] is in.
pub(super) fn use_online() -> Online {
    expect_context()
}

impl Online {
    /// How many people, however many pages each of them has open. None while that is not known. Tracked.
    pub(super) fn people(self) -> Option<usize> {
        let room = self.0.filter(|room| matches!(room.status(), RoomStatus::Joined))?;
        let people: BTreeSet<String> = room.members().into_iter().map(|one| one.user.unwrap_or(one.session)).collect();
        Some(people.len()).filter(|people| *people > 0)
    }
}
