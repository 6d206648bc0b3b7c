//! What a server says.
//!
//! Rows are carried as the raw JSON text that Postgres wrote: parsing them would cost time and, for large numbers, digits.

use super::{ErrorCode, Present, Role, Sender, StateOf};
use serde::{Deserialize, Serialize};
use serde_json::{Number, value::RawValue};
use std::borrow::Cow;

/// One frame from a server.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame<'a> {
    /// First frame of every connection.
    Welcome {
        /// This connection's name in the server's logs.
        session: Cow<'a, str>,
        /// At least this often something arrives, in milliseconds; a client that hears nothing for twice as long should reconnect.
        heartbeat_ms: u64,
        /// Whether the database can be read at the moment.
        available: bool,
        /// Who the server takes this client for, if it is somebody.
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<User<'a>>,
        /// What a client that is somebody appends to its positions: others may see other rows.
        #[serde(skip_serializing_if = "str::is_empty")]
        rights: Cow<'a, str>,
        /// Whether people on the other servers can be heard; absent where there are none.
        #[serde(skip_serializing_if = "Option::is_none")]
        nodes: Option<bool>,
    },
    /// A subscription is accepted. What brings it up to date follows: changes if `resumed`, else a snapshot.
    Subscribed {
        /// The client's id.
        id: Cow<'a, str>,
        /// The server's number for this query, used in all further frames.
        query: u64,
        /// Columns of the primary key.
        key: Cow<'a, [String]>,
        /// Whether the rows that the client has are built upon.
        resumed: bool,
    },
    /// Rows of a query, replacing all that the client has of it.
    Snapshot {
        /// Which query.
        query: u64,
        /// A chunk of the rows.
        rows: Vec<&'a RawValue>,
        /// More chunks of the same snapshot follow.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        more: bool,
        /// Commits, if present.
        #[serde(skip_serializing_if = "Option::is_none")]
        position: Option<Cow<'a, str>>,
    },
    /// Changes to the rows of a query, in order.
    Changes {
        /// Which query.
        query: u64,
        /// In the order to apply them.
        changes: Vec<Change<'a>>,
        /// Commits, if present.
        #[serde(skip_serializing_if = "Option::is_none")]
        position: Option<Cow<'a, str>>,
    },
    /// Commits what came before.
    Commit {
        /// Where the connection now stands.
        position: Cow<'a, str>,
    },
    /// The rows of a query cannot be continued from where the client stands; a snapshot follows.
    Resync {
        /// Which query.
        query: u64,
        /// Why.
        reason: ResyncReason,
    },
    /// Something was refused.
    Error {
        /// The subscription concerned, if one is.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<Cow<'a, str>>,
        /// For programs.
        code: ErrorCode,
        /// For people.
        message: Cow<'a, str>,
        /// Where in the filter, in bytes from its start.
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<usize>,
        /// What might be meant instead.
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<Cow<'a, str>>,
        /// The room concerned, if one is.
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<Cow<'a, str>>,
        /// The frame that is answered, if it asked for that.
        #[serde(skip_serializing_if = "Option::is_none")]
        r#ref: Option<Cow<'a, str>>,
    },
    /// Everybody who is in a room, replacing all that the client has of it.
    Joined {
        /// Which room.
        room: Cow<'a, str>,
        /// What this page is called in it.
        session: Cow<'a, str>,
        /// A chunk of those who are there.
        members: Vec<Present<'a>>,
        /// More chunks of the same list follow.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        more: bool,
        /// What to subscribe to for what was said before, if the room has that.
        #[serde(skip_serializing_if = "Option::is_none")]
        history: Option<&'a RawValue>,
    },
    /// Who came, changed and went since.
    Presence {
        /// Which room.
        room: Cow<'a, str>,
        /// Who came. Somebody who is there already is replaced.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        joins: Vec<Present<'a>>,
        /// Whose state changed.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        updates: Vec<StateOf<'a>>,
        /// Who went.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        leaves: Vec<Cow<'a, str>>,
    },
    /// Said in a room.
    Message {
        /// Which room.
        room: Cow<'a, str>,
        /// Who said it.
        from: Sender<'a>,
        /// What kind of thing.
        event: Cow<'a, str>,
        /// What was said.
        payload: &'a RawValue,
    },
    /// Said to this person.
    Direct {
        /// Who said it.
        from: Sender<'a>,
        /// What kind of thing.
        event: Cow<'a, str>,
        /// What was said.
        payload: &'a RawValue,
    },
    /// Said to everybody.
    Broadcast {
        /// Who said it.
        from: Sender<'a>,
        /// What kind of thing.
        event: Cow<'a, str>,
        /// What was said.
        payload: &'a RawValue,
    },
    /// A frame that asked for it was carried out.
    Ack {
        /// As in that frame.
        r#ref: Cow<'a, str>,
        /// To how many sessions it went on this server.
        #[serde(skip_serializing_if = "Option::is_none")]
        sessions: Option<u64>,
    },
    /// Something that was said did not fit on the way here.
    Missed {
        /// In which room; without one, something that was said to this person or to everybody.
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<Cow<'a, str>>,
    },
    /// People on the other servers can be heard again, or no more.
    Nodes {
        /// Whether they can.
        connected: bool,
    },
    /// The database became readable or unreadable. Nothing is lost meanwhile; it only comes later.
    Source {
        /// Whether changes flow.
        available: bool,
    },
    /// A sign of life. Commits.
    Heartbeat {
        /// Where the connection now stands; absent while it is not caught up.
        #[serde(skip_serializing_if = "Option::is_none")]
        position: Option<Cow<'a, str>>,
    },
    /// Answer to `ping`.
    Pong {
        /// As in the `ping`.
        t: Number,
    },
    /// A frame of a newer server, to be ignored.
    #[serde(skip)]
    Unknown,
}

