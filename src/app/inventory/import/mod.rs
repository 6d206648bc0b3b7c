//! Products from a file: looked at first, then imported all together, with one way back.
//!
//! | file | what it is | runs |
//! |---|---|---|
//! | `column`, `model` | which columns there are; what is told of an import | both, pure |
//! | `sheet` | a file as a table of cells | server, pure |
//! | `plan` | what a file would do | server, pure |
//! | `upload` | takes files | server |
//! | `keep`, `look` | files in the database, and what is shown of them | server |
//! | `places` | how many files are worked at in a server at a time | server |
//! | `carry_out`, `undo` | what they do, in one transaction each | server |
//! | `actions`, `form_answer` | the server functions, and how plain forms are answered | both, server |
//! | `page`, `choose`, `one`, `preview`, `progress` | the pages | both |
//! | `*.sql` | the tables of imports, and what is asked of them and of products | server |
//!
//! A file is kept with the products that it is about as they were shown, so that the preview, the import and the rows that are handed back
//! are made from the same, by one function. What is imported is what is exported.

mod actions;
#[cfg(feature = "ssr")]
mod carry_out;
mod choose;
mod column;
#[cfg(feature = "ssr")]
mod form_answer;
#[cfg(feature = "ssr")]
mod keep;
#[cfg(feature = "ssr")]
mod look;
mod model;
mod one;
mod page;
#[cfg(feature = "ssr")]
mod places;
#[cfg(feature = "ssr")]
mod plan;
mod preview;
mod progress;
#[cfg(feature = "ssr")]
mod sheet;
#[cfg(feature = "ssr")]
mod undo;
#[cfg(feature = "ssr")]
mod upload;

pub use actions::{ImportHome, LookAtImport, RunImport, UndoImport};
pub(in crate::app) use page::ImportPage;
#[cfg(feature = "ssr")]
pub use places::Places;
#[cfg(feature = "ssr")]
pub use upload::{Bounds, routes};

/// The page.
pub(in crate::app) const PATH: &str = "/import";
/// Where files go.
const UPLOAD: &str = "/api/import/file";
/// The rows of an import that have errors.
#[cfg(feature = "ssr")]
const REST: &str = "/api/import/rest/{id}";

/// The same of one import.
fn rest(id: i64) -> String {
    format!("/api/import/rest/{id}")
}
