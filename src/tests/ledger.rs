//! The ledger: events that are only ever added to, and what is kept from them. The events here are of tallies, to which something
//! is added, which are named, and closed.

#[path = "ledger/appending.rs"]
mod appending;
#[path = "ledger/checking.rs"]
mod checking;
mod claiming;
#[path = "ledger/command.rs"]
mod command;
#[path = "ledger/folding.rs"]
mod folding;
#[path = "ledger/following.rs"]
mod following;
#[path = "ledger/pooled.rs"]
mod pooled;
#[path = "ledger/projecting.rs"]
mod projecting;
#[path = "ledger/reading_on.rs"]
mod reading_on;
#[path = "ledger/rebuilding.rs"]
mod rebuilding;
#[path = "ledger/tables.rs"]
mod tables;

use rowcast::{
    changelog,
    ledger::{self, DecodeError, Events, Expected, Fold, Metadata, Recorded, upcast},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};

/// The second form of what was `{by}` once, and nothing but a number before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tallied {
    Added { amount: i64, of: String },
    Named { name: String },
    Closed,
}

impl Events for Tallied {
    fn kind(&self) -> &'static str {
        match self {
            Self::Added { .. } => "TallyAdded",
            Self::Named { .. } => "TallyNamed",
            Self::Closed => "TallyClosed",
        }
    }

    fn schema(kind: &str) -> i16 {
        if kind == "TallyAdded" { 3 } else { 1 }
    }

    fn encode(&self) -> Value {
        match self {
            Self::Added { amount, of } => json!({ "amount": amount, "of": of }),
            Self::Named { name } => json!({ "name": name }),
            Self::Closed => json!({}),
        }
    }

    fn decode(kind: &str, schema: i16, data: Value) -> Result<Self, DecodeError> {
        let data = upcast(kind, schema, Self::schema(kind), data, |from, data| match (kind, from) {
            ("TallyAdded", 1) => Ok(json!({ "by": data })),
            ("TallyAdded", 2) => Ok(json!({ "amount": data["by"], "of": "things" })),
            _ => Err(format!("there is no form {from}")),
        })?;
        let malformed = |why: &str| DecodeError::Malformed { kind: kind.to_owned(), why: why.to_owned() };
        let text = |field: &str| data[field].as_str().map(str::to_owned).ok_or_else(|| malformed(field));
        match kind {
            "TallyAdded" => {
                Ok(Self::Added { amount: data["amount"].as_i64().ok_or_else(|| malformed("amount"))?, of: text("of")? })
            }
            "TallyNamed" => Ok(Self::Named { name: text("name")? }),
            "TallyClosed" => Ok(Self::Closed),
            other => Err(DecodeError::UnknownType(other.to_owned())),
        }
    }
}

/// What a tally has come to. Its trace tells every event, so that none can be missing, doubled or in another place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub sum: i64,
    pub name: String,
    pub closed: bool,
    pub trace: Vec<i64>,
}

impl Fold for Tally {
    type Event = Tallied;
    type State = Self;
    const NAME: &'static str = "tally";
    const VERSION: i32 = 1;

    fn apply(state: &mut Self, event: &Tallied, recorded: &Recorded) {
        state.trace.push(recorded.version);
        match event {
            Tallied::Added { amount, .. } => state.sum += amount,
            Tallied::Named { name } => state.name.clone_from(name),
            Tallied::Closed => state.closed = true,
        }
    }
}

pub fn added(amount: i64) -> Tallied {
    Tallied::Added { amount, of: "things".to_owned() }
}

pub fn somebody() -> Metadata {
    Metadata { who: Some("7".to_owned()), who_name: "Ada".to_owned(), ..Metadata::default() }
}

/// Appends in a transaction of its own.
pub async fn append(pool: &PgPool, stream: &str, events: &[Tallied]) -> i64 {
    let mut transaction = pool.begin().await.expect("begins");
    let version = append_in(&mut transaction, stream, events).await;
    transaction.commit().await.expect("commits");
    version
}

pub async fn append_in(connection: &mut PgConnection, stream: &str, events: &[Tallied]) -> i64 {
    let events: Vec<_> = events.iter().map(Events::to_new).collect();
    ledger::append(connection, stream, Expected::Any, &events, &somebody()).await.expect("appends")
}

pub async fn installed(pool: &PgPool) {
    changelog::install(pool).await.expect("installs");
}