/// Somebody, as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User<'a> {
    /// What others address them by.
    pub id: Cow<'a, str>,
    /// What people call them.
    pub name: Cow<'a, str>,
    /// What they are to the app.
    pub role: Role,
}

/// One change to the rows of a subscription, relative to that subscription's view.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Change<'a> {
    /// The row is new to this view.
    Insert {
        /// All its columns.
        row: &'a RawValue,
    },
    /// The row was in this view and changed; its key did not.
    Update {
        /// All its columns.
        row: &'a RawValue,
    },
    /// The row is no longer in this view.
    Delete {
        /// An object of its key columns.
        key: Cow<'a, RawValue>,
    },
    /// All rows are gone; later changes of the same frame may bring new ones.
    Truncate,
}

/// Why a subscription starts over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResyncReason {
    /// The position is not a token.
    PositionMalformed,
    /// The position is of another database, or of this one before it was restored or failed over.
    PositionForeign,
    /// The position is ahead of the database.
    PositionUnknown,
    /// Changes since the position have been pruned, or the table was not tracked all the time since.
    PositionTooOld,
    /// There is more to replay than a snapshot would cost.
    TooMuchToReplay,
    /// The table's columns, key, name, partitions or policies changed.
    TableAltered,
    /// The position is somebody else's, or of when this client was somebody else.
    RightsChanged,
    /// The database failed while the snapshot was read.
    SourceFailed,
    /// A word from a newer server.
    #[serde(other)]
    Other,
}

impl<'a> ServerFrame<'a> {
    /// The frame as text.
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("frames have string keys and finite numbers")
    }

    /// Reads one text frame; rows stay raw and borrow from `text`.
    pub fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        let wire: Wire<'a> = serde_json::from_str(text)?;
        wire.frame()
    }
}

