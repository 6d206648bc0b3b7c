//! The inventory's past: as it was at any moment that is still known, what changed then and who did it.
//!
//! | file | what it is | runs |
//! |---|---|---|
//! | `stamp` | a moment, as addresses have it | both, pure |
//! | `scope` | of what the past is: everything, or one product | both, pure |
//! | `model` | what the server tells of the past | both, pure |
//! | `rows` | rows that go from moment to moment | both, pure |
//! | `actions` | the server functions | both |
//! | `read` | what they do | server |
//! | `journey` | where the person is in time, and what they have heard | both |
//! | `page`, `controls`, `moment`, `table`, `timeline`, `compare`, `parts` | the page | both |
//!
//! It is for those who work here. What the changelog does not have any more is said and not guessed. The last stop is the
//! present: there the page is as live as the inventory itself.

mod actions;
mod compare;
mod controls;
mod journey;
mod model;
mod moment;
mod page;
mod parts;
#[cfg(feature = "ssr")]
mod read;
mod rows;
mod scope;
mod stamp;
mod table;
mod timeline;

pub use actions::{ComparePast, ReadPast};
pub(super) use {page::HistoryPage, stamp::Stamp};
