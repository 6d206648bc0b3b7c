//! Who is on the other end of a session.

use crate::protocol::{Role, User};
use std::{borrow::Cow, sync::Arc};

/// By what somebody was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    /// By nothing.
    None,
    /// By a login with this number: a person in a browser.
    Login(i64),
    /// By an API token with this number: a script or a service.
    Token(i64),
}

/// Somebody, as recognised when the session began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The number of the account; none without one, and for API tokens.
    pub account: Option<i64>,
    /// What people call them; empty for nobody in particular.
    pub name: Arc<str>,
    /// What they are to the app.
    pub role: Role,
    /// How they were recognised.
    pub credential: Credential,
    /// Only these tables (`schema.table`), whatever the role may see; `None` for no such restriction.
    pub tables: Option<Arc<[String]>>,
}

impl Principal {
    /// Somebody who has shown nothing, and is taken for somebody of this role.
    pub fn nobody(role: Role) -> Self {
        Self { account: None, name: "".into(), role, credential: Credential::None, tables: None }
    }

    /// What others know them by: the account's number, or that of the token. None for those without either.
    pub fn id(&self) -> Option<String> {
        match (self.account, self.credential) {
            (Some(account), _) => Some(account.to_string()),
            (None, Credential::Token(token)) => Some(format!("token:{token}")),
            (None, _) => None,
        }
    }

    /// Equal for those who may see the same, as long as policies stay the same. Empty for those who are nobody and have no role.
    pub fn rights(&self) -> String {
        match self.id() {
            Some(id) => format!("{}:{id}", self.role),
            None if self.role == Role::Anonymous => String::new(),
            // What all who are nobody may see is a setting, which may change.
            None => self.role.to_string(),
        }
    }

    /// As others see them, if they are somebody.
    pub fn user(&self) -> Option<User<'_>> {
        Some(User { id: self.id()?.into(), name: Cow::Borrowed(&self.name), role: self.role })
    }
}

impl Default for Principal {
    fn default() -> Self {
        Self::nobody(Role::Anonymous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A position is worth nothing to whoever has other rights, whatever they are recognised by.
    #[test]
    fn who_may_see_something_else_has_other_rights() {
        let somebody = |account, role| Principal { account: Some(account), ..Principal::nobody(role) };
        let token = Principal { credential: Credential::Token(7), ..Principal::nobody(Role::Staff) };
        let all = [
            Principal::nobody(Role::Anonymous),
            Principal::nobody(Role::Customer),
            Principal::nobody(Role::Staff),
            somebody(7, Role::Customer),
            somebody(7, Role::Staff),
            somebody(8, Role::Staff),
            token,
        ];
        let rights: std::collections::BTreeSet<String> = all.iter().map(Principal::rights).collect();
        assert_eq!(rights.len(), all.len(), "{rights:?}");
    }
}