/// All fields of all frames. Serde's own tagged unions buffer their content, and raw values cannot pass through that.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    session: Option<Cow<'a, str>>,
    heartbeat_ms: Option<u64>,
    available: Option<bool>,
    #[serde(borrow)]
    user: Option<User<'a>>,
    rights: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    query: Option<u64>,
    key: Option<Vec<String>>,
    #[serde(default)]
    resumed: bool,
    #[serde(borrow)]
    rows: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    more: bool,
    #[serde(borrow)]
    changes: Option<Vec<WireChange<'a>>>,
    position: Option<Cow<'a, str>>,
    reason: Option<ResyncReason>,
    code: Option<ErrorCode>,
    message: Option<Cow<'a, str>>,
    at: Option<usize>,
    hint: Option<Cow<'a, str>>,
    t: Option<Number>,
    nodes: Option<bool>,
    connected: Option<bool>,
    room: Option<Cow<'a, str>>,
    r#ref: Option<Cow<'a, str>>,
    #[serde(borrow)]
    members: Option<Vec<Present<'a>>>,
    #[serde(borrow)]
    history: Option<&'a RawValue>,
    #[serde(borrow, default)]
    joins: Vec<Present<'a>>,
    #[serde(borrow, default)]
    updates: Vec<StateOf<'a>>,
    #[serde(default)]
    leaves: Vec<Cow<'a, str>>,
    from: Option<Sender<'a>>,
    event: Option<Cow<'a, str>>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    sessions: Option<u64>,
}

#[derive(Deserialize)]
struct WireChange<'a> {
    #[serde(borrow)]
    op: Cow<'a, str>,
    #[serde(borrow)]
    row: Option<&'a RawValue>,
    #[serde(borrow)]
    key: Option<&'a RawValue>,
}

fn required<T>(field: Option<T>, name: &'static str) -> Result<T, serde_json::Error> {
    field.ok_or_else(|| serde::de::Error::missing_field(name))
}

impl<'a> Wire<'a> {
    fn frame(self) -> Result<ServerFrame<'a>, serde_json::Error> {
        Ok(match self.r#type.as_ref() {
            "welcome" => ServerFrame::Welcome {
                session: required(self.session, "session")?,
                heartbeat_ms: required(self.heartbeat_ms, "heartbeat_ms")?,
                available: self.available.unwrap_or(true),
                user: self.user,
                rights: self.rights.unwrap_or_default(),
                nodes: self.nodes,
            },
            "subscribed" => ServerFrame::Subscribed {
                id: required(self.id, "id")?,
                query: required(self.query, "query")?,
                key: Cow::Owned(required(self.key, "key")?),
                resumed: self.resumed,
            },
            "snapshot" => ServerFrame::Snapshot {
                query: required(self.query, "query")?,
                rows: required(self.rows, "rows")?,
                more: self.more,
                position: self.position,
            },
            "changes" => ServerFrame::Changes {
                query: required(self.query, "query")?,
                changes: required(self.changes, "changes")?
                    .into_iter()
                    .map(WireChange::change)
                    .collect::<Result<_, _>>()?,
                position: self.position,
            },
            "commit" => ServerFrame::Commit { position: required(self.position, "position")? },
            "resync" => ServerFrame::Resync {
                query: required(self.query, "query")?,
                reason: self.reason.unwrap_or(ResyncReason::Other),
            },
            "error" => ServerFrame::Error {
                id: self.id,
                code: required(self.code, "code")?,
                message: self.message.unwrap_or_default(),
                at: self.at,
                hint: self.hint,
                room: self.room,
                r#ref: self.r#ref,
            },
            "joined" => ServerFrame::Joined {
                room: required(self.room, "room")?,
                session: required(self.session, "session")?,
                members: required(self.members, "members")?,
                more: self.more,
                history: self.history,
            },
            "presence" => ServerFrame::Presence {
                room: required(self.room, "room")?,
                joins: self.joins,
                updates: self.updates,
                leaves: self.leaves,
            },
            "message" => ServerFrame::Message {
                room: required(self.room, "room")?,
                from: required(self.from, "from")?,
                event: required(self.event, "event")?,
                payload: required(self.payload, "payload")?,
            },
            "direct" => ServerFrame::Direct {
                from: required(self.from, "from")?,
                event: required(self.event, "event")?,
                payload: required(self.payload, "payload")?,
            },
            "broadcast" => ServerFrame::Broadcast {
                from: required(self.from, "from")?,
                event: required(self.event, "event")?,
                payload: required(self.payload, "payload")?,
            },
            "ack" => ServerFrame::Ack { r#ref: required(self.r#ref, "ref")?, sessions: self.sessions },
            "missed" => ServerFrame::Missed { room: self.room },
            "nodes" => ServerFrame::Nodes { connected: required(self.connected, "connected")? },
            "source" => ServerFrame::Source { available: required(self.available, "available")? },
            "heartbeat" => ServerFrame::Heartbeat { position: self.position },
            "pong" => ServerFrame::Pong { t: required(self.t, "t")? },
            _ => ServerFrame::Unknown,
        })
    }
}

