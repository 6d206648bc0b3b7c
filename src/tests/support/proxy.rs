//! A wire between a client and a server that a test can cut, stall, slow down and lead elsewhere. Loopback only.

use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// Bytes that are carried at a time: few, so that frames are cut in their middle.
const PIECE_BYTES: usize = 1500;
/// Buffers of the wire's sockets in bytes: small, so that whoever does not read is soon noticed by who writes.
const SOCKET_BYTES: u32 = 16 * 1024;
/// Connections that may wait to be accepted.
const BACKLOG: u32 = 64;

/// One wire. It ends, with its connections, when it is dropped.
pub struct Proxy {
    /// Where clients connect to.
    pub address: SocketAddr,
    state: watch::Sender<State>,
    accepting: JoinHandle<()>,
}

#[derive(Clone, Copy)]
struct State {
    target: SocketAddr,
    /// How often the wire was cut: connections that began before the last time have ended.
    cuts: u64,
    stalled: bool,
    /// Bytes per second.
    pace: Option<u32>,
}

impl Proxy {
    /// A wire to a server.
    pub async fn to(target: SocketAddr) -> Self {
        let socket = small_socket();
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("binds");
        let listener = socket.listen(BACKLOG).expect("listens");
        let address = listener.local_addr().expect("bound");
        let (state, observed) = watch::channel(State { target, cuts: 0, stalled: false, pace: None });
        Self { address, state, accepting: tokio::spawn(accept(listener, observed)) }
    }

    /// Connections that are made from now on lead there.
    pub fn aim(&self, target: SocketAddr) {
        self.state.send_modify(|state| state.target = target);
    }

    /// Ends all connections; what is on its way is lost.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }

    /// Bytes stop, or go on. Connections stay.
    pub fn stall(&self, stalled: bool) {
        self.state.send_modify(|state| state.stalled = stalled);
    }

    /// Carries so many bytes per second each way; without a number, as many as there are.
    pub fn slow_down(&self, pace: Option<u32>) {
        self.state.send_modify(|state| state.pace = pace);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn small_socket() -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(SOCKET_BYTES).expect("sets");
    socket.set_send_buffer_size(SOCKET_BYTES).expect("sets");
    // Small pieces, too: of loopback's large ones the other end would buffer megabytes.
    socket2::SockRef::from(&socket).set_tcp_mss(PIECE_BYTES as u32).expect("a size");
    socket
}

async fn accept(listener: TcpListener, state: watch::Receiver<State>) {
    // Ends its connections with this task.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(carry(client, state.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn carry(client: TcpStream, mut state: watch::Receiver<State>) {
    let State { target, cuts, .. } = *state.borrow();
    let Ok(server) = small_socket().connect(target).await else { return };
    let (client_reads, client_writes) = client.into_split();
    let (server_reads, server_writes) = server.into_split();
    let both = async {
        tokio::join!(pump(client_reads, server_writes, state.clone()), pump(server_reads, client_writes, state.clone()))
    };
    let mut watched = state.clone();
    tokio::select! {
        _ = both => {}
        // An error means that the wire itself is gone.
        _ = watched.wait_for(|state| state.cuts != cuts) => {}
    }
    state.mark_unchanged();
}

/// Carries one direction until its source ends; the other end is told by the end of the stream.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>) {
    let mut piece = [0; PIECE_BYTES];
    loop {
        let Ok(length) = from.read(&mut piece).await else { return };
        if length == 0 {
            return;
        }
        let Ok(pace) = state.wait_for(|state| !state.stalled).await.map(|state| state.pace) else { return };
        if let Some(pace) = pace {
            tokio::time::sleep(Duration::from_secs_f64(length as f64 / f64::from(pace))).await;
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
