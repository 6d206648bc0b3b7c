#![doc = include_str!("ARCHITECTURE.md")]

#[cfg(feature = "ssr")]
pub mod capture;
#[cfg(feature = "ssr")]
pub mod changelog;
#[cfg(feature = "ssr")]
pub mod hub;
pub mod protocol;
pub mod store;
