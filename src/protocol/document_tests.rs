//! The document says what the messages are, and the messages are what the document says.

use super::*;
use serde::Serialize;
use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("PROTOCOL.md");

/// What the messages of each revision come to. Only the last line may be added, none is ever changed.
const REVISIONS: [(u32, u64); 2] = [(1, 0x18f8_fa17_5bb3_d6fb), (2, 0x763e370252e8a6)];

/// Each variant with the names of its fields. A variant or a field that is not listed here does not compile: list it, and
/// document it.
macro_rules! shapes {
    ($frame:ident: $($variant:ident { $($field:tt),* })*) => {{
        #[allow(dead_code)]
        fn complete(frame: $frame) {
            match frame {
                $($frame::$variant { $($field: _),* } => {})*
            }
        }
        // Words of the language are written `r#word`.
        vec![$((stringify!($variant), vec![$(stringify!($field).trim_start_matches("r#")),*])),*]
    }};
}

/// Every value of an enumeration of words.
macro_rules! words {
    ($word:ident: $($variant:ident)*) => {{
        #[allow(dead_code)]
        fn complete(word: $word) {
            match word {
                $($word::$variant => {})*
            }
        }
        vec![$($word::$variant),*]
    }};
}

type Shapes = Vec<(&'static str, Vec<&'static str>)>;
type AServerFrame = ServerFrame<'static>;
type AChange = Change<'static>;

