//! A network that loses every packet tells nobody. Both ends find out by themselves, in the time that the protocol promises.

#![cfg(target_os = "linux")]

use crate::support::{
    PATIENCE, Server, eventually,
    lossy::{Lossy, SERVER},
    sql, with_items,
};
use futures::{SinkExt, StreamExt};
use rowcast::{
    protocol::ServerFrame,
    store::{Action, Event, Machine, State},
};
use sqlx::PgPool;
use std::{
    io::Write,
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tokio_tungstenite::tungstenite::Message;

const HEARTBEAT: Duration = Duration::from_secs(1);
/// Three heartbeats, and some for a machine that is busy.
const SERVER_NOTICES: Duration = Duration::from_millis(3_000 + 1_500);
/// Two heartbeats, and some.
const CLIENT_NOTICES: Duration = Duration::from_millis(2_000 + 1_500);
/// Set in a process that may make networks.
const MAY: &str = "ROWCAST_TEST_MAKES_NETWORKS";
const NAME: &str = "half_open::both_ends_notice_a_network_that_loses_everything";

/// Two networks; or none here, because a process that may make them has done the test, or because none may be made.
fn networks() -> Option<Lossy> {
    let refused = match Lossy::new() {
        Ok(networks) => return Some(networks),
        Err(refused) => refused,
    };
    assert!(std::env::var_os(MAY).is_none(), "although it may make networks: {refused}");
    let own = std::env::current_exe().expect("a program");
    let mut again = Command::new("unshare");
    again.args(["--user", "--map-root-user", "--"]).stdin(Stdio::null()).env(MAY, "1");
    let allowed = again.arg("true").status().is_ok_and(|status| status.success());
    if !allowed {
        // Past what the test harness keeps to itself, for somebody should know.
        let _ = writeln!(
            std::io::stderr(),
            "{NAME} WAS NOT RUN: {refused}, and `unshare --user` is not allowed either. It needs root, or a system on which \
             users may make namespaces (sysctl kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu)."
        );
        return None;
    }
    let mut again = Command::new("unshare");
    again.args(["--user", "--map-root-user", "--"]).arg(own).args(["--exact", NAME, "--nocapture"]);
    let status = again.stdin(Stdio::null()).env(MAY, "1").status().expect("runs");
    assert!(status.success(), "in a namespace where this user is root: {status}");
    None
}

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_millis()).expect("in this age")
}

/// Opens a WebSocket from the client's network.
async fn open(networks: &Lossy, address: SocketAddr) -> crate::support::Raw {
    let stream = networks.client.within(move || TcpStream::connect(address)).expect("connects");
    stream.set_nonblocking(true).expect("sets");
    let stream = tokio::net::TcpStream::from_std(stream).expect("a stream");
    tokio_tungstenite::client_async(format!("ws://{address}/live"), stream).await.expect("upgrades").0
}

/// What the browser does with a connection: the machine decides, this does. Returns when it drops the socket.
async fn watch(socket: &mut crate::support::Raw, machine: &mut Machine) {
    loop {
        let wait = machine.wake_at().map_or(u64::MAX, |at| at.saturating_sub(now()));
        let event = match tokio::time::timeout(Duration::from_millis(wait), socket.next()).await {
            Err(_) => Event::Clock,
            Ok(Some(Ok(Message::Text(text)))) => match ServerFrame::parse(&text) {
                Ok(ServerFrame::Welcome { heartbeat_ms, .. }) => Event::Welcomed { heartbeat_ms },
                _ => Event::Heard,
            },
            // Browsers hide the rest, and answer pings by themselves.
            Ok(Some(Ok(_))) => continue,
            Ok(other) => panic!("nobody closed it: {other:?}"),
        };
        if machine.on(event, now(), 0.5) == Some(Action::Close) {
            return;
        }
    }
}

#[sqlx::test(migrations = false)]
async fn both_ends_notice_a_network_that_loses_everything(pool: PgPool) {
    let Some(networks) = tokio::task::spawn_blocking(networks).await.expect("no panic") else { return };
    with_items(&pool).await;
    let listener = networks.server.within(|| TcpListener::bind((SERVER, 0))).expect("binds");
    let server = Server::on(pool.connect_options().as_ref().clone(), listener, |config| {
        config.live.heartbeat_seconds = HEARTBEAT.as_secs();
        config.server.hosts = vec![SERVER.to_string()];
    })
    .await;
    let mut socket = open(&networks, server.address).await;
    let mut machine = Machine::default();
    assert_eq!(machine.on(Event::Start, now(), 0.5), Some(Action::Connect));
    assert_eq!(machine.on(Event::Opened, now(), 0.5), None);
    socket.send(Message::text(r#"{"type":"subscribe","id":"1","table":"items"}"#)).await.expect("sends");
    // While packets arrive nobody gives up, for much longer than it takes to.
    let quiet = tokio::time::timeout(SERVER_NOTICES + HEARTBEAT, watch(&mut socket, &mut machine)).await;
    assert!(quiet.is_err() && matches!(machine.state(), State::Open { .. }));
    assert_eq!(server.counters.sessions_timed_out.get(), 0);

    networks.lose_everything();
    let before = Instant::now();
    // There is something to send, which makes it no easier: it is sent, and never arrives.
    sql(&pool, "insert into items values (1)").await;
    let client = async {
        tokio::time::timeout(PATIENCE, watch(&mut socket, &mut machine)).await.expect("the client notices");
        before.elapsed()
    };
    let noticed = async {
        eventually("the server notices", async || server.counters.sessions_timed_out.get() == 1).await;
        before.elapsed()
    };
    let (client, noticed) = tokio::join!(client, noticed);
    assert!(client <= CLIENT_NOTICES, "the client took {client:?}");
    assert!(noticed <= SERVER_NOTICES, "the server took {noticed:?}");
    assert!(matches!(machine.state(), State::Waiting { .. }), "it is about to connect again");

    networks.heal();
    let mut again = open(&networks, server.address).await;
    let hello = tokio::time::timeout(PATIENCE, again.next()).await.expect("in time").expect("open").expect("a message");
    assert!(hello.to_text().expect("text").contains("welcome"));
}
