//! Parts of what is said about rooms.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Somebody in a room: one page of a person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Present<'a> {
    /// What the page is called in this room. Stays over reconnects.
    #[serde(borrow)]
    pub session: Cow<'a, str>,
    /// The person's id, if they have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Cow<'a, str>>,
    /// The person's name; empty for nobody in particular.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// What the page says of itself.
    #[serde(borrow)]
    pub state: &'a RawValue,
}

/// What a page in a room says of itself now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StateOf<'a> {
    /// Which page.
    #[serde(borrow)]
    pub session: Cow<'a, str>,
    /// Any JSON.
    #[serde(borrow)]
    pub state: &'a RawValue,
}

/// Who said something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender<'a> {
    /// The person's id, if they have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Cow<'a, str>>,
    /// The person's name; empty for nobody in particular.
    pub name: Cow<'a, str>,
    /// What the page is called in the room, if it was said in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Cow<'a, str>>,
}
