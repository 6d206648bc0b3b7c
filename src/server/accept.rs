//! Takes connections, within limits, and serves HTTP on them.
//!
//! Every step before a request is complete has a deadline, so that a connection costs nobody who says nothing more than some
//! memory for some seconds: agreeing on TLS, and each request's header. Later steps have their own: requests in `routes`, live
//! sockets in `socket`.

use super::{
    peer::Connected,
    tally::Tally,
    tls::Tls,
    wire::{Places, Wire},
};
use crate::{
    config::{Limits, Network},
    counters::Counters,
    identity::customer,
};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use socket2::SockRef;
use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long to wait when the system has no more connections to give, such as for want of file descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);
/// How long sent bytes may stay unacknowledged before the system gives the connection up. Longer than any of ours, which know
/// why; it is for connections on which nothing else would notice.
const UNACKNOWLEDGED: Duration = Duration::from_secs(120);
/// Connections that are being told why they are refused; beyond that they are just closed.
const MAX_FAREWELLS: usize = 64;
/// How long that may take.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(1);
/// Bytes that are read of what somebody has to say who is refused.
const FAREWELL_BYTES: u64 = 16 * 1024;
/// Seconds after which somebody who was refused may try again.
pub(super) const RETRY_AFTER: &str = "5";

/// What is needed to take connections.
pub(super) struct Front {
    pub(super) limits: Limits,
    pub(super) proxies: Vec<Network>,
    pub(super) tls: Option<Tls>,
    pub(super) counters: Arc<Counters>,
}

/// Serves until `stop` is cancelled, and then until all connections have ended, which are asked to.
pub(super) async fn serve(listener: TcpListener, router: Router, front: Front, stop: CancellationToken) {
    let (all, by_address) = (Tally::new(front.limits.connections), Tally::new(front.limits.connections_per_address));
    let farewells = Arc::new(Semaphore::new(MAX_FAREWELLS));
    let (front, connections) = (Arc::new(front), TaskTracker::new());
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if !is_about_one(&error) {
                    tracing::error!(%error, "no connection can be taken");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
                continue;
            }
        };
        let address = from.ip().to_canonical();
        let is_proxy = front.proxies.iter().any(|proxy| proxy.contains(address));
        match places(&front.counters, &all, &by_address, (!is_proxy).then(|| customer(address))) {
            Ok(places) => {
                prepare(&stream);
                let serving = connection(stream, from, places, router.clone(), front.clone(), stop.clone());
                connections.spawn(serving);
            }
            Err(status) => {
                if let (None, Ok(room)) = (&front.tls, farewells.clone().try_acquire_owned()) {
                    connections.spawn(async move {
                        // Whoever does not listen has not been told.
                        let _ = tokio::time::timeout(FAREWELL_TIMEOUT, refuse(stream, status)).await;
                        drop(room);
                    });
                }
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// A place among all, and among those of the address; or how to refuse.
fn places(
    counters: &Counters,
    all: &Arc<Tally<()>>,
    by_address: &Arc<Tally<IpAddr>>,
    address: Option<IpAddr>,
) -> Result<Places, &'static str> {
    let Some(place) = all.enter(()) else {
        counters.connections_over_limit.add();
        return Err("503 Service Unavailable");
    };
    let Some(address) = address else { return Ok((place, None)) };
    match by_address.enter(address) {
        Some(of_address) => Ok((place, Some(of_address))),
        None => {
            counters.address_over_limit.add();
            Err("429 Too Many Requests")
        }
    }
}

/// Whether only the connection failed that would have been next.
fn is_about_one(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// All of this fails on a connection that is gone already.
fn prepare(stream: &TcpStream) {
    // A frame is complete when it is sent; waiting for more to send with it only makes it late.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = SockRef::from(stream).set_tcp_user_timeout(Some(UNACKNOWLEDGED));
}

/// Says why, and reads a little: closing on unread bytes would take the words back.
async fn refuse(mut stream: TcpStream, status: &str) -> io::Result<()> {
    let answer = format!(
        "HTTP/1.1 {status}\r\nretry-after: {RETRY_AFTER}\r\nconnection: close\r\ncontent-type: text/plain\r\n\
         content-length: 30\r\n\r\nthere are too many connections"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(FAREWELL_BYTES), &mut tokio::io::sink()).await?;
    Ok(())
}

async fn connection(
    stream: TcpStream,
    from: SocketAddr,
    places: Places,
    router: Router,
    front: Arc<Front>,
    stop: CancellationToken,
) {
    let connected = Connected { from, tls: front.tls.is_some() };
    let wire = match &front.tls {
        None => Wire::plain(stream, places),
        Some(tls) => {
            let agreed = tokio::time::timeout(front.limits.header_timeout(), tls.acceptor().accept(stream));
            match stop.run_until_cancelled(agreed).await {
                Some(Ok(Ok(stream))) => Wire::tls(stream, places),
                Some(Ok(Err(_)) | Err(_)) => {
                    front.counters.tls_handshakes_failed.add();
                    return;
                }
                None => return,
            }
        }
    };
    let service = TowerToHyperService::new(router.layer(Extension(connected)));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(front.limits.header_timeout())
        .max_buf_size(front.limits.header_bytes)
        .serve_connection(TokioIo::new(wire), service)
        .with_upgrades();
    let mut served = pin!(served);
    let outcome = tokio::select! {
        outcome = &mut served => outcome,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    match outcome {
        Err(error) if error.is_timeout() => front.counters.headers_timed_out.add(),
        Err(error) if error.is_parse_too_large() => front.counters.headers_over_size.add(),
        // What else ends a connection is the client's business.
        Ok(()) | Err(_) => {}
    }
}
