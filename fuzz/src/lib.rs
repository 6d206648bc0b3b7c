//! The pure stages of Rowcast, compiled for fuzzing: from the same files, without what they do not need.
#![allow(missing_docs)]

#[path = "../../src/hub/mod.rs"]
pub mod hub;
#[path = "../../src/protocol/mod.rs"]
pub mod protocol;
