//! People: who they are, how they sign in, what they show to be recognised, and what becomes of it.
//!
//! | file | what it is | runs |
//! |---|---|---|
//! | `paths`, `form`, `notice`, `visitor`, `shown` | addresses, what may be typed, what became of it, who looks at a page and what it shows of people | both, pure |
//! | `secret` | tokens and passwords that nobody can guess | server |
//! | `password` | argon2id, away from the async threads | server |
//! | `account`, `login`, `token`, `ticket` | the tables, one each | server |
//! | `throttle` | who tries too often must wait | server |
//! | `recognise` | from a credential to a [`Principal`](crate::hub::Principal), and whether it still holds | server |
//! | `gate` | the middleware: who asks, and whether they are let in | server |
//! | `cookie`, `origin` | the session's cookie, and which site a form comes from | server |
//! | `sign_in`, `account_forms`, `endpoints` | what the forms do, and two addresses for programs | server |
//! | `demo` | three accounts to look around with | server |
//!
//! Not here: what somebody may see, which is the policies' business.
//!
//! Invariants:
//! - What is stored cannot be used to sign in. Secrets are shown once and never logged.
//! - An address without an account is answered as one with a wrong password is: same text, same work, same waits.
//! - Everything that ends or changes a session is told to all servers in the transaction that does it.

pub mod form;
pub mod notice;
pub mod paths;
pub mod shown;
pub mod visitor;

#[cfg(feature = "ssr")]
pub mod account;
#[cfg(feature = "ssr")]
mod account_forms;
#[cfg(feature = "ssr")]
mod cookie;
#[cfg(feature = "ssr")]
pub mod demo;
#[cfg(feature = "ssr")]
mod endpoints;
#[cfg(feature = "ssr")]
mod error;
#[cfg(feature = "ssr")]
mod gate;
#[cfg(feature = "ssr")]
pub mod login;
#[cfg(feature = "ssr")]
mod origin;
#[cfg(feature = "ssr")]
mod password;
#[cfg(feature = "ssr")]
mod recognise;
#[cfg(feature = "ssr")]
mod secret;
#[cfg(feature = "ssr")]
mod sign_in;
#[cfg(feature = "ssr")]
mod state;
#[cfg(feature = "ssr")]
mod sweep;
#[cfg(feature = "ssr")]
mod throttle;
#[cfg(feature = "ssr")]
pub mod ticket;
#[cfg(feature = "ssr")]
pub mod token;

#[cfg(feature = "ssr")]
pub use {
    endpoints::routes,
    error::IdentityError,
    gate::{admit, gate},
    origin::{ClientAddress, OverTls},
    password::generate as generate_password,
    recognise::{Standing, check},
    state::{Anonymous, Identity},
    sweep::sweep,
    throttle::customer,
};
