//! What servers tell of themselves, and how it is cut into messages that are short enough. Pure.

use crate::protocol::Role;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};
use std::collections::BTreeMap;

/// The room in which servers tell it. Names that begin so are the server's own: administrators may listen, only servers speak.
pub const ROOM: &str = "rowcast:operations";
/// The event by which an administrator's words reach people.
pub const ANNOUNCEMENT: &str = "rowcast:announcement";
/// Longest message to people, in characters.
pub const MAX_TEXT: usize = 500;
/// Sessions of one server that are told of.
pub const MAX_SESSIONS: usize = 200;
/// Steps of the history.
pub const STEPS: usize = 60;
/// Length of one of them, in seconds.
pub const STEP_SECONDS: u64 = 5;
/// What one message holds at most, in bytes of JSON, beside its frame.
const PART_BYTES: usize = 12 * 1024;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// A [`ServerReport`].
    Server,
    /// [`SessionLine`]s.
    Sessions,
    /// [`ErrorLine`]s.
    Errors,
    /// A [`StorageReport`] and its [`TableLine`]s.
    Storage,
}

impl Topic {
    /// The name of its event.
    pub fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Sessions => "sessions",
            Self::Errors => "errors",
            Self::Storage => "storage",
        }
    }

    /// The inverse of [`word`](Self::word).
    pub fn of(word: &str) -> Option<Self> {
        [Self::Server, Self::Sessions, Self::Errors, Self::Storage].into_iter().find(|topic| topic.word() == word)
    }
}

/// One server, in a line and a drawing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerReport {
    /// What it is called among the others: another name each time that it starts.
    pub node: String,
    /// Where it listens.
    pub address: String,
    /// Which version of the program it is.
    pub version: String,
    /// When it started, in milliseconds since the Unix epoch, as are all times here.
    pub started: i64,
    /// When this was so.
    pub at: i64,
    /// Whether it can read the database's changes.
    pub available: bool,
    /// Whether it hears the other servers; none where there are none.
    pub nodes: Option<bool>,
    /// The transaction that it has come to.
    pub transaction: u64,
    /// Sessions.
    pub sessions: usize,
    /// Those that take what they are sent too slowly.
    pub slow: usize,
    /// People with an account who have sessions.
    pub people: usize,
    /// Distinct queries.
    pub queries: usize,
    /// What waits for all sessions together, in bytes.
    pub queued_bytes: usize,
    /// How often a queue was emptied because it held too much.
    pub emptied: u64,
    /// Limits that were reached, and how often.
    pub limits: Vec<(String, u64)>,
    /// What went through, from the earliest step on.
    pub steps: Vec<Step>,
}

/// What went through a server in about [`STEP_SECONDS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When it began, in seconds since the Unix epoch.
    pub at: i64,
    /// How long it was, in milliseconds; none of a server that does not tell, whose steps are taken to be as long as they should be.
    #[serde(default)]
    pub millis: u64,
    /// Changes that were read.
    pub changes: u64,
    /// Frames that were handed to the network.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// In how many milliseconds half of the changes were delivered, and nearly all, at most; none if there were none.
    pub typical: Option<u64>,
    /// In how many milliseconds 95 of 100 deliveries were made, at most.
    pub nearly_all: Option<u64>,
}

impl Step {
    /// What would have come in [`STEP_SECONDS`], where so much came in this step.
    pub fn paced(&self, amount: u64) -> u64 {
        if self.millis == 0 {
            return amount;
        }
        let paced = u128::from(amount) * u128::from(STEP_SECONDS) * 1_000 / u128::from(self.millis);
        u64::try_from(paced).unwrap_or(u64::MAX)
    }
}

