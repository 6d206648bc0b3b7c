//! What a page is called in a room, and who it is.

use super::{MEMBER_BYTES, NodeId};
use crate::hub::Principal;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, sync::Arc};

/// Bytes of a hash that a page is called by.
const ID_BYTES: usize = 12;

/// What a page is called in all rooms: the same whenever the same page of the same person comes, and nothing from which
/// `client` could be told, for whoever knows that can take the page's place.
pub(super) fn id_of(principal: &Principal, client: Option<&str>, node: &NodeId, session: u64) -> Arc<str> {
    let whose = principal.id().unwrap_or_default();
    let text = match client {
        Some(client) => format!("client\0{whose}\0{client}"),
        None => format!("session\0{node}\0{session}"),
    };
    let digest = Sha256::digest(text.as_bytes());
    digest[..ID_BYTES].iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

/// Whether a page may be called so.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == 2 * ID_BYTES && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A page as one node holds it, and says who it is.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub user: Option<Arc<str>>,
    pub name: Arc<str>,
    pub state: Arc<RawValue>,
    /// Of several nodes that hold a member, the highest version is shown.
    pub version: u64,
    /// When another node said so: the number of the last time that it told all it has.
    pub telling: u64,
}

impl Held {
    /// What it takes, in bytes.
    pub fn weight(&self) -> usize {
        MEMBER_BYTES + self.state.get().len()
    }
}

/// One page of a person, in a room.
#[derive(Clone, Debug, Default)]
pub(super) struct Member {
    /// By the nodes that have sessions of it, or had until a moment ago.
    pub held: BTreeMap<NodeId, Held>,
}

impl Member {
    pub fn version(&self) -> u64 {
        self.held.values().map(|held| held.version).max().unwrap_or_default()
    }

    /// What is shown of it. Every node comes to the same.
    pub fn shown(&self) -> Option<&Held> {
        self.held.iter().max_by_key(|(node, held)| (held.version, *node)).map(|(_, held)| held)
    }
}
