//! The engine on a real Postgres: one file per guarantee or way to break, each readable as a story.
//!
//! `cargo build --features ssr && target/debug/rowcast database exec --temporary -- cargo test --features ssr`
//!
//! Each test has a database of its own. Nothing here sleeps to let something happen: what is awaited is a frame, a row or a
//! state, with a deadline.

mod answers;
mod architecture;
mod audit;
mod bulk;
mod capture;
mod chat;
mod corpus;
mod database_down;
mod doorbell;
mod exactness;
mod examples;
mod explore;
mod filters;
mod half_open;
mod hardened;
mod history;
mod hostile_frames;
mod hostile_requests;
mod identity;
mod import;
mod inventory_file;
mod ledger;
mod limits;
mod locked;
mod nodes;
mod operations;
mod orders;
mod page;
mod partitions;
mod pooler;
mod product;
mod queries;
mod resume;
mod retention;
mod rights;
mod rooms;
mod schema;
mod schema_change;
mod shutdown;
mod slow_readers;
// Each of the two test programs uses a part of it.
#[allow(dead_code, unused_imports)]
mod support;
mod tls;
mod travel;
mod views;
