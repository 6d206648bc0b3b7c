#![doc = include_str!("ARCHITECTURE.md")]

pub mod app;
pub mod chat;
pub mod identity;
pub mod operations;
pub mod orders;
pub mod protocol;
pub mod store;

#[cfg(feature = "ssr")]
pub mod backplane;
#[cfg(feature = "ssr")]
pub mod capture;
#[cfg(feature = "ssr")]
pub mod changelog;
#[cfg(feature = "ssr")]
pub mod cli;
#[cfg(feature = "ssr")]
pub mod config;
#[cfg(feature = "ssr")]
pub mod counters;
#[cfg(feature = "ssr")]
pub mod database;
#[cfg(feature = "ssr")]
pub mod embedded;
#[cfg(feature = "ssr")]
pub mod hub;
#[cfg(feature = "ssr")]
pub mod ledger;
#[cfg(feature = "ssr")]
pub mod projections;
#[cfg(feature = "ssr")]
mod random;
#[cfg(feature = "ssr")]
pub mod rights;
#[cfg(feature = "ssr")]
pub mod rules;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
pub mod socket;

#[cfg(feature = "hydrate")]
mod browser;
