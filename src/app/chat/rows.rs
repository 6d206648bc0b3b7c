//! What is shown: conversations, messages and marks, as live rows.

use super::span::Span;
use crate::{
    app::time::Timestamp,
    store::{LiveRow, Query},
};
use serde::{Deserialize, Serialize};

/// Most conversations that are listed: those in which something was said last.
const LISTED: u32 = 200;

/// A conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Chat {
    pub(super) id: i64,
    /// `room` or `private`.
    pub(super) kind: String,
    /// Whose it is, if it is private.
    pub(super) members: Vec<i64>,
    /// What they are called.
    pub(super) names: Vec<String>,
    /// What the room is called.
    pub(super) name: String,
    /// What the room is about.
    pub(super) topic: String,
    /// How many messages there are: the number of the newest.
    pub(super) last: i64,
    pub(super) last_at: Timestamp,
    pub(super) last_author: Option<i64>,
    pub(super) last_name: String,
    /// The beginning of the newest.
    pub(super) last_text: String,
}

/// The key as it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub(super) struct ChatKey {
    pub(super) id: i64,
}

impl LiveRow for Chat {
    const TABLE: &'static str = "public.chats";
    type Key = ChatKey;

    fn key(&self) -> ChatKey {
        ChatKey { id: self.id }
    }
}

impl Chat {
    /// All that somebody sees, the liveliest first.
    pub(super) fn all() -> Query<Self> {
        Query::all().descending("last_at").limit(LISTED)
    }

    /// A single one.
    pub(super) fn one(id: i64) -> Query<Self> {
        Query::all().filter("id = $1", (id,))
    }

    pub(super) fn is_room(&self) -> bool {
        self.kind == "room"
    }

    /// The other one of a private conversation.
    pub(super) fn other(&self, me: i64) -> Option<(i64, &str)> {
        let two = self.members.iter().copied().zip(self.names.iter().map(String::as_str));
        two.into_iter().find(|(account, _)| *account != me)
    }

    /// What it is called for somebody.
    pub(super) fn title(&self, me: i64) -> String {
        self.other(me).map_or_else(|| self.name.clone(), |(_, name)| name.to_owned())
    }

    /// What was said last, for the list.
    pub(super) fn preview(&self, me: i64) -> String {
        let text = match (self.last, self.last_text.as_str()) {
            (0, _) => return if self.topic.is_empty() { "Nothing said yet".to_owned() } else { self.topic.clone() },
            (_, "") => "Message deleted",
            (_, text) => text,
        };
        match self.last_author {
            Some(author) if author == me => format!("You: {text}"),
            _ if self.is_room() => format!("{}: {text}", self.last_name),
            _ => text.to_owned(),
        }
    }
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) chat: i64,
    pub(super) number: i64,
    pub(super) author: Option<i64>,
    pub(super) author_name: String,
    pub(super) key: String,
    pub(super) text: String,
    pub(super) mentions: Vec<i64>,
    pub(super) mentioned: Vec<String>,
    pub(super) at: Timestamp,
    pub(super) edited_at: Option<Timestamp>,
    pub(super) deleted_at: Option<Timestamp>,
    pub(super) deleted_by: Option<String>,
}

/// The key as it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub(super) struct MessageKey {
    pub(super) chat: i64,
    pub(super) number: i64,
}

impl LiveRow for Message {
    const TABLE: &'static str = "public.chat_messages";
    type Key = MessageKey;

    fn key(&self) -> MessageKey {
        MessageKey { chat: self.chat, number: self.number }
    }
}

impl Message {
    const COLUMNS: [&'static str; 12] = [
        "chat",
        "number",
        "author",
        "author_name",
        "key",
        "text",
        "mentions",
        "mentioned",
        "at",
        "edited_at",
        "deleted_at",
        "deleted_by",
    ];