impl<'a> WireChange<'a> {
    fn change(self) -> Result<Change<'a>, serde_json::Error> {
        Ok(match self.op.as_ref() {
            "insert" => Change::Insert { row: required(self.row, "row")? },
            "update" => Change::Update { row: required(self.row, "row")? },
            "delete" => Change::Delete { key: Cow::Borrowed(required(self.key, "key")?) },
            "truncate" => Change::Truncate,
            other => return Err(serde::de::Error::custom(format!("unknown op {other:?}"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each frame of the documented protocol reads and writes as the same text.
    #[test]
    fn frames_keep_their_documented_form() {
        for text in [
            r#"{"type":"welcome","session":"7","heartbeat_ms":15000,"available":true}"#,
            r#"{"type":"welcome","session":"7","heartbeat_ms":15000,"available":true,"user":{"id":"17","name":"Ana","role":"staff"},"rights":"staff:17"}"#,
            r#"{"type":"subscribed","id":"s1","query":17,"key":["id"],"resumed":false}"#,
            r#"{"type":"snapshot","query":17,"rows":[{"id":1,"price":0.10000000000000000001}],"more":true}"#,
            r#"{"type":"snapshot","query":17,"rows":[],"position":"a.1"}"#,
            r#"{"type":"changes","query":17,"changes":[{"op":"insert","row":{"id":1}},{"op":"update","row":{"id":2}},{"op":"delete","key":{"id":3}},{"op":"truncate"}],"position":"a.2"}"#,
            r#"{"type":"commit","position":"a.2"}"#,
            r#"{"type":"resync","query":17,"reason":"position_too_old"}"#,
            r#"{"type":"error","id":"s1","code":"unknown_table","message":"no \"such\" table"}"#,
            r#"{"type":"source","available":false}"#,
            r#"{"type":"heartbeat","position":"a.2"}"#,
            r#"{"type":"pong","t":1730000000123}"#,
        ] {
            let frame = ServerFrame::parse(text).expect(text);
            assert_eq!(frame.encode(), text);
        }
    }

    #[test]
    fn frames_and_words_of_a_newer_server_are_not_errors() {
        assert!(matches!(ServerFrame::parse(r#"{"type":"confetti","x":[1]}"#), Ok(ServerFrame::Unknown)));
        let error = ServerFrame::parse(r#"{"type":"error","code":"brand_new","message":""}"#).expect("reads");
        assert!(matches!(error, ServerFrame::Error { code: ErrorCode::Unknown, .. }));
    }

    #[test]
    fn a_frame_without_its_fields_is_refused() {
        assert!(ServerFrame::parse(r#"{"type":"changes","query":1}"#).is_err());
        assert!(ServerFrame::parse(r#"{"type":"changes","query":1,"changes":[{"op":"insert"}]}"#).is_err());
    }
}
