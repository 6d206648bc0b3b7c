//! All that a search finds, the earliest first, as NDJSON or CSV: a stream that takes as long as its reader does.
//!
//! Events are never changed, so they are read in pieces, each in a transaction of its own that is over before the piece is sent: a
//! slow reader holds no connection of the database. What was there when the export began is what is in it: later events are
//! recognised by their transactions. How much that is, is said beforehand.

use super::{
    model::{Event, Refusal},
    read::{self, Terms},
    search::{EXPORT, Search},
};
use crate::{
    app::csv,
    hub::Principal,
    identity::{self, IdentityError, Standing},
};
use axum::{
    Extension, Json, Router,
    body::{Body, Bytes},
    extract::{Query, State},
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use futures::stream;
use serde_json::{json, value::RawValue};
use sqlx::{Error, PgPool, Row};
use std::collections::HashMap;

/// Events in a piece, at most.
const PIECE: i64 = 500;
/// Bytes of data after which a piece has no further event.
const PIECE_BYTES: usize = 1024 * 1024;
/// In which header it is said how many events there are in all.
pub(super) const TOTAL: &str = "x-total-count";
/// What was there when the export began; `$8` is a snapshot of transactions. What came from another database is always there.
const THEN: &str = "and (pg_visible_in_snapshot(e.xid, $8::text::pg_snapshot) \
    or e.seq <= (select h.foreign_events from rowcast.history h))";

/// Below `/api/`, for people who are signed in and for bearer tokens.
pub fn routes(pool: PgPool) -> Router {
    Router::new().route(EXPORT, get(export)).with_state(pool)
}

/// As what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Ndjson,
    Csv,
}

impl Format {
    fn of(word: &str) -> Option<Self> {
        match word {
            "ndjson" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    fn disposition(self) -> &'static str {
        match self {
            Self::Ndjson => "attachment; filename=\"audit.ndjson\"",
            Self::Csv => "attachment; filename=\"audit.csv\"",
        }
    }

    fn head(self) -> String {
        const NAMES: [&str; 10] =
            ["seq", "at", "stream", "version", "type", "who", "who_name", "cause", "correlation", "data"];
        match self {
            Self::Ndjson => String::new(),
            Self::Csv => csv::row(NAMES),
        }
    }

    fn line(self, event: &Event) -> String {
        let Event { seq, at, stream, version, kind, who, name, cause, correlation, data } = event;
        let (number, of_stream, at) = (seq.to_string(), version.to_string(), at.exact());
        match self {
            Self::Ndjson => {
                let data = RawValue::from_string(data.clone()).unwrap_or_else(|_| RawValue::NULL.to_owned());
                let mut line = serde_json::to_string(&Line {
                    seq: *seq,
                    at: &at,
                    stream,
                    version: *version,
                    kind,
                    who: who.as_deref(),
                    who_name: name,
                    cause: cause.as_deref(),
                    correlation: correlation.as_deref(),
                    data: &data,
                })
                .unwrap_or_default();
                line.push('\n');
                line
            }
            Self::Csv => {
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                let (who, cause, correlation) = (text(who), text(cause), text(correlation));
                csv::row([&*number, &*at, stream, &*of_stream, kind, &*who, name, &*cause, &*correlation, data])
            }
        }
    }
}

/// An event as a line of NDJSON.
#[derive(serde::Serialize)]
struct Line<'e> {
    seq: i64,
    at: &'e str,
    stream: &'e str,
    version: i64,
    #[serde(rename = "type")]
    kind: &'e str,
    who: Option<&'e str>,
    who_name: &'e str,
    cause: Option<&'e str>,
    correlation: Option<&'e str>,
    data: &'e RawValue,
}

async fn export(
    State(pool): State<PgPool>,
    Extension(principal): Extension<Principal>,
    Query(parameters): Query<HashMap<String, String>>,
) -> Response {
    let parameter = |name: &str| parameters.get(name).map(String::as_str);
    let Some(format) = Format::of(parameter("format").unwrap_or("ndjson")) else {
        return refused(StatusCode::BAD_REQUEST, "invalid_format", "format is ndjson or csv");
    };
    if !read::may_read(&principal) {
        return of_refusal(&Refusal::NotAllowed);
    }
    let terms = match Terms::of(&Search::read(parameter)) {
        Ok(terms) => terms,
        Err(refusal) => return of_refusal(&refusal),
    };
    let (total, snapshot) = match measure(&pool, &terms).await {
        Ok(measured) => measured,
        Err(error) => return of_refusal(&read::refusal(&error)),
    };
    let export = Export { pool, principal, terms, snapshot, format, after: i64::MIN, begun: false };
    let body = Body::from_stream(stream::try_unfold(export, Export::next));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(format.content_type())),
        (CONTENT_DISPOSITION, HeaderValue::from_static(format.disposition())),
        (axum::http::HeaderName::from_static(TOTAL), HeaderValue::from(total)),
    ];
    (headers, body).into_response()
}

/// How many events there are, and of which transactions.
async fn measure(pool: &PgPool, terms: &Terms) -> Result<(i64, String), Error> {
    let mut transaction = read::begin(pool).await?;
    let row = terms.query("count(*), pg_current_snapshot()::text", "").fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Why an export ends before its end.
#[derive(Debug, thiserror::Error)]
enum Unfinished {
    /// They have another role by now, or are not let in any more.
    #[error("whoever asked for it may not have it any more")]
    Dismissed,
    /// Who they are cannot be read.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Events cannot be read.
    #[error(transparent)]
    Database(#[from] Error),
}

/// An export that is on its way.
struct Export {
    pool: PgPool,
    /// For whom.
    principal: Principal,
    terms: Terms,
    snapshot: String,
    format: Format,
    /// The number of the last event that was sent.
    after: i64,
    begun: bool,
}

impl Export {
    /// The next piece. An export that fails on its way ends without its end, so that nobody takes it for whole.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Unfinished> {
        let mut text = if self.begun { String::new() } else { self.format.head() };
        self.begun = true;
        let events =
            self.read().await.inspect_err(|error| tracing::warn!(%error, "an export of the audit was not finished"))?;
        for event in &events {
            text.push_str(&self.format.line(event));
            self.after = event.seq;
        }
        Ok((!text.is_empty()).then(|| (Bytes::from(text), self)))
    }

    async fn read(&self) -> Result<Vec<Event>, Unfinished> {
        // It may take long, and they may be somebody else by now.
        if identity::check(&self.pool, &self.principal).await? != Standing::Same {
            return Err(Unfinished::Dismissed);
        }
        let mut transaction = read::begin(&self.pool).await?;
        let rest = format!("{THEN} and e.seq > $9 order by e.seq limit $10");
        let rows = self.terms.piece(&rest, PIECE_BYTES).bind(self.snapshot.clone()).bind(self.after).bind(PIECE);
        let rows = rows.fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(rows.iter().map(read::event).collect::<Result<_, Error>>()?)
    }
}

fn of_refusal(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = match refusal {
        Refusal::NotAllowed => "not_allowed",
        Refusal::NotATime(_) => "not_a_time",
        Refusal::NotASnapshot => "not_a_snapshot",
        Refusal::TooSlow => "too_slow",
        Refusal::Unavailable => "unavailable",
    };
    refused(status, code, &refusal.message())
}

fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "code": code, "message": message }))).into_response()
}
