//! A product by itself: what it is, what became of its pieces, who else is at it.
//!
//! | file | what it is | runs |
//! |---|---|---|
//! | `movement` | a row of `public.stock_movements`, and why pieces move | both |
//! | `fields` | what is edited, as forms have it | both, pure |
//! | `merge` | what two people who edit one product at once may each do | server, pure |
//! | `refusal` | why a product was not changed, and how that travels | both |
//! | `actions` | the server functions | both |
//! | `statements`, `form_answer` | what they do, and how plain forms are answered | server |
//! | `projection`, `schema.sql` | the table of movements, made from the ledger's events | server |
//! | `page`, `edit`, `field`, `adjust`, `movements`, `company`, `notice` | the page | both |
//!
//! Pieces are moved by how many there are more or fewer, and why; everything else is edited. Whoever edits a field names what they saw in
//! it, so that nobody overwrites what they have not seen.

mod actions;
mod adjust;
mod company;
mod edit;
mod field;
mod fields;
#[cfg(feature = "ssr")]
mod form_answer;
#[cfg(feature = "ssr")]
mod merge;
mod movement;
mod movements;
mod notice;
mod page;
#[cfg(feature = "ssr")]
mod projection;
mod refusal;
#[cfg(feature = "ssr")]
mod statements;

pub use actions::{AdjustStock, EditProduct};
pub use company::ROOMS;
#[cfg(feature = "ssr")]
pub(super) use fields::{checked, value};
pub(super) use page::{ProductPage, address};
#[cfg(feature = "ssr")]
pub use projection::StockMovements;
#[cfg(feature = "ssr")]
pub(super) use statements::{adjusted, edited, note};
pub use {movement::Reason, refusal::Moved};
