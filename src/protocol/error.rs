//! Error codes of `error` frames: stable words for programs; the message beside them is for people.

use serde::{Deserialize, Serialize};

/// What went wrong. The connection stays open after an `error` frame; a subscription named in it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Not a JSON object, or fields are missing or of the wrong type.
    MalformedFrame,
    /// A JSON object of a type that this server does not know.
    UnknownType,
    /// A binary frame; this protocol is text.
    BinaryFrame,
    /// Part of the protocol that this server does not do.
    Unsupported,
    /// A subscription id that is empty, too long, or already in use on this connection.
    InvalidId,
    /// `unsubscribe` of an id that is not subscribed.
    UnknownId,
    /// No such table, not tracked, or not for this person: which one is not said.
    UnknownTable,
    /// No such column, or not for this person.
    UnknownColumn,
    /// The filter is not an expression that can be read.
    InvalidFilter,
    /// The filter can be read and cannot be evaluated as Postgres would.
    UnsupportedFilter,
    /// A parameter is missing, superfluous, or not of the type that the expression needs.
    InvalidParameter,
    /// Fields of the subscription that do not go together, such as `order` without `limit`.
    InvalidQuery,
    /// More groups than totals are kept for.
    TooManyGroups,
    /// The table was subscribed and is no longer tracked.
    TableUntracked,
    /// More subscriptions than one connection may have.
    TooManySubscriptions,
    /// The frame came too fast after others, and was ignored.
    RateLimited,
    /// The database could not be read. The subscription is kept and starts when it can be.
    SourceUnavailable,
    /// The table could not be read for a reason of its own, such as having been dropped.
    UnreadableTable,
    /// No such room, or not for this person: which one is not said.
    UnknownRoom,
    /// A room's name, an event's or a client's that is empty, too long or made of other signs than it may be.
    InvalidRoom,
    /// Nothing was joined under this name.
    NotJoined,
    /// May be heard by this person, and not said.
    NotAllowed,
    /// Nobody of this id can be reached, or not by this person: which one is not said.
    UnknownPerson,
    /// More rooms than one connection may join.
    TooManyRooms,
    /// As many are in the room as it holds.
    RoomFull,
    /// A state or a payload that is too long.
    PayloadTooLarge,
    /// A word from a newer server.
    #[serde(other)]
    Unknown,
}
