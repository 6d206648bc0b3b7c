//! What is done with an input, and what must hold of the outcome. The fuzzer runs it on inputs that it invents, `cargo test`
//! on those that were found worth keeping.

use rowcast::{
    hub::{
        Bounds, Catalog, Column, Credential, Hub, Kind, Principal, Row, Sent, Session, Table,
        filter::{Draft, scalar},
        rooms::{Rights, Rule},
    },
    protocol::{ClientFrame, Epoch, MAX_ID_BYTES, Position, Role, ServerFrame},
};
use serde_json::{Value, json, value::RawValue};
use std::sync::{Arc, LazyLock};

/// A text frame of a client: it is read or refused, and what was read means the same when it is written and read again.
pub fn frame(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match ClientFrame::parse(text) {
        Ok(frame) => {
            let written = serde_json::to_string(&frame).expect("a frame can be written");
            let again = ClientFrame::parse(&written).unwrap_or_else(|error| panic!("{written}: {}", error.message));
            assert_eq!(frame, again);
        }
        Err(error) => {
            assert!(error.id.is_none_or(|id| id.len() <= MAX_ID_BYTES));
            assert!(!error.message.is_empty());
        }
    }
}

/// A filter, and from its second line on its parameters as a JSON array. It is read or refused; no row both matches it and
/// its negation; and the index by which the hub finds it never misses a row that matches.
pub fn filter(input: &[u8]) {
    let Ok(input) = std::str::from_utf8(input) else { return };
    let (text, parameters) = input.split_once('\n').unwrap_or((input, "[]"));
    let parameters: Vec<Value> = serde_json::from_str(parameters).unwrap_or_default();
    let table = &TABLE;
    let draft = match Draft::read(text, &parameters, table) {
        Ok(draft) => draft,
        Err(error) => {
            // What a panic while reading is turned into, so that it harms nobody; but there should be none.
            assert_ne!(error.message, "the filter cannot be read", "{text:?}");
            assert!(error.at.is_none_or(|at| at <= text.len()), "{text:?} has no place {:?}", error.at);
            return;
        }
    };
    // Only the database could tell what these are.
    if !draft.constants().is_empty() {
        return;
    }
    let Ok(filter) = draft.bind(Vec::new()) else { return };
    let negated = Draft::read(&format!("not ({text})"), &parameters, table);
    let negated = negated.ok().and_then(|draft| draft.bind(Vec::new()).ok());
    assert!(!filter.text().is_empty() && !filter.condition(1).0.is_empty());
    assert!(filter.uses().iter().all(|column| *column < table.columns.len()));
    for row in ROWS.iter() {
        let matches = filter.matches(row);
        assert!(!matches || !negated.as_ref().is_some_and(|negated| negated.matches(row)), "{text:?}: {row:?}");
        if let Some((column, values)) = filter.equalities().filter(|_| matches) {
            let own = row.value(*column).and_then(|json| scalar(&table.columns[*column].kind, json));
            assert!(own.is_some_and(|own| values.contains(&own)), "{text:?} is not found by {row:?}");
        }
    }
}

/// What is said among the nodes, a word on each line, with a second between them: whoever is in the room that they are about,
/// and is written to, gets nothing but frames that can be read, and one node's own words are always taken by another.
pub fn words(input: &[u8]) {
    let (hub, other) = (alone(), alone());
    let inside = [enter(&hub), enter(&other)];
    let mut now = 0;
    for word in input.split(|byte| *byte == b'\n').take(MOST_WORDS) {
        now += SECOND;
        hub.hear_node(word, now);
        hub.tick_rooms(now);
        while let Some(own) = hub.take_word() {
            let before = other.room_counters();
            other.hear_node(own.as_bytes(), now);
            let after = other.room_counters();
            assert_eq!((before.malformed, before.refused), (after.malformed, after.refused), "{own}");
        }
        other.tick_rooms(now);
        inside.iter().for_each(read_all);
    }
}

/// Words of one input.
const MOST_WORDS: usize = 50;
/// In the unit of the hub's clock.
const SECOND: u64 = 1_000;

fn alone() -> Arc<Hub> {
    let hub = Hub::new(Epoch(1), Position::new(1, Vec::new()), Catalog::default(), Bounds::default());
    let rule = Rule { pattern: "a".to_owned(), role: Role::Staff, may_publish: true, history: None };
    hub.set_room_rights(Rights::new(vec![rule]));
    hub.set_nodes_connected(Some(true));
    Arc::new(hub)
}

/// Somebody who is in the room `a` and is called `5`.
fn enter(hub: &Arc<Hub>) -> Session {
    let person = Principal {
        account: Some(5),
        name: "Ana".into(),
        role: Role::Staff,
        credential: Credential::Login(5),
        tables: None,
    };
    let session = hub.open(Arc::new(person));
    session.join("a", Some(&json!({"typing": true})), Some("c")).expect("may join");
    session
}

