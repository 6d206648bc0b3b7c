//! Sleeping without missing anything, while writers stay silent as long as somebody is awake.
//!
//! Who sleeps holds a session advisory lock exclusively; a writer's trigger that cannot share it rings (`notify`). A
//! writer that *could* share it holds it until its commit, so the lock cannot be had while such a writer is still to
//! commit. The order is therefore: get the lock, look once more, sleep.
//!
//! Of several servers on one database, one leads: it sleeps in this way, and rings for the others once for each batch. The
//! others hold a lock that says that they are there, and look when it rings; each has heard it ring since it came, or looks
//! by itself. Who leads holds a lock as well, so the next one leads as soon as it is gone. Which of them leads matters only
//! for who is woken how: two that believe they do cannot both have the lock that writers try.
//!
//! The locks, the listening and the look are on one connection: if it dies, all end at once, and this end notices, because
//! every question has a deadline.
//!
//! Behind a pooler there is no session that could keep locks or listen. Then each look is a transaction of its own, and
//! nothing else is done here.
//!
//! Invariant: [`Doorbell::doze`] returning true and a following look that finds nothing mean that the next commit rings.

use super::{
    Error, epoch,
    read::{self, Look, Scope, Wanted},
    statement::begin_on,
};
use crate::protocol::{Epoch, Position};
use sqlx::{
    Connection, PgConnection, PgPool, Postgres, Row, Transaction,
    postgres::{PgListener, PgNotification, PgPoolOptions},
};
use std::{
    future::Future,
    time::{Duration, Instant},
};

/// How long the listening connection may take to be opened.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a question that needs no work may take to be answered.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the leader believes that others are there without asking again.
const BELIEF: Duration = Duration::from_secs(2);

/// First half of the key of every advisory lock; the capture function names the same.
const LOCKS: i32 = 1_919_907_683;
/// Second halves: held by who sleeps and tried by writers, held by the leader, shared by the others.
const SLEEP: i32 = 1;
const LEAD: i32 = 2;
const FOLLOW: i32 = 3;

/// The channel that writers ring on.
const WRITERS: &str = "rowcast";
/// The channel that servers ring on.
const SERVERS: &str = "rowcast_batch";
/// What a server says there when it has come. When something is new, nothing is said.
const HERE: &str = "here";

/// What this server is to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Is woken by nobody.
    Alone,
    /// Is woken by writers, and wakes the others.
    Leader {
        /// Whether there are others, as of when that was asked.
        followed: bool,
        asked: Instant,
    },
    /// Is woken by the leader.
    Follower {
        /// Whether a leader is known to ring for it.
        heard: bool,
    },
}

/// What a tailer is connected by.
enum Line {
    /// A session of its own.
    Session(PgListener),
    /// What may be another session for each transaction.
    Transactions(PgConnection),
}

/// The one connection of a tailer.
pub(super) struct Doorbell {
    line: Line,
    /// Holds the lock of who sleeps.
    dozing: bool,
    /// Holds the lock of those who are led.
    follows: bool,
    /// Somebody rang, and no look has answered it yet.
    rung: bool,
    /// Somebody has come who has not heard from the leader yet.
    owes: bool,
    role: Role,
}

impl Doorbell {
    /// Opens a connection to the pool's database. Without `listens`, nobody is ever asked to ring.
    pub(super) async fn open(pool: &PgPool, listens: bool) -> Result<Self, Error> {
        let line = if listens { Self::session(pool).await? } else { Self::transactions(pool).await? };
        let mut doorbell = Self { line, dozing: false, follows: false, rung: false, owes: false, role: Role::Alone };
        if listens {
            doorbell.role = Role::Follower { heard: false };
            if !doorbell.try_to_lead().await? {
                doorbell.follows = doorbell.lock("select pg_try_advisory_lock_shared($1, $2)", FOLLOW).await?;
                doorbell.ring(HERE).await?;
            }
        }
        Ok(doorbell)
    }

    async fn session(pool: &PgPool) -> Result<Line, Error> {
        let own = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(CONNECT_TIMEOUT)
            .max_lifetime(None)
            .idle_timeout(None)
            .connect_lazy_with(pool.connect_options().as_ref().clone());
        let mut listener = PgListener::connect_with(&own).await?;
        // A lost connection ends this doorbell; a new one is opened with everything that belongs to it.
        listener.eager_reconnect(false);
        within(sqlx::raw_sql(include_str!("detect_death.sql")).execute(&mut listener)).await?;
        read::prepare(&mut listener, Scope::Session).await?;
        within(listener.listen_all([WRITERS, SERVERS])).await?;
        Ok(Line::Session(listener))
    }

    /// No pool: it would ask before each look whether the connection still works.
    async fn transactions(pool: &PgPool) -> Result<Line, Error> {
        Ok(Line::Transactions(within(PgConnection::connect_with(&pool.connect_options())).await?))
    }

    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// The connection, for what is done in a transaction.
    pub(super) async fn connection(&mut self) -> Result<&mut PgConnection, Error> {
        Ok(match &mut self.line {
            Line::Session(listener) => sqlx::Acquire::acquire(listener).await?,
            Line::Transactions(connection) => connection,
        })
    }

