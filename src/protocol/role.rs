//! Roles: what somebody is to the app. Policies grant rows to roles, not to people.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What somebody is to the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", from = "String")]
pub enum Role {
    /// Has not signed in, or is a word of a newer server.
    #[default]
    Anonymous,
    /// Has an account, and sees what is theirs.
    Customer,
    /// Works here.
    Staff,
    /// Runs this.
    Admin,
}

impl Role {
    /// All of them, from the least.
    pub const ALL: [Self; 4] = [Self::Anonymous, Self::Customer, Self::Staff, Self::Admin];

    /// As it is written everywhere.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::Admin => "admin",
        }
    }

    /// Whether an account may have it.
    pub const fn is_of_accounts(self) -> bool {
        !matches!(self, Self::Anonymous)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// A word that is no role's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no role: there are anonymous, customer, staff and admin")]
pub struct UnknownRole(String);

impl From<String> for Role {
    fn from(word: String) -> Self {
        word.parse().unwrap_or_default()
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(word: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.word() == word).ok_or_else(|| UnknownRole(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Role;

    #[test]
    fn roles_are_read_as_they_are_written() {
        for role in Role::ALL {
            assert_eq!(role.word().parse(), Ok(role));
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("{:?}", role.word()));
        }
        assert!("Admin".parse::<Role>().is_err() && "".parse::<Role>().is_err());
        assert_eq!(serde_json::from_str::<Role>("\"emperor\"").unwrap(), Role::Anonymous, "of a newer server");
    }
}
