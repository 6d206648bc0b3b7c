//! A backplane over Redis Pub/Sub.
//!
//! Two connections: one listens, one speaks. What this node says comes back to it, so a connection on which nothing is heard for
//! longer than a node's beat is dead, whatever the network says of it. Whatever fails, both are made anew.
//!
//! The crate's own reconnecting is not used: it would not tell when what was said meanwhile is lost, and nodes must know that.
//!
//! Whoever can publish can say anything, as much and as fast as they like: what is too long is not read to its end, and what
//! comes too fast waits in Redis.

use super::{
    Backplane, Event, Link,
    dial::dial,
    link,
    sluice::{Gate, PORTION_BYTES, Sluice},
};
use crate::hub::rooms::{BEAT, MAX_WORD_BYTES};
use bytes::Bytes;
use futures::StreamExt;
use redis::{
    AsyncConnectionConfig, Client,
    aio::{MultiplexedConnection, PubSub, PubSubStream},
};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;

/// How long connecting and any answer may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Silence after which the connection is dead: some beats of this node itself.
const SILENCE: Duration = Duration::from_secs(3 * BEAT.as_secs());
/// Between two tries to connect: doubles from the first to the last.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// Bytes that are read without a word having ended among them. What is longer is not read to its end.
const MAX_READ_BYTES: u64 = 4 * MAX_WORD_BYTES as u64;
/// Words that are sent together.
const MAX_AT_ONCE: usize = 64;

/// Why Redis is of no use, now or at all.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// The address is none. It is not shown: it may hold a password.
    #[error("the address of Redis is none: it looks like redis://host:6379 or rediss://user:password@host:6379 ({0})")]
    Address(redis::RedisError),
    /// It cannot be reached, or failed.
    #[error(transparent)]
    Failed(#[from] redis::RedisError),
    /// The connection failed.
    #[error(transparent)]
    Connection(#[from] std::io::Error),
    /// It is somewhere that cannot be connected to.
    #[error("its address is of a kind that is not known here")]
    Way,
    /// Somebody said something endless.
    #[error("somebody says more there at once than any server does")]
    Endless,
    /// It does not answer.
    #[error("it does not answer")]
    Silent,
}

/// A Redis that joins nodes.
#[derive(Clone, Debug)]
pub struct Redis {
    client: Client,
}

impl Redis {
    /// The one at this address. Nothing is connected yet.
    pub fn at(address: &str) -> Result<Self, RedisError> {
        Ok(Self { client: Client::open(address).map_err(RedisError::Address)? })
    }
}

impl Backplane for Redis {
    fn join(&self, channel: String, stop: CancellationToken) -> Link {
        let (link, said, tell) = link();
        let seat = Seat { client: self.client.clone(), channel, said, tell };
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = seat.run() => {}
            }
        });
        link
    }
}

struct Seat {
    client: Client,
    channel: String,
    said: mpsc::Receiver<String>,
    tell: mpsc::Sender<Event>,
}

impl Seat {
    /// Until nobody listens.
    async fn run(mut self) {
        let mut retry = RETRY.0;
        let mut was_connected = true;
        while !self.tell.is_closed() {
            let mut connected = false;
            let Err(error) = self.carry(&mut connected).await;
            if connected {
                retry = RETRY.0;
                // Fails only if nobody listens.
                let _ = self.tell.send(Event::Disconnected).await;
            }
            if connected || was_connected {
                tracing::warn!(%error, "Redis cannot be reached: rooms are those of this server alone until it can");
            }
            was_connected = connected;
            sleep(retry).await;
            retry = (retry * 2).min(RETRY.1);
        }
    }

    async fn carry(&mut self, connected: &mut bool) -> Result<Infallible, RedisError> {
        let opened = timeout(PATIENCE, async {
            let info = self.client.get_connection_info();
            let (stream, gate) = Sluice::new(dial(info.addr()).await?);
            let mut listening = PubSub::new(info.redis_settings(), stream).await?;
            listening.subscribe(&self.channel).await?;
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(PATIENCE))
                .set_response_timeout(Some(PATIENCE));
            let speaking = self.client.get_multiplexed_async_connection_with_config(&config).await?;
            Ok::<_, RedisError>((listening, gate, speaking))
        });
        let (listening, gate, speaking) = opened.await.map_err(|_| RedisError::Silent)??;
        // Said while nobody could hear it.
        while self.said.try_recv().is_ok() {}
        tracing::info!("Redis carries rooms between servers");
        *connected = true;
        let _ = self.tell.send(Event::Connected).await;
        tokio::select! {
            outcome = listen(listening.into_on_message(), gate, &self.tell) => outcome,
            outcome = speak(&mut self.said, speaking, &self.channel) => outcome,
        }
    }
}

/// Hands on what is heard. More is read when all of it has been handed on.
async fn listen(
    mut heard: PubSubStream,
    gate: Arc<Gate>,
    tell: &mpsc::Sender<Event>,
) -> Result<Infallible, RedisError> {
    let (mut last, mut read) = (Instant::now(), 0);
    loop {
        tokio::select! {
            biased;
            message = timeout_at(last + SILENCE, heard.next()) => {
                let message = message.ok().flatten().ok_or(RedisError::Silent)?;
                (last, read) = (Instant::now(), 0);
                let word = message.get_payload_bytes();
                let event = if word.len() > MAX_WORD_BYTES { Event::Refused } else { Event::Word(Bytes::copy_from_slice(word)) };
                tell.send(event).await.map_err(|_| RedisError::Silent)?;
            }
            () = gate.dry() => {
                read += PORTION_BYTES;
                if read > MAX_READ_BYTES {
                    let _ = tell.send(Event::Refused).await;
                    return Err(RedisError::Endless);
                }
                gate.open();
            }
        }
    }
}

async fn speak(
    said: &mut mpsc::Receiver<String>,
    mut connection: MultiplexedConnection,
    channel: &str,
) -> Result<Infallible, RedisError> {
    let mut words = Vec::with_capacity(MAX_AT_ONCE);
    loop {
        if said.recv_many(&mut words, MAX_AT_ONCE).await == 0 {
            return Err(RedisError::Silent);
        }
        let mut together = redis::pipe();
        for word in words.drain(..) {
            together.cmd("PUBLISH").arg(channel).arg(word).ignore();
        }
        together.query_async::<()>(&mut connection).await?;
    }
}