    /// Those of a conversation, the newest first.
    pub(super) fn of(chat: i64, span: Span) -> Query<Self> {
        let query = Query::all().columns(Self::COLUMNS).descending("number");
        match span {
            Span::Newest(rows) => query.filter("chat = $1", (chat,)).limit(rows),
            Span::Since(from) => query.filter("chat = $1 and number >= $2", (chat, from)),
            Span::Between(from, to) => query.filter("chat = $1 and number >= $2 and number <= $3", (chat, from, to)),
        }
    }
}

/// How far somebody has read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) chat: i64,
    pub(super) account: i64,
    pub(super) name: String,
    pub(super) number: i64,
    pub(super) own_after: i64,
}

/// The key as it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub(super) struct MarkKey {
    pub(super) chat: i64,
    pub(super) account: i64,
}

impl LiveRow for Mark {
    const TABLE: &'static str = "public.chat_marks";
    type Key = MarkKey;

    fn key(&self) -> MarkKey {
        MarkKey { chat: self.chat, account: self.account }
    }
}

impl Mark {
    const COLUMNS: [&'static str; 5] = ["chat", "account", "name", "number", "own_after"];

    /// Those of somebody.
    pub(super) fn own(account: i64) -> Query<Self> {
        Query::all().columns(Self::COLUMNS).filter("account = $1", (account,))
    }

    /// Those of a conversation.
    pub(super) fn of(chat: i64) -> Query<Self> {
        Query::all().columns(Self::COLUMNS).filter("chat = $1", (chat,))
    }
}

/// How many messages of others somebody has not read.
pub(super) fn unread(last: i64, mark: Option<&Mark>) -> i64 {
    let (number, own_after) = mark.map_or((0, 0), |mark| (mark.number, mark.own_after));
    (last - number - own_after).max(0)
}

/// A number on a badge.
pub(super) fn counted(unread: i64) -> String {
    if unread > 99 { "99+".to_owned() } else { unread.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(kind: &str) -> Chat {
        let (members, names) = if kind == "room" {
            (Vec::new(), Vec::new())
        } else {
            (vec![3, 7], vec!["Ada".to_owned(), "Sam".to_owned()])
        };
        Chat {
            id: 1,
            kind: kind.to_owned(),
            members,
            names,
            name: if kind == "room" { "General".to_owned() } else { String::new() },
            topic: String::new(),
            last: 4,
            last_at: Timestamp(0),
            last_author: Some(3),
            last_name: "Ada".to_owned(),
            last_text: "Hello".to_owned(),
        }
    }

    #[test]
    fn a_conversation_is_called_by_what_it_is_for_whoever_looks() {
        let (room, private) = (chat("room"), chat("private"));
        assert_eq!([room.title(7), private.title(7), private.title(3)], ["General", "Ada", "Sam"]);
        assert_eq!([room.preview(7), room.preview(3), private.preview(7)], ["Ada: Hello", "You: Hello", "Hello"]);
        assert_eq!(Chat { last: 0, ..room.clone() }.preview(7), "Nothing said yet");
        assert_eq!(Chat { last_text: String::new(), ..private }.preview(7), "Message deleted");
    }

    #[test]
    fn what_is_unread_is_of_others_and_after_the_mark() {
        let mark = Mark { chat: 1, account: 7, name: String::new(), number: 3, own_after: 2 };
        assert_eq!(
            [unread(10, Some(&mark)), unread(5, Some(&mark)), unread(3, Some(&mark)), unread(10, None)],
            [5, 0, 0, 10]
        );
        assert_eq!([counted(99), counted(100)], ["99", "99+"]);
    }

    #[test]
    fn rows_read_as_postgres_writes_them() {
        let text = r#"{"chat":1,"number":2,"kind":"room","members":[],"author":null,"author_name":"A","key":"k","text":"t",
            "mentions":[7],"mentioned":["Sam"],"at":"2026-11-26T07:00:00.5+00:00","edited_at":null,"deleted_at":null,"deleted_by":null}"#;
        let row: Message = serde_json::from_str(text).expect("reads");
        assert_eq!((row.key(), row.mentions), (MessageKey { chat: 1, number: 2 }, vec![7]));
    }
}
