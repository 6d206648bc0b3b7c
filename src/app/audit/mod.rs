//! The audit: what has happened, by whom and when, as the ledger has it. For administrators.
//!
//! | file | what it is | runs |
//! |---|---|---|
//! | `search` | what is looked for, as addresses and forms have it | both, pure |
//! | `model` | what the server tells | both, pure |
//! | `actions` | the server functions | both |
//! | `read` | what they do | server |
//! | `export` | all that a search finds, as NDJSON or CSV | server |
//! | `page`, `form`, `entry`, `newer` | the page | both |
//! | `download` | an export with its progress | both |
//! | `fetch` | what a browser does for that | browser |
//!
//! Invariant: nothing here writes. Events are never changed, so what a search had found at a moment can be read piece by piece, without
//! holding a connection of the database in between.

mod actions;
mod download;
mod entry;
#[cfg(feature = "ssr")]
mod export;
#[cfg(feature = "hydrate")]
mod fetch;
#[cfg(not(feature = "hydrate"))]
#[path = "fetch_none.rs"]
mod fetch;
mod form;
mod model;
mod newer;
mod page;
#[cfg(feature = "ssr")]
mod read;
mod search;

pub use actions::{CountNewer, SearchAudit};
#[cfg(feature = "ssr")]
pub use export::routes;
pub(super) use page::AuditPage;
