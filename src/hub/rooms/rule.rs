//! What becomes of sessions whose rights change: whoever lost a right to a room is out of it in the same step.

use super::{Effect, RoomName, Rooms, frames, rights::Rights};

impl Rooms {
    /// These rules hold from now on.
    pub(in crate::hub) fn set_rights(&mut self, rights: Rights) {
        if self.rights == rights {
            return;
        }
        self.rights = rights;
        let mut lost: Vec<(u64, RoomName)> = Vec::new();
        for (session, own) in &self.sessions {
            let rooms = own.joined.keys().filter(|room| !self.rights.may_join(room, &own.principal));
            lost.extend(rooms.map(|room| (*session, room.clone())));
        }
        for (session, room) in lost {
            self.depart(session, &room);
            let frame = frames::expelled(&room);
            self.effects.push(Effect::Forget { session, room });
            self.effects.push(Effect::Insist { session, frame });
        }
    }
}
