//! The handshake.

use super::{Limits, Places, Recheck, Shared, limits, session};
use crate::{
    changelog::PostgresSource,
    counters::Counters,
    hub::{Hub, Principal},
    protocol::SUBPROTOCOL,
    server::Peer,
};
use axum::{
    Extension,
    extract::{State, WebSocketUpgrade},
    http::{
        HeaderMap, StatusCode,
        header::{RETRY_AFTER, SEC_WEBSOCKET_PROTOCOL},
    },
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What all sessions share.
#[derive(Clone, Debug)]
pub struct Live {
    /// Where changes come from.
    pub hub: Arc<Hub>,
    /// Where snapshots come from.
    pub source: Arc<Shared<PostgresSource>>,
    /// Bounds and intervals.
    pub limits: Limits,
    /// Whether people are still who they were.
    pub recheck: Recheck,
    /// How often a limit was reached.
    pub counters: Arc<Counters>,
    /// Sockets that there may be.
    pub places: Places,
    /// Ends all sessions.
    pub stop: CancellationToken,
    /// Counts them, so that a stopping server can wait for the last one.
    pub sessions: TaskTracker,
}

/// Seconds after which somebody who has too many sockets may try again.
const RETRY_SECONDS: &str = "30";

/// Turns a request into a session. A client that names subprotocols must name ours.
///
/// Who asks is in the request's extensions: whoever serves this route puts it there.
pub async fn upgrade(
    State(live): State<Live>,
    Extension(principal): Extension<Principal>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    request: WebSocketUpgrade,
) -> Response {
    let offered = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    let mut names = offered.flat_map(|list| list.split(',')).map(str::trim).peekable();
    if names.peek().is_some() && !names.any(|name| name == SUBPROTOCOL) {
        return (StatusCode::BAD_REQUEST, format!("this server speaks the subprotocol {SUBPROTOCOL} only\n"))
            .into_response();
    }
    if live.stop.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the server is stopping\n").into_response();
    }
    let taken = match live.places.enter(&principal, peer.address, &live.counters) {
        Ok(taken) => taken,
        Err(why) => return (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, RETRY_SECONDS)], why).into_response(),
    };
    // What is sent in pieces is kept until the last one comes: no more of it than of a whole one.
    let most = live.limits.frame_bytes;
    request
        .protocols([SUBPROTOCOL])
        .read_buffer_size(limits::READ_BUFFER_BYTES)
        .write_buffer_size(limits::WRITE_BUFFER_BYTES)
        .max_message_size(most)
        .max_frame_size(most)
        .on_upgrade(move |socket| {
            let tracker = live.sessions.clone();
            tracker.track_future(async move {
                session::run(socket, principal, peer.address, live).await;
                drop(taken);
            })
        })
}
