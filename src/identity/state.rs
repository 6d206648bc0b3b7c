//! What all of this part shares while a server runs.

use super::demo::DemoAccount;
use crate::{
    hub::{Credential, Principal},
    protocol::Role,
};
use serde::Deserialize;
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};

/// What those are who have not signed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Anonymous {
    /// Nobody: they see the form to sign in and nothing else.
    #[default]
    Nobody,
    /// Whatever is granted to the role `anonymous`.
    Anonymous,
    /// As if they were a customer.
    Customer,
    /// As if they worked here.
    Staff,
    /// As if they ran this.
    Admin,
}

impl Anonymous {
    /// Their role, if they are let in.
    pub fn role(self) -> Option<Role> {
        match self {
            Self::Nobody => None,
            Self::Anonymous => Some(Role::Anonymous),
            Self::Customer => Some(Role::Customer),
            Self::Staff => Some(Role::Staff),
            Self::Admin => Some(Role::Admin),
        }
    }

    /// Whether strangers get the rights of an account: then nobody but this machine may reach the server.
    pub fn is_for_loopback_only(self) -> bool {
        self.role().is_some_and(Role::is_of_accounts)
    }
}

/// Shared by the middleware and the forms. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Where people are stored.
    pub pool: PgPool,
    /// What those are who have not signed in.
    pub anonymous: Anonymous,
    /// How long somebody who does not come back stays signed in.
    pub session: Duration,
    /// Whether everybody may make an account.
    pub sign_up: bool,
    /// Accounts that the form to sign in offers, with their passwords.
    pub demo: Arc<[DemoAccount]>,
}

impl Identity {
    /// Somebody who has shown nothing.
    pub fn nobody(&self) -> Principal {
        Principal::nobody(self.anonymous.role().unwrap_or_default())
    }

    /// Whether somebody sees anything but the form to sign in.
    pub fn lets_in(&self, principal: &Principal) -> bool {
        principal.credential != Credential::None || self.anonymous.role().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::Anonymous;

    #[test]
    fn strangers_get_the_rights_of_an_account_on_loopback_only() {
        let of = |anonymous: Anonymous| (anonymous.role().is_some(), anonymous.is_for_loopback_only());
        assert_eq!(of(Anonymous::Nobody), (false, false));
        assert_eq!(of(Anonymous::Anonymous), (true, false));
        for anonymous in [Anonymous::Customer, Anonymous::Staff, Anonymous::Admin] {
            assert_eq!(of(anonymous), (true, true));
        }
    }
}
