//! Many products at once: they are picked in the list, and their pieces are moved together, with one way back.
//!
//! | file | what it is | runs |
//! |---|---|---|
//! | `picks` | which products are picked | both |
//! | `actions` | the server functions | both |
//! | `statements` | what they do: all of it or nothing, in one transaction | server |
//! | `bar` | the form above the list | both |

mod actions;
mod bar;
mod picks;
#[cfg(feature = "ssr")]
mod statements;

#[cfg(feature = "ssr")]
pub(super) use actions::Adjusted;
pub use actions::{AdjustMany, MoveBack};
pub(super) use {
    actions::{ManyRefusal, told},
    bar::{BulkBar, PickButton},
    picks::{PARAMETER, PickBox, Picks},
};
