//! The pages for people: to sign in, to sign up, and a person's own account.
//!
//! | file | what it is |
//! |---|---|
//! | `sign_in`, `sign_up`, `own` | a page each |
//! | `logins` | where a person is signed in |
//! | `offers` | the accounts of the demo, to sign in with one click |
//! | `person` | in the header: who one is, or a link to sign in |
//! | `parts` | what they are made of |
//!
//! All of them are plain forms, sent and answered as such also where there is JavaScript: whoever signs in or out gets a new
//! page, with another connection and other rows. So links to them leave the router (`rel="external"`).

mod logins;
mod offers;
mod own;
mod parts;
mod person;
mod sign_in;
mod sign_up;

pub use logins::OwnLogins;
pub(super) use {own::AccountPage, person::PersonLink, sign_in::SignInPage, sign_up::SignUpPage};