    /// Looks for what is new since a position.
    pub(super) async fn look(&mut self, from: &Position, wanted: Wanted<'_>) -> Result<Look, Error> {
        if let Line::Session(_) = self.line {
            return read::changes_after(self.connection().await?, from, wanted, Scope::Session).await;
        }
        let mut transaction = self.begin().await?;
        within_any(read::prepare(&mut *transaction, Scope::Transaction)).await?;
        let look = read::changes_after(&mut transaction, from, wanted, Scope::Transaction).await?;
        within(transaction.commit()).await?;
        Ok(look)
    }

    /// Which continuous history is at the other end.
    pub(super) async fn epoch(&mut self) -> Result<Epoch, Error> {
        let mut transaction = self.begin().await?;
        let epoch = within_any(epoch(&mut *transaction)).await?;
        within(transaction.commit()).await?;
        Ok(epoch)
    }

    async fn begin(&mut self) -> Result<Transaction<'_, Postgres>, Error> {
        within(begin_on(self.connection().await?)).await
    }

    /// Fails if the other end does not answer.
    pub(super) async fn check(&mut self) -> Result<(), Error> {
        within(sqlx::raw_sql("select 1").execute(self.connection().await?)).await?;
        Ok(())
    }

    /// Becomes the leader if there is none. Whether it did.
    pub(super) async fn try_to_lead(&mut self) -> Result<bool, Error> {
        if !matches!(self.role, Role::Follower { .. })
            || !self.lock("select pg_try_advisory_lock($1, $2)", LEAD).await?
        {
            return Ok(false);
        }
        if std::mem::take(&mut self.follows) {
            self.lock("select pg_advisory_unlock_shared($1, $2)", FOLLOW).await?;
        }
        self.role = Role::Leader { followed: self.is_followed().await?, asked: Instant::now() };
        // They wait to hear from a leader.
        self.tell().await?;
        Ok(true)
    }

    /// Tells the others that there is something new, if there are any.
    pub(super) async fn tell(&mut self) -> Result<(), Error> {
        if let Role::Leader { followed: true, asked } = self.role {
            if asked.elapsed() > BELIEF {
                self.role = Role::Leader { followed: self.is_followed().await?, asked: Instant::now() };
            }
            self.owes = true;
        }
        self.attend().await
    }

    /// Takes note of what has been said meanwhile, and speaks if somebody waits to hear the leader.
    pub(super) async fn attend(&mut self) -> Result<(), Error> {
        self.note_all();
        if self.owes {
            self.ring("").await?;
            self.owes = false;
        }
        Ok(())
    }

    /// Tries to have writers ring from now on. False while one that need not ring has yet to commit.
    pub(super) async fn doze(&mut self) -> Result<bool, Error> {
        if matches!(self.role, Role::Leader { .. }) && !self.dozing {
            self.dozing = self.lock("select pg_try_advisory_lock($1, $2)", SLEEP).await?;
        }
        Ok(self.dozing)
    }

    /// Lets writers be silent.
    pub(super) async fn wake(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.dozing) {
            self.lock("select pg_advisory_unlock($1, $2)", SLEEP).await?;
        }
        Ok(())
    }

    /// Waits until somebody rings. Cancelling it loses nothing.
    pub(super) async fn rung(&mut self) -> Result<(), Error> {
        while !self.rung {
            let Line::Session(listener) = &mut self.line else { return std::future::pending().await };
            match listener.try_recv().await? {
                Some(notification) => self.note(&notification),
                None => return Err(Error::Postgres(sqlx::Error::Io(std::io::ErrorKind::ConnectionAborted.into()))),
            }
        }
        // One look answers however many have rung.
        self.note_all();
        self.rung = false;
        Ok(())
    }

    /// Takes note of all that has been said.
    fn note_all(&mut self) {
        while let Line::Session(listener) = &mut self.line
            && let Some(notification) = listener.next_buffered()
        {
            self.note(&notification);
        }
    }

    /// What a notification means to this server.
    fn note(&mut self, notification: &PgNotification) {
        match (notification.channel() == WRITERS, notification.payload() == HERE, &mut self.role) {
            (true, ..) => self.rung = true,
            (false, true, Role::Leader { followed, .. }) => {
                *followed = true;
                self.owes = true;
                self.rung = true;
            }
            (false, false, Role::Follower { heard }) => {
                *heard = true;
                self.rung = true;
            }
            // Its own voice, or somebody who speaks to the leader.
            _ => {}
        }
    }

    async fn ring(&mut self, payload: &str) -> Result<(), Error> {
        if let Line::Session(listener) = &mut self.line {
            let notify = sqlx::query("select pg_notify($1, $2)").bind(SERVERS).bind(payload);
            within(notify.execute(listener)).await?;
        }
        Ok(())
    }

    /// Asks for a lock of the session. False where there is none.
    async fn lock(&mut self, sql: &'static str, key: i32) -> Result<bool, Error> {
        let Line::Session(listener) = &mut self.line else { return Ok(false) };
        let row = within(sqlx::query(sql).bind(LOCKS).bind(key).fetch_optional(listener)).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or_default())
    }

    async fn is_followed(&mut self) -> Result<bool, Error> {
        let others = "select true from pg_locks where locktype = 'advisory' and classid = $1::oid and objid = $2::oid
            and database = (select oid from pg_database where datname = current_database()) limit 1";
        self.lock(others, FOLLOW).await
    }
}

/// The answer to a question that needs no work, or an error: no answer for so long means that there is nobody at the other end.
async fn within<T>(question: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, Error> {
    within_any(async { Ok(question.await?) }).await
}

async fn within_any<T>(question: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match tokio::time::timeout(ANSWER_TIMEOUT, question).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::Postgres(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))),
    }
}
