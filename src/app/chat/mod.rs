//! The pages of chat: conversations, the one that is open, a new one, what a search finds.
//!
//! | file | what it is | runs |
//! |---|---|---|
//! | `rows`, `span` | the rows that are shown, and which of them | both |
//! | `grouping`, `address` | what stands above messages, what addresses say | both, pure |
//! | `actions` | the server functions | both |
//! | `carry_out`, `form_answer` | what they do, and how plain forms are answered | server |
//! | `outbox` | messages that wait to be sent, on whichever page | both |
//! | `page`, `side`, `found`, `begin` | the page; the list; what a search found; a new conversation | both |
//! | `conversation`, `listing`, `message`, `body`, `pending` | the one that is open, its messages, those that are not sent yet | both |
//! | `composer`, `naming` | where somebody writes, and names that are offered | both |
//! | `presence`, `face`, `me` | who is there and types; faces; whoever looks | both |
//! | `count` | in the header: how many are unread | both |
//!
//! Not here: what may be said by whom, which is [`crate::chat`]'s business; pages only offer it.

mod actions;
mod address;
mod begin;
mod body;
#[cfg(feature = "ssr")]
mod carry_out;
mod composer;
mod conversation;
mod count;
mod face;
#[cfg(feature = "ssr")]
mod form_answer;
mod found;
mod grouping;
mod listing;
mod me;
mod message;
mod naming;
mod outbox;
mod page;
mod pending;
mod presence;
mod rows;
mod side;
mod span;

pub use actions::{
    BeginChat, DeleteMessage, EditMessage, FindPeople, NameablePeople, OpenRoom, ReadChat, SearchChat, SendMessage,
};
pub(super) use {composer::Drafts, count::UnreadCount, outbox::provide_outbox, page::ChatPage};
