//! Who may do what in which conversation: by the policies, and by what a conversation is, whatever the policies say.

use super::{failure::Failure, wire::Refusal};
use crate::{changelog::statement, hub::Principal, protocol::Role, rights::Beheld};
use sqlx::{PgConnection, Row as _};

/// The tables that decide.
pub(super) const CHATS: &str = "public.chats";
pub(super) const MESSAGES: &str = "public.chat_messages";

/// A conversation that is held until the transaction ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) id: i64,
    pub(super) is_room: bool,
    /// Whose it is, if it is private.
    pub(super) members: Vec<i64>,
    /// What the room is called.
    pub(super) name: String,
    /// The number of the newest message.
    pub(super) last: i64,
}

/// How a conversation is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// Nobody else changes it or what is in it.
    Writing,
    /// Nobody changes it.
    Reading,
}

/// The account of whoever asks: only people write, and whoever shows a token for some tables has not been said to write anywhere.
pub(super) fn account(principal: &Principal) -> Result<i64, Refusal> {
    match principal.account {
        Some(account) if principal.tables.is_none() && principal.role >= Role::Customer => Ok(account),
        _ => Err(Refusal::SignedOut),
    }
}

/// Whether somebody works here.
pub(super) fn works_here(principal: &Principal) -> bool {
    principal.role >= Role::Staff
}

/// Whether a person can be in a conversation at all.
pub(super) fn may_be_in(is_room: bool, members: &[i64], account: i64, role: Role) -> bool {
    if is_room { role >= Role::Staff } else { members.contains(&account) }
}

/// Holds a conversation that somebody sees. For everybody else there is none.
pub(super) async fn hold(
    connection: &mut PgConnection,
    principal: &Principal,
    id: i64,
    how: For,
) -> Result<Held, Failure> {
    let account = account(principal)?;
    let row = Beheld::read(connection, CHATS, &[("id", id)]).await?.ok_or(Refusal::NotFound)?;
    if row.by(connection, principal).await?.is_empty() {
        return Err(Refusal::NotFound.into());
    }
    let sql = match how {
        For::Writing => {
            "select kind = 'room' as is_room, members, name, last from public.chats where id = $1 for no key update"
        }
        For::Reading => {
            "select kind = 'room' as is_room, members, name, last from public.chats where id = $1 for share"
        }
    };
    let found = statement::query(sql).bind(id).fetch_optional(&mut *connection).await?.ok_or(Refusal::NotFound)?;
    let (is_room, members) = (found.try_get("is_room")?, found.try_get::<Vec<i64>, _>("members")?);
    if !may_be_in(is_room, &members, account, principal.role) {
        return Err(Refusal::NotFound.into());
    }
    Ok(Held { id, is_room, members, name: found.try_get("name")?, last: found.try_get("last")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_conversation_is_for_its_two_people_and_a_room_for_those_who_work_here() {
        for role in [Role::Anonymous, Role::Customer, Role::Staff, Role::Admin] {
            assert!(may_be_in(false, &[3, 7], 3, role) && !may_be_in(false, &[3, 7], 5, role), "{role}");
            assert_eq!(may_be_in(true, &[], 3, role), role >= Role::Staff);
        }
    }

    #[test]
    fn only_people_with_an_account_write() {
        let person = Principal { account: Some(7), ..Principal::nobody(Role::Staff) };
        assert_eq!(account(&person), Ok(7));
        assert_eq!(account(&Principal::nobody(Role::Admin)), Err(Refusal::SignedOut));
        let narrow = Principal { tables: Some([CHATS.to_owned()].into()), ..person };
        assert_eq!(account(&narrow), Err(Refusal::SignedOut));
    }
}