/// One session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionLine {
    /// Its number on its server.
    pub id: u64,
    /// Whose it is; none for nobody in particular.
    pub person: Option<String>,
    /// What they are called.
    pub name: String,
    /// What they are to the app.
    pub role: Role,
    /// The network address that it comes from.
    pub origin: Option<String>,
    /// Since when.
    pub since: i64,
    /// Frames that wait for it.
    pub frames: usize,
    /// Bytes that wait for it or are on their way.
    pub bytes: usize,
    /// How long the oldest of that has waited, in milliseconds.
    pub waited: u64,
    /// Whether it is slow.
    pub slow: bool,
    /// Whether it fell behind and is being brought up again.
    pub lagging: bool,
    /// How often it fell behind.
    pub lags: u64,
    /// Tables it asks about, the first of them by name, and how many distinct questions it has about each.
    pub subscriptions: Vec<(String, usize)>,
    /// Rooms it is in.
    pub rooms: usize,
}

/// Warnings or errors of the log that say the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorLine {
    /// Whether it is an error, and not a warning.
    pub is_error: bool,
    /// Which part of the program says it.
    pub target: String,
    /// What it says.
    pub message: String,
    /// What it said besides, the last time.
    pub detail: String,
    /// How often.
    pub count: u64,
    /// When for the first time.
    pub first: i64,
    /// When for the last time.
    pub last: i64,
}

/// The changelog.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StorageReport {
    /// When this was so.
    pub at: i64,
    /// For how many seconds changes were counted; none if they were not.
    pub counted_seconds: Option<f64>,
    /// The size of the changelog's parts on the disk; whether new changes go there.
    pub parts: Vec<(i64, bool)>,
    /// Since when the current part is in use.
    pub rotated: Option<i64>,
    /// The earliest time from which on pages can continue.
    pub horizon: Option<i64>,
    /// Whether no changes are added at present.
    pub paused: bool,
    /// Changes older than this are pruned, in seconds.
    pub keep_seconds: u64,
    /// From this size on they are pruned earlier, in bytes; none for any size.
    pub keep_bytes: Option<u64>,
}

/// A tracked table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableLine {
    /// `schema.table`.
    pub name: String,
    /// An estimate of its rows, if there is one.
    pub rows: Option<i64>,
    /// Its size on the disk with its indexes, unless it is gone.
    pub table_bytes: Option<i64>,
    /// Changes that were counted.
    pub changes: i64,
    /// Bytes that they put into the changelog.
    pub bytes: i64,
}

/// All that one server tells.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Everything {
    /// Itself.
    pub server: ServerReport,
    /// Its sessions, those that are the furthest behind first.
    pub sessions: Vec<SessionLine>,
    /// What it warned of, the newest first.
    pub errors: Vec<ErrorLine>,
    /// The changelog and tables, if the database could be asked.
    pub storage: Option<(StorageReport, Vec<TableLine>)>,
}

/// One message: a part of what a server tells about a topic.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part<'a> {
    /// Which server.
    pub node: &'a str,
    /// It is the first part.
    pub first: bool,
    /// More parts follow.
    pub more: bool,
    /// What is told besides the items.
    pub head: Value,
    /// Items.
    pub items: Vec<Value>,
}

/// Cuts what is told into messages.
pub fn parts<T: Serialize>(node: &str, head: &impl Serialize, items: &[T]) -> Vec<Value> {
    let texts = items.iter().filter_map(|item| serde_json::value::to_raw_value(item).ok());
    let mut pieces: Vec<(usize, Vec<Box<RawValue>>)> = vec![(0, Vec::new())];
    for text in texts {
        let bytes = text.get().len() + 1;
        match pieces.last_mut() {
            Some((held, piece)) if *held + bytes <= PART_BYTES => {
                *held += bytes;
                piece.push(text);
            }
            _ => pieces.push((bytes, vec![text])),
        }
    }
    let last = pieces.len() - 1;
    let part = |(at, (_, items)): (usize, (usize, Vec<Box<RawValue>>))| {
        let head = if at == 0 { serde_json::to_value(head).unwrap_or_default() } else { Value::Null };
        let items = items.iter().filter_map(|item| serde_json::from_str(item.get()).ok()).collect();
        serde_json::to_value(Part { node, first: at == 0, more: at < last, head, items }).unwrap_or_default()
    };
    pieces.into_iter().enumerate().map(part).collect()
}

