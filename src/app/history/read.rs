//! Reads the past of the inventory for whoever asks, as far as they may see it.

use super::{
    model::{Change, Comparison, Moment, Past, Reach, Refusal},
    rows::{Rows, differences},
    scope::Scope,
    stamp::{NOW, Stamp},
};
use crate::{
    app::{inventory::Product, time::Timestamp},
    changelog::{
        PostgresSource,
        travel::{self, Travel, TravelError, When},
    },
    hub::{Hub, Image},
    identity::visitor::{person_asking, principal_asking},
    protocol::ErrorCode,
    socket::{CONSTANTS_TIMEOUT, define},
};
use leptos::prelude::use_context;
use sqlx::PgPool;
use std::sync::Arc;

/// How many moments are told before and after the one that is asked for.
const AROUND: usize = 60;
/// Most rows of a moment that a page takes.
const MAX_ROWS: usize = 20_000;
/// Most differences between two moments that are told.
const MAX_DIFFERENCES: usize = 1_000;

/// The inventory at a moment.
pub(super) async fn past(at: &str, product: Option<i64>) -> Result<Past, Refusal> {
    let asked = asked(at)?;
    let mut travel = open(product).await?;
    let told = travel.moments(when(asked), AROUND, AROUND).await?;
    let rows = match asked {
        None => Vec::new(),
        Some(_) => products(&travel.state(when(asked), MAX_ROWS).await?.rows)?,
    };
    let moments = told.moments.iter().map(moment).collect();
    let (earlier, later, after) = (told.earlier, told.later, asked.map(|_| told.before));
    Ok(Past { rows, moments, after, earlier, later, reach: reach(travel.reach()) })
}

/// How the inventory differs between two moments.
pub(super) async fn compare(at: &str, and: &str, product: Option<i64>) -> Result<Comparison, Refusal> {
    let mut ends = [asked(at)?, asked(and)?];
    // The present is the last of all.
    ends.sort_by_key(|stamp| stamp.map_or((i64::MAX, None), |stamp| (stamp.at.0, stamp.seq)));
    let [from, to] = ends;
    let mut travel = open(product).await?;
    let before: Rows = products(&travel.state(when(from), MAX_ROWS).await?.rows)?.into_iter().collect();
    let after: Rows = products(&travel.state(when(to), MAX_ROWS).await?.rows)?.into_iter().collect();
    let (mut changes, same) = differences(before, after);
    let further = changes.len().saturating_sub(MAX_DIFFERENCES);
    changes.truncate(MAX_DIFFERENCES);
    Ok(Comparison { from, to, changes, further, same })
}

/// What an address means; none is the present.
fn asked(text: &str) -> Result<Option<Stamp>, Refusal> {
    match text.trim() {
        "" | NOW => Ok(None),
        text => Stamp::parse(text).map(Some).ok_or(Refusal::NotAMoment),
    }
}

fn when(stamp: Option<Stamp>) -> When {
    match stamp {
        None => When::Now,
        Some(Stamp { at, seq: Some(seq) }) => When::Moment { seq, at: at.0 },
        Some(Stamp { at, seq: None }) => When::Time(at.0),
    }
}

/// The past of the products, as far as whoever asks may see them.
async fn open(product: Option<i64>) -> Result<Travel, Refusal> {
    if !person_asking().is_some_and(|person| person.works_here()) {
        return Err(Refusal::NotAllowed);
    }
    let (Some(pool), Some(hub), Some(principal)) =
        (use_context::<PgPool>(), use_context::<Arc<Hub>>(), principal_asking())
    else {
        tracing::error!("the past was asked for without a database in the context");
        return Err(Refusal::Unavailable);
    };
    let source = PostgresSource::new(pool.clone());
    let question = Scope { product }.query().question();
    let definition = define(&question, &principal, &hub, &source, CONSTANTS_TIMEOUT).await;
    let definition = definition.map_err(|refusal| match refusal.code {
        ErrorCode::SourceUnavailable => Refusal::Unavailable,
        _ => Refusal::NotLive,
    })?;
    Ok(Travel::open(&pool, &definition).await?)
}

impl From<TravelError> for Refusal {
    fn from(error: TravelError) -> Self {
        match error {
            TravelError::Beyond(found) => Self::Beyond(reach(&found)),
            TravelError::TooMuch(_) | TravelError::TooSlow | TravelError::Busy => Self::TooMuch(error.to_string()),
            TravelError::Altered => Self::Unavailable,
            TravelError::Changelog(error) => {
                tracing::warn!(%error, "the past of the inventory cannot be read");
                Self::Unavailable
            }
        }
    }
}

fn reach(reach: &travel::Reach) -> Reach {
    Reach { at: reach.at.map(Timestamp), why: reach.end.to_string() }
}

fn products(rows: &[Image]) -> Result<Vec<Product>, Refusal> {
    rows.iter().map(product).collect()
}

fn product(row: &Image) -> Result<Product, Refusal> {
    serde_json::from_str(row.get()).map_err(|_| Refusal::OtherColumns)
}

/// Of a time in which the table had other columns, how many rows there were is all that can be told.
fn moment(moment: &travel::Moment) -> Moment {
    let change = |one: &travel::Difference| {
        let (old, new) = (one.old.as_ref().map(product), one.new.as_ref().map(product));
        Ok(Change { old: old.transpose()?, new: new.transpose()? })
    };
    let changes: Result<Vec<_>, Refusal> = moment.differences.iter().map(change).collect();
    let unread = if changes.is_ok() { 0 } else { moment.differences.len() };
    Moment {
        stamp: Stamp { at: Timestamp(moment.at), seq: Some(moment.seq) },
        changes: changes.unwrap_or_default(),
        further: moment.further + unread,
        partial: moment.partial,
        who: moment.author.as_ref().map(|author| author.name.clone()),
    }
}
