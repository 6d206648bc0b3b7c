//! What pages show of people, as it travels from the server to the browser.

use crate::protocol::Role;
use serde::{Deserialize, Serialize};

/// One of a person's logins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedLogin {
    /// Its number.
    pub id: i64,
    /// Whether it is the one that asks.
    pub here: bool,
    /// From which network.
    pub address: String,
    /// What the browser says it is.
    pub agent: String,
    /// When, in UTC, to the minute.
    pub created_at: String,
    /// When it was last used, in UTC, give or take an hour.
    pub seen_at: String,
}

/// An account of the demo, with its password in clear.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoAccount {
    /// How they sign in.
    pub email: String,
    /// What people call them.
    pub name: String,
    /// What they are to the app.
    pub role: Role,
    /// In clear.
    pub password: String,
}

impl std::fmt::Debug for DemoAccount {
    /// Without the password, which must not get into a log.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("DemoAccount").field("email", &self.email).finish_non_exhaustive()
    }
}