fn read_all(session: &Session) {
    while let Some((sent, _on_its_way)) = session.take() {
        if let Sent::Ephemeral { frames, .. } = sent {
            for frame in frames.iter() {
                let text = std::str::from_utf8(frame.bytes()).expect("frames are text");
                assert!(ServerFrame::parse(text).is_ok(), "{text}");
            }
        }
    }
}

/// A column of every kind, called by one letter so that a fuzzer soon finds it.
static TABLE: LazyLock<Arc<Table>> = LazyLock::new(|| {
    let labels = vec!["sad".to_owned(), "ok".to_owned()];
    let array = Kind::Array { of: Box::new(Kind::Text) };
    let numbers = Kind::Array { of: Box::new(Kind::Int4) };
    let columns = [
        ("a", "integer", Kind::Int4),
        ("b", "text", Kind::Text),
        ("c", "numeric(10,2)", Kind::Numeric),
        ("d", "mood", Kind::Enum { labels, base: "mood".to_owned() }),
        ("e", "text[]", array),
        ("f", "boolean", Kind::Bool),
        ("g", "bigint", Kind::Int8),
        ("h", "double precision", Kind::Float8),
        ("i", "timestamp with time zone", Kind::Timestamptz),
        ("j", "jsonb", Kind::Jsonb),
        ("k", "json", Kind::Json),
        ("l", "uuid", Kind::Uuid),
        ("m", "bytea", Kind::Bytea),
        ("n", "date", Kind::Date),
        ("o", "interval", Kind::Interval),
        ("p", "time without time zone", Kind::Time),
        ("q", "character(3)", Kind::Bpchar),
        ("r", "integer[]", numbers),
        ("s", "int4range", Kind::Other),
        ("t", "real", Kind::Float4),
        ("u", "timestamp without time zone", Kind::Timestamp),
        ("v", "smallint", Kind::Int2),
        ("w", "time with time zone", Kind::Timetz),
        ("Odd \"x\"", "boolean", Kind::Bool),
    ];
    Arc::new(Table {
        id: 1,
        schema: "public".to_owned(),
        name: "t".to_owned(),
        key: vec!["a".to_owned()],
        columns: columns.into_iter().map(|(name, sql, kind)| Column::new(name, sql, kind)).collect(),
        partitioned: false,
        policies: Vec::new(),
        since: 0,
    })
});

/// As Postgres writes rows: ordinary values, extreme ones, and nothing but nulls.
static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    [
        r#"{"a":7,"b":"ä'b","c":1.50,"d":"ok","e":["x","y"],"f":true,"g":9007199254740993,"h":0.1,"i":"2024-02-29T12:00:00+00:00","j":{"x":[1,null,"y"],"z":1.0},"k":{"x":1,"x":2},"l":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","m":"\\x00ff","n":"2024-02-29","o":"1 mon 2 days 03:04:05.6","p":"12:34:56.789","q":"ab ","r":[[1,2],[3,null]],"s":"[1,5)","t":1.5,"u":"2024-02-29T12:00:00","v":-1,"w":"12:00:00+02:30","Odd \"x\"":false}"#,
        r#"{"a":-2147483648,"b":"","c":"NaN","d":"sad","e":[],"f":false,"g":-9223372036854775808,"h":"Infinity","i":"infinity","j":[],"k":[],"l":"00000000-0000-0000-0000-000000000000","m":"\\x","n":"0001-01-01 BC","o":"-178000000 years","p":"24:00:00","q":"   ","r":[],"s":"empty","t":"-Infinity","u":"-infinity","v":32767,"w":"00:00:00-15:59","Odd \"x\"":true}"#,
        r#"{"a":0,"b":"100%_\\","c":0.00,"d":"ok","e":["",null,"%"],"f":null,"g":0,"h":-0,"i":"0044-03-15T00:00:00+00:00 BC","j":"null","k":null,"l":"ffffffff-ffff-ffff-ffff-ffffffffffff","m":"\\x5c","n":"5874897-12-31","o":"00:00:00","p":"00:00:00","q":"%  ","r":[0],"s":null,"t":"NaN","u":"294276-12-31T23:59:59.999999","v":0,"w":"24:00:00+15:59","Odd \"x\"":null}"#,
        r#"{"a":1,"b":null,"c":null,"d":null,"e":null,"f":null,"g":null,"h":null,"i":null,"j":null,"k":null,"l":null,"m":null,"n":null,"o":null,"p":null,"q":null,"r":null,"s":null,"t":null,"u":null,"v":null,"w":null,"Odd \"x\"":null}"#,
    ]
    .map(|text| {
        let image = Arc::from(RawValue::from_string(text.to_owned()).expect("JSON"));
        Row::read(&TABLE, &image).expect("a row")
    })
    .into()
});
