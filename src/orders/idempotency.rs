//! The same request twice under one key is carried out once: the second is answered with what the first was.
//!
//! A key belongs to whoever sent it, and is taken in the transaction that does what was asked. So a second request waits for the
//! first one's end: if it was carried out, it is answered the same; if it was refused, nothing was done and nothing is kept, and the
//! second is decided anew.

use super::{
    failure::Failure,
    refusal::{Refusal, RefusalCode},
    wire::Done,
};
use crate::changelog::statement::{self, Arguments};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool, Postgres, Row, postgres::PgRow, query::Query};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often what has expired is removed. Nothing that has expired counts before it is removed.
const SWEEP_EVERY: Duration = Duration::from_secs(10 * 60);
/// Rows that are removed in one transaction.
const SWEPT_AT_ONCE: i64 = 10_000;

/// A key, whose it is, and what was asked under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    principal: String,
    key: String,
    hash: Vec<u8>,
}

impl Request {
    /// `asked`: all that was asked, so that what differs in anything is another request.
    pub(super) fn new(principal: String, key: String, asked: &impl Serialize) -> Self {
        let text = serde_json::to_vec(asked).expect("what is asked has string keys only");
        Self { principal, key, hash: Sha256::digest(text).to_vec() }
    }

    /// Takes the key; or what it was answered with when it was used before.
    pub(super) async fn claim(&self, connection: &mut PgConnection) -> Result<Option<Done>, Failure> {
        let claimed = statement::query(include_str!("sql/claim_key.sql"))
            .bind(&self.principal)
            .bind(&self.key)
            .bind(&self.hash)
            .fetch_optional(&mut *connection)
            .await
            .map_err(|error| if is_held(&error) { Failure::Unconfirmed(error) } else { error.into() })?;
        if claimed.is_some() {
            return Ok(None);
        }
        let before = self.find().fetch_one(connection).await?;
        self.answer(&before).map(Some)
    }

    /// What it was answered with, if it was carried out before.
    pub(super) async fn before(&self, pool: &PgPool) -> Result<Option<Done>, Failure> {
        let mut transaction = statement::begin(pool).await?;
        let before = self.find().fetch_optional(&mut *transaction).await?;
        // An expired one is as if it had not been.
        let before = before.filter(|before| before.try_get::<bool, _>("counts").unwrap_or(false));
        before.map(|before| self.answer(&before)).transpose()
    }

    fn find(&self) -> Query<'_, Postgres, Arguments> {
        let find = "select request, answer::text as answer, at > now() - interval '1 day' as counts
                    from public.order_requests where principal = $1 and key = $2";
        statement::query(find).bind(&self.principal).bind(&self.key)
    }

    fn answer(&self, before: &PgRow) -> Result<Done, Failure> {
        if before.try_get::<Vec<u8>, _>("request")? != self.hash {
            let message =
                "This idempotency key was used for another request; use a new key for each order and each step";
            return Err(Refusal::of_field(RefusalCode::KeyReused, "Idempotency-Key", message).into());
        }
        let answer: String = before.try_get("answer")?;
        serde_json::from_str(&answer).map_err(|error| sqlx::Error::Decode(Box::new(error)).into())
    }

    /// Keeps what the request is answered with.
    pub(super) async fn answered(&self, connection: &mut PgConnection, done: Done) -> Result<(), Failure> {
        let answer = serde_json::to_string(&done).expect("an answer has string keys only");
        let keep = "update public.order_requests set answer = $3::text::jsonb where principal = $1 and key = $2";
        statement::query(keep).bind(&self.principal).bind(&self.key).bind(answer).execute(connection).await?;
        Ok(())
    }
}

/// Whether the first that came under this key has not ended yet: it may be carried out or not.
fn is_held(error: &sqlx::Error) -> bool {
    // lock_not_available.
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "55P03")
}

/// Removes keys after a day, and what people were told long ago, until `stop` is cancelled. Where there are no orders, it does
/// nothing.
pub async fn sweep(pool: PgPool, stop: CancellationToken) {
    loop {
        if let Err(error) = sweep_once(&pool).await {
            tracing::debug!(%error, "what has expired of orders is removed later");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(SWEEP_EVERY) => {}
        }
    }
}

/// The same, once.
pub async fn sweep_once(pool: &PgPool) -> Result<(), sqlx::Error> {
    let is_there = statement::query_scalar("select to_regclass('public.order_requests') is not null");
    if !statement::value::<bool>(pool, is_there).await? {
        return Ok(());
    }
    for sql in [include_str!("sql/sweep_keys.sql"), include_str!("sql/sweep_notifications.sql")] {
        statement::execute(pool, statement::query(sql).bind(SWEPT_AT_ONCE)).await?;
    }
    Ok(())
}
