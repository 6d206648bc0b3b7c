//! A backplane over Redis Pub/Sub.
//!
//! Two connections: one listens, one speaks. What this node says comes back to it, so a connection on which nothing is heard for
//! longer than a node's beat is dead, whatever the network says of it. Whatever fails, both are made anew.
//!
//! The crate's own reconnecting is not used: it would not tell when what was said meanwhile is lost, and nodes must know that.

use super::{Backplane, Event, Link, link};
use crate::hub::rooms::BEAT;
use bytes::Bytes;
use futures::StreamExt;
use redis::{AsyncConnectionConfig, Client, aio::MultiplexedConnection};
use std::{convert::Infallible, time::Duration};
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How long connecting and any answer may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Silence after which the connection is dead: some beats of this node itself.
const SILENCE: Duration = Duration::from_secs(3 * BEAT.as_secs());
/// Between two tries to connect: doubles from the first to the last.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
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
            let mut listening = self.client.get_async_pubsub().await?;
            listening.subscribe(&self.channel).await?;
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(PATIENCE))
                .set_response_timeout(Some(PATIENCE));
            let speaking = self.client.get_multiplexed_async_connection_with_config(&config).await?;
            Ok::<_, redis::RedisError>((listening, speaking))
        });
        let (listening, speaking) = opened.await.map_err(|_| RedisError::Silent)??;
        // Said while nobody could hear it.
        while self.said.try_recv().is_ok() {}
        tracing::info!("Redis carries rooms between servers");
        *connected = true;
        let _ = self.tell.send(Event::Connected).await;
        let mut heard = listening.into_on_message();
        let listen = async {
            loop {
                let message = timeout(SILENCE, heard.next()).await.ok().flatten().ok_or(RedisError::Silent)?;
                let word = Bytes::copy_from_slice(message.get_payload_bytes());
                if self.tell.send(Event::Word(word)).await.is_err() {
                    return Err(RedisError::Silent);
                }
            }
        };
        tokio::select! {
            outcome = listen => outcome,
            outcome = speak(&mut self.said, speaking, &self.channel) => outcome,
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
