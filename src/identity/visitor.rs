//! Who looks at a page: made by the server, handed to the browser with the page, and read there without asking again.

use crate::protocol::Role;
use leptos::prelude::{SharedValue, provide_context, use_context};
use serde::{Deserialize, Serialize};

/// Somebody, as far as a page needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The number of the account, or `token:` and that of the token; none for those who have not signed in.
    pub id: Option<String>,
    /// What people call them; empty for nobody in particular.
    pub name: String,
    /// What they are to the app.
    pub role: Role,
}

impl Person {
    /// Whether they may change what everybody sees.
    pub fn works_here(&self) -> bool {
        self.role >= Role::Staff
    }
}

/// Who looks at the page, and what that page may offer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// Who.
    pub person: Person,
    /// Whether they see anything but the forms to sign in.
    pub is_let_in: bool,
    /// Whether everybody may make an account.
    pub sign_up: bool,
}

impl Visitor {
    /// Whether they have an account and are signed in to it.
    pub fn is_signed_in(&self) -> bool {
        self.person.id.is_some()
    }
}

/// Makes the visitor known to all components below. `of_request` is asked on the server; the browser reads what came with the
/// page.
pub fn provide_visitor(of_request: impl FnOnce() -> Visitor) -> Visitor {
    let visitor = SharedValue::new(of_request).into_inner();
    provide_context(visitor.clone());
    visitor
}

/// Who looks at the page.
pub fn use_visitor() -> Visitor {
    use_context().unwrap_or_default()
}

/// Who asked for the page, or for what a server function does, if that is known. A token that is for some tables works nowhere:
/// which of them it may change nobody has said.
#[cfg(feature = "ssr")]
pub fn person_asking() -> Option<Person> {
    principal_asking().map(|principal| person_of(&principal))
}

/// Whom a page knows somebody as.
#[cfg(feature = "ssr")]
pub fn person_of(principal: &crate::hub::Principal) -> Person {
    let role = if principal.tables.is_some() { principal.role.min(Role::Customer) } else { principal.role };
    Person { id: principal.id(), name: principal.name.to_string(), role }
}

/// The same, as the hub knows them.
#[cfg(feature = "ssr")]
pub fn principal_asking() -> Option<crate::hub::Principal> {
    use_context::<axum::http::request::Parts>()?.extensions.get().cloned()
}

/// Who asked for the page, with what it may offer.
#[cfg(feature = "ssr")]
pub fn of_request() -> Visitor {
    let identity = use_context::<super::Identity>();
    Visitor {
        is_let_in: principal_asking()
            .is_some_and(|principal| identity.as_ref().is_some_and(|identity| identity.lets_in(&principal))),
        person: person_asking().unwrap_or_default(),
        sign_up: identity.is_some_and(|identity| identity.sign_up),
    }
}

/// In a browser everything came with the page.
#[cfg(not(feature = "ssr"))]
pub fn of_request() -> Visitor {
    Visitor::default()
}
