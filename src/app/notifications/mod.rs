//! Notifications: what a person is told of, on all their devices, until they have read it.
//!
//! They are rows. Whoever was offline gets them when they are back, and what is read on one device is read on all.
//!
//! | file | what it is | runs |
//! |---|---|---|
//! | `row` | a notification | both |
//! | `actions` | the server functions | both |
//! | `statements`, `mark.sql`, `form_answer` | what they do, and how plain forms are answered | server |
//! | `reading` | marking as read: shown at once, taken back if it is refused | both |
//! | `bell`, `arrivals` | in the header: how many are unread; a message for each new one | both |
//! | `page`, `item` | the page; what its address says | both |
//!
//! Not here: who is told of what, which whoever writes them decides.

mod actions;
mod arrivals;
mod bell;
#[cfg(feature = "ssr")]
mod form_answer;
mod item;
mod page;
mod reading;
mod row;
#[cfg(feature = "ssr")]
mod statements;

pub use actions::{MarkAllRead, MarkRead};
pub(super) use {bell::Bell, page::NotificationsPage};
