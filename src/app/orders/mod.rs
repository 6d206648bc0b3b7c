//! The pages of orders: one's own, one of them, a new one, and the board of those who work here.
//!
//! | file | what it is | runs |
//! |---|---|---|
//! | `rows` | the rows that are shown | both |
//! | `wish`, `like` | what somebody wants to order as they typed it; patterns from what people type | both, pure |
//! | `notice`, `telling` | what people are told of what they did, with and without JavaScript | both |
//! | `actions` | the server functions | both |
//! | `carry_out`, `form_answer` | what they do, and how plain forms are answered | server |
//! | `page` | `/orders`: which page that is for whom | both |
//! | `own`, `track` | a customer's list; how far an order has come | both |
//! | `history` | an order's past: its versions, and two of them compared | both |
//! | `one`, `timeline`, `steps` | a single order, what has become of it, what may be done with it | both |
//! | `sending` | how a step is sent, and which may have been done though no answer says so | both |
//! | `placing` | a new order | both |
//! | `board` | all orders by state, to be moved | both |
//!
//! Not here: what is legal, which is [`crate::orders`]'s business; pages only offer it.

mod actions;
mod board;
#[cfg(feature = "ssr")]
mod carry_out;
#[cfg(feature = "ssr")]
mod form_answer;
mod history;
mod like;
mod notice;
mod one;
mod own;
mod page;
mod placing;
mod rows;
mod sending;
mod steps;
mod telling;
mod timeline;
mod track;
mod wish;

pub use actions::{PlaceOrder, StepOrder};
pub use history::ReadVersions;
pub(super) use {
    board::address_of as board_address,
    one::OrderPage,
    page::OrdersPage,
    placing::NewOrderPage,
    rows::{Order, OrderLine, OrderStep, StateTotals, Sums, address},
};