fn server_frames() -> Shapes {
    shapes!(AServerFrame:
        Welcome { session, heartbeat_ms, available, user, rights, nodes }
        Subscribed { id, query, key, resumed }
        Snapshot { query, rows, more, position }
        Changes { query, changes, position }
        Commit { position }
        Resync { query, reason }
        Error { id, code, message, at, hint, room, r#ref }
        Joined { room, session, members, more, history }
        Presence { room, joins, updates, leaves }
        Message { room, from, event, payload }
        Direct { from, event, payload }
        Broadcast { from, event, payload }
        Ack { r#ref, sessions }
        Missed { room }
        Nodes { connected }
        Source { available }
        Heartbeat { position }
        Pong { t }
        Unknown {}
    )
}

/// Parts of frames about rooms.
fn parts() -> Shapes {
    #[allow(dead_code)]
    fn complete(present: Present<'_>, state: StateOf<'_>, sender: Sender<'_>) {
        let Present { session: _, user: _, name: _, state: _ } = present;
        let StateOf { session: _, state: _ } = state;
        let Sender { id: _, name: _, session: _ } = sender;
    }
    vec![
        ("Present", vec!["session", "user", "name", "state"]),
        ("StateOf", vec!["session", "state"]),
        ("Sender", vec!["id", "name", "session"]),
    ]
}

fn changes() -> Shapes {
    shapes!(AChange: Insert { row } Update { row } Delete { key } Truncate {})
}

fn client_frames() -> Shapes {
    #[allow(dead_code)]
    fn complete(subscribe: Subscribe, order: OrderBy, aggregate: Aggregate) {
        let Subscribe {
            id: _,
            table: _,
            columns: _,
            filter: _,
            params: _,
            order: _,
            limit: _,
            aggregate: _,
            group_by: _,
            position: _,
        } = subscribe;
        let OrderBy { column: _, desc: _, nulls: _ } = order;
        let Aggregate { count: _, sum: _, min: _, max: _, avg: _ } = aggregate;
    }
    let mut shapes = shapes!(ClientFrame:
        Subscribe { 0 }
        Unsubscribe { id }
        Join { room, state, client, r#ref }
        State { room, state, r#ref }
        Leave { room, r#ref }
        Publish { room, event, payload, echo, r#ref }
        Direct { to, event, payload, r#ref }
        Broadcast { event, payload, r#ref }
        Ping { t }
    );
    // Its only field is the whole body.
    shapes.remove(0);
    shapes.push((
        "Subscribe",
        vec!["id", "table", "columns", "where", "params", "order", "limit", "aggregate", "group_by", "position"],
    ));
    shapes.push(("OrderBy", vec!["column", "desc", "nulls"]));
    shapes.push(("Aggregate", vec!["count", "sum", "min", "max", "avg"]));
    shapes
}

fn word(word: impl Serialize) -> String {
    serde_json::to_value(word).expect("a word").as_str().expect("a word").to_owned()
}

fn error_codes() -> Vec<String> {
    let all = words!(ErrorCode:
        MalformedFrame UnknownType BinaryFrame Unsupported InvalidId UnknownId UnknownTable UnknownColumn InvalidFilter
        UnsupportedFilter InvalidParameter InvalidQuery TooManyGroups TableUntracked TooManySubscriptions RateLimited
        SourceUnavailable UnreadableTable UnknownRoom InvalidRoom NotJoined NotAllowed UnknownPerson TooManyRooms RoomFull
        PayloadTooLarge Unknown
    );
    all.into_iter().map(word).collect()
}

fn resync_reasons() -> Vec<String> {
    let all = words!(ResyncReason:
        PositionMalformed PositionForeign PositionUnknown PositionTooOld TooMuchToReplay TableAltered RightsChanged SourceFailed
        Other
    );
    all.into_iter().map(word).collect()
}

fn close_codes() -> Vec<CloseCode> {
    words!(CloseCode: GoingAway FrameTooLarge ProtocolViolation SignedOut TimedOut RightsChanged TooFast)
}

/// The text below a heading.
fn section(title: &str) -> &'static str {
    let (_, rest) = DOCUMENT.split_once(&format!("\n# {title}\n")).expect("a section of this title");
    rest.split("\n# ").next().unwrap_or_default()
}

/// The frames of a section.
fn examples(title: &str) -> Vec<&'static str> {
    section(title)
        .split("```json\n")
        .skip(1)
        .flat_map(|rest| rest.split("```").next().unwrap_or_default().lines())
        .collect()
}

/// The first cells of the table with this heading.
fn table(heading: &str) -> BTreeSet<String> {
    let (_, rest) = DOCUMENT.split_once(&format!("\n| {heading} |")).expect("a table with this heading");
    let rows = rest.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.filter_map(|line| line.split('|').nth(1)).map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
}

#[test]
fn every_example_of_a_client_reads_and_writes_as_the_same_text() {
    for text in examples("What a client says") {
        let frame = ClientFrame::parse(text).unwrap_or_else(|error| panic!("{text}: {}", error.message));
        assert_eq!(serde_json::to_string(&frame).expect("a frame"), text);
    }
}

#[test]
fn every_example_of_a_server_reads_and_writes_as_the_same_text() {
    for text in examples("What a server says") {
        let frame = ServerFrame::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(!matches!(frame, ServerFrame::Unknown), "{text}");
        assert_eq!(frame.encode(), text);
    }
}

#[test]
fn every_field_of_every_frame_has_an_example() {
    let snake = |name: &str| name.to_lowercase();
    for (title, shapes) in [("What a client says", client_frames()), ("What a server says", server_frames())] {
        let examples = examples(title);
        for (name, fields) in shapes.iter().filter(|(name, _)| *name != "Unknown") {
            let head = format!("{{\"type\":\"{}\"", snake(name));
            let own: Vec<_> = examples.iter().filter(|text| text.starts_with(&head)).collect();
            // Parts of frames have no type.
            let own = if ["OrderBy", "Aggregate"].contains(name) { examples.iter().collect() } else { own };
            assert!(!own.is_empty(), "{name} has no example");
            for field in fields {
                let quoted = format!("\"{field}\":");
                assert!(own.iter().any(|text| text.contains(&quoted)), "{name}.{field} has no example");
            }
        }
    }
    let text = examples("What a server says").join("\n");
    for (name, fields) in parts() {
        for field in fields {
            assert!(text.contains(&format!("\"{field}\":")), "{name}.{field} has no example");
        }
    }
    for (name, fields) in changes() {
        let op = format!("{{\"op\":\"{}\"", snake(name));
        assert!(text.contains(&op), "{name} has no example");
        for field in fields {
            assert!(text.contains(&format!("{op},\"{field}\":")), "{name}.{field} has no example");
        }
    }
}

#[test]
fn the_tables_list_every_word_and_no_other() {
    assert_eq!(table("code"), error_codes().into_iter().collect());
    assert_eq!(table("reason"), resync_reasons().into_iter().collect());
}

#[test]
fn the_table_of_close_codes_is_that_of_the_program() {
    let documented = section("How a connection ends");
    assert_eq!(table("close code").len(), close_codes().len());
    for code in close_codes() {
        let again = if CloseCode::reconnects(code.code()) { "yes" } else { "no" };
        let row = format!("| {} | {} | {again}", code.code(), code.reason());
        assert!(documented.contains(&row), "{row}");
    }
}

#[test]
fn the_documented_limits_of_messages_are_the_programs() {
    for (limit, value) in [
        ("bytes of an `id`", MAX_ID_BYTES),
        ("bytes of a `ref`", MAX_ID_BYTES),
        ("bytes of a `position`", position::MAX_TOKEN_BYTES),
    ] {
        let row = format!("| {limit} | {value} |");
        assert!(section("Limits").contains(&row), "{row}");
    }
}

#[test]
fn messages_change_only_with_a_new_revision() {
    let (revision, known) = REVISIONS[REVISIONS.len() - 1];
    assert_eq!(revision, REVISION);
    assert!(DOCUMENT.starts_with(&format!("The wire protocol `{SUBPROTOCOL}`, revision {REVISION}:")));
    assert!(table("revision").contains(&REVISION.to_string()), "what did revision {REVISION} bring?");
    let mut shape = format!("{:?}{:?}{:?}{:?}", client_frames(), server_frames(), changes(), parts());
    shape += &format!("{:?}{:?}{SUBPROTOCOL}{PATH}", error_codes(), resync_reasons());
    shape += &format!("{:?}", close_codes().iter().map(|code| code.code()).collect::<Vec<_>>());
    let now = fingerprint(&shape);
    assert_eq!(
        now, known,
        "The messages are no longer those of revision {revision}. If something was added: raise protocol::REVISION, add \
         (its number, {now:#x}) to REVISIONS here, and say in the last table of PROTOCOL.md what it brought. If a \
         message lost something or changed its meaning, clients of before would break: that needs another \
         protocol, `rowcast.v2`."
    );
}

/// FNV-1a: the same on every machine and with every compiler.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
