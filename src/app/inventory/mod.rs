//! The inventory: products, where they lie and how many there are.
//!
//! | file | what it is | runs |
//! |---|---|---|
//! | `product` | a row | both |
//! | `validate`, `refusal` | what a row may look like, and why a write was refused | both, pure |
//! | `listing`, `filters`, `arrange`, `window` | what the address asks for, which rows that is, which of them are in the document | both, pure |
//! | `actions` | the server functions | both |
//! | `statements`, `form_answer` | what they do, and how plain forms are answered | server |
//! | `export` | a list as CSV | server |
//! | `import` | products from a file | both |
//! | `bulk` | many products changed together | both |
//! | `sheet` | what the parts of the page share | both |
//! | `page`, `toolbar`, `filter_bar`, `table`, `row`, `quantity`, `add`, `remove`, `notice`, `blank` | the page | both |
//! | `seed`, `seed_words`, `*.sql` | the demo's table and rows | server |

mod actions;
mod add;
mod arrange;
mod blank;
mod bulk;
#[cfg(feature = "ssr")]
mod export;
mod filter_bar;
mod filters;
#[cfg(feature = "ssr")]
mod form_answer;
mod import;
mod listing;
mod notice;
mod page;
mod product;
mod quantity;
pub(in crate::app) mod refusal;
mod remove;
mod row;
#[cfg(feature = "ssr")]
pub(super) mod seed;
#[cfg(feature = "ssr")]
mod seed_words;
mod sheet;
#[cfg(feature = "ssr")]
pub(in crate::app) mod statements;
mod table;
mod toolbar;
mod turns;
pub(in crate::app) mod validate;
mod window;

pub use actions::{AddProduct, Committed, DeleteProduct, RestoreProduct, SetQuantity};
pub use bulk::{AdjustMany, MoveBack};
#[cfg(feature = "ssr")]
pub use export::routes;
#[cfg(feature = "ssr")]
pub use import::{Bounds as ImportBounds, Places as ImportPlaces, routes as import_routes};
pub use import::{ImportHome, LookAtImport, RunImport, UndoImport};
pub(super) use import::{ImportPage, PATH as IMPORT};
pub(super) use page::InventoryPage;
pub use page::ROOM;
pub(super) use product::grouped;
#[cfg(test)]
pub(super) use product::tests::product as product_of_tests;
pub use product::{Price, Product, ProductKey};
pub(super) use {
    actions::restore_product,
    arrange::Arranger,
    listing::{Column, Listing},
};