/// Puts parts together again. Those of which the beginning is missing are passed over.
#[derive(Clone, Debug, Default)]
pub struct Gathered(BTreeMap<(String, Topic), (Value, Vec<Value>)>);

/// What was told, when all of it has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// By which server.
    pub node: String,
    head: Value,
    items: Vec<Value>,
}

impl Told {
    /// What is told besides items.
    pub fn head<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_value(self.head.clone()).ok()
    }

    /// The items. Those of a newer server's that make no sense here are left out.
    pub fn items<T: DeserializeOwned>(&self) -> Vec<T> {
        self.items.iter().filter_map(|item| serde_json::from_value(item.clone()).ok()).collect()
    }
}

impl Gathered {
    /// Takes a message; what was told, if it was the last part of it.
    pub fn take(&mut self, topic: Topic, payload: &Value) -> Option<Told> {
        #[derive(Deserialize)]
        struct Owned {
            node: String,
            first: bool,
            more: bool,
            head: Value,
            items: Vec<Value>,
        }
        let Owned { node, first, more, head, items } = serde_json::from_value(payload.clone()).ok()?;
        let place = (node, topic);
        if first {
            self.0.insert(place.clone(), (head, items));
        } else {
            self.0.get_mut(&place)?.1.extend(items);
        }
        if more {
            return None;
        }
        let (head, items) = self.0.remove(&place)?;
        Some(Told { node: place.0, head, items })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_cut_into_messages_is_whole_again_however_much_it_is() {
        for count in [0, 1, 1_000] {
            let items: Vec<String> = (0..count).map(|n| format!("{n}: {}", "x".repeat(100))).collect();
            let messages = parts("a", &json!({"n": count}), &items);
            assert!(messages.iter().all(|message| message.to_string().len() < 16 * 1024));
            assert_eq!(messages.len() > 1, count == 1_000);
            let mut gathered = Gathered::default();
            let told: Vec<Told> =
                messages.iter().filter_map(|message| gathered.take(Topic::Sessions, message)).collect();
            assert_eq!(told.len(), 1, "once, at the end");
            assert_eq!((told[0].items::<String>(), told[0].head::<Value>()), (items, Some(json!({"n": count}))));
        }
    }

    #[test]
    fn a_step_that_took_longer_than_it_should_is_not_drawn_as_if_more_had_come() {
        let step = |millis| Step { millis, ..Step::default() };
        assert_eq!([0, 5_000, 10_000, 2_500].map(|millis| step(millis).paced(100)), [100, 100, 50, 200]);
        assert_eq!(step(1).paced(u64::MAX), u64::MAX);
        let told: Step = serde_json::from_value(json!({
            "at": 1, "changes": 7, "frames": 0, "bytes": 0, "typical": null, "nearly_all": null
        }))
        .expect("what a server of before tells");
        assert_eq!((told.millis, told.paced(told.changes)), (0, 7));
    }

    #[test]
    fn of_several_servers_and_after_a_loss_nothing_is_mixed_up() {
        let long = |letter: &str| vec![letter.repeat(PART_BYTES / 2); 3];
        let (a, b) = (parts("a", &1, &long("a")), parts("b", &2, &long("b")));
        let mut gathered = Gathered::default();
        assert!(gathered.take(Topic::Errors, &a[1]).is_none(), "its beginning is missing");
        for (one, other) in a.iter().zip(&b) {
            let (one, other) = (gathered.take(Topic::Errors, one), gathered.take(Topic::Errors, other));
            for (told, letter) in [(one, "a"), (other, "b")] {
                assert!(told.is_none_or(|told| told.items::<String>() == long(letter)), "{letter}");
            }
        }
        assert!(gathered.0.is_empty());
    }
}
