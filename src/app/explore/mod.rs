//! The explorer: any table that somebody may read as a live grid, without code.
//!
//! | file | what it is | runs |
//! |---|---|---|
//! | `ask` | what is asked, as addresses and forms have it, and as it travels | both, pure |
//! | `model` | what the server tells: tables, columns, changes | both, pure |
//! | `cell` | how a value is shown; pure | both |
//! | `snippet` | the question in other languages; pure | both |
//! | `actions` | the server functions | both |
//! | `read` | what they do | server |
//! | `page`, `tables`, `start` | the page, the list of tables, and what is there before one is chosen | both |
//! | `controls` | the form that asks | both |
//! | `grid`, `row`, `inspect` | the rows, one of them, and one of them in full | both |
//! | `log` | which transactions changed them | both |
//! | `copy`, `clipboard` | taking the question along | both; the browser |
//!
//! Invariant: nothing here knows any table. What may be read is decided where every question is answered, so the page has no rights of
//! its own, and shows nothing that a script with the same rights would not be told.

mod actions;
mod ask;
mod cell;
#[cfg(feature = "hydrate")]
mod clipboard;
#[cfg(not(feature = "hydrate"))]
#[path = "clipboard_none.rs"]
mod clipboard;
mod controls;
mod copy;
mod grid;
mod inspect;
mod log;
mod model;
mod page;
#[cfg(feature = "ssr")]
mod read;
mod row;
mod snippet;
mod start;
mod tables;

pub use actions::{KnownTables, RecentChanges};
pub(super) use page::ExplorePage;
