//! A client: the browser's own replica around another WebSocket, with sinks that collect rows as text.
//!
//! What does not fit (a change of a row that is not there, a frame that is not understood) fails the test at once.

use super::{PATIENCE, Server};
use futures::{SinkExt, StreamExt};
use rowcast::{
    protocol::{Change, CloseCode, PATH, Position, SUBPROTOCOL, Subscribe},
    store::{Diverged, Phase, Replica, Sink},
};
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue},
};

/// Row texts by the text of their keys.
pub type Rows = BTreeMap<String, String>;

#[derive(Debug, Default)]
pub struct View {
    pub rows: Rows,
    pub phase: Option<Phase>,
    /// Every commit, if they are recorded.
    pub steps: Vec<Step>,
}

/// What one commit did to the rows that are shown.
#[derive(Clone, Debug)]
pub struct Step {
    pub position: Position,
    pub removed: Vec<Arc<str>>,
    pub added: Vec<Arc<str>>,
}

/// One copy of each text that is recorded, however many clients show it.
static TEXTS: Mutex<BTreeSet<Arc<str>>> = Mutex::new(BTreeSet::new());

fn shared(text: &str) -> Arc<str> {
    let mut texts = TEXTS.lock().expect("lock");
    if let Some(found) = texts.get(text) {
        return found.clone();
    }
    let text: Arc<str> = text.into();
    texts.insert(text.clone());
    text
}

struct Screen {
    key: Vec<String>,
    staged: Vec<Staged>,
    partial: Vec<(String, String)>,
    record: bool,
    view: Arc<Mutex<View>>,
}

enum Staged {
    All(Vec<(String, String)>),
    Insert(String, String),
    Update(String, String),
    Delete(String),
}

/// The text of a key, from a row or from a key object.
pub fn key_text(columns: &[String], object: &RawValue) -> String {
    let values: HashMap<String, &RawValue> = serde_json::from_str(object.get()).expect("an object");
    let value = |column: &String| values.get(column).unwrap_or_else(|| panic!("no {column} in {object}")).get();
    columns.iter().map(value).collect::<Vec<_>>().join("|")
}

impl Screen {
    fn row(&self, row: &RawValue) -> (String, String) {
        (key_text(&self.key, row), row.get().to_owned())
    }
}

impl Sink for Screen {
    fn keyed(&mut self, key: &[String]) {
        self.key = key.to_vec();
    }

    fn snapshot(&mut self, rows: &[&RawValue], more: bool) -> Result<(), serde_json::Error> {
        let rows: Vec<_> = rows.iter().map(|row| self.row(row)).collect();
        self.partial.extend(rows);
        if !more {
            self.staged = vec![Staged::All(std::mem::take(&mut self.partial))];
        }
        Ok(())
    }

    fn changes(&mut self, changes: &[Change<'_>]) -> Result<(), serde_json::Error> {
        for change in changes {
            let staged = match change {
                Change::Insert { row } => {
                    let (key, row) = self.row(row);
                    Staged::Insert(key, row)
                }
                Change::Update { row } => {
                    let (key, row) = self.row(row);
                    Staged::Update(key, row)
                }
                Change::Delete { key } => Staged::Delete(key_text(&self.key, key)),
                Change::Truncate => Staged::All(Vec::new()),
            };
            self.staged.push(staged);
        }
        Ok(())
    }

    fn commit(&mut self, position: &Position) -> Result<(), Diverged> {
        let mut view = self.view.lock().expect("lock");
        let (mut removed, mut added) = (Vec::new(), Vec::new());
        for staged in self.staged.drain(..) {
            let fits = match staged {
                Staged::All(rows) => {
                    removed.extend(std::mem::take(&mut view.rows).into_values());
                    view.rows = rows.into_iter().collect();
                    added.extend(view.rows.values().cloned());
                    true
                }
                Staged::Insert(key, row) => {
                    added.push(row.clone());
                    view.rows.insert(key, row).is_none()
                }
                Staged::Update(key, row) => {
                    added.push(row.clone());
                    let old = view.rows.insert(key, row);
                    let fits = old.is_some();
                    removed.extend(old);
                    fits
                }
                Staged::Delete(key) => {
                    let old = view.rows.remove(&key);
                    let fits = old.is_some();
                    removed.extend(old);
                    fits
                }
            };
            if !fits {
                return Err(Diverged);
            }
        }
        if self.record {
            let shared = |texts: Vec<String>| texts.iter().map(|text| shared(text)).collect();
            view.steps.push(Step { position: position.clone(), removed: shared(removed), added: shared(added) });
        }
        Ok(())
    }

    fn discard(&mut self) {
        self.partial.clear();
        self.staged.clear();
    }

    fn forget(&mut self) {
        self.discard();
        self.view.lock().expect("lock").rows.clear();
    }

    fn enter(&mut self, phase: Phase) {
        self.view.lock().expect("lock").phase = Some(phase);
    }
}

/// A WebSocket without any logic.
pub type Raw = WebSocketStream<TcpStream>;

/// Opens a WebSocket as a browser on the server's own page does.
pub async fn open(address: SocketAddr) -> Raw {
    try_open(address, None).await.expect("connects and upgrades")
}

/// Opens a WebSocket where there may be nobody.
async fn try_open(address: SocketAddr, shown: Option<&Shown>) -> Result<Raw, tungstenite::Error> {
    let mut request = format!("ws://{address}{PATH}").into_client_request().expect("a request");
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    if let Some((name, value)) = shown {
        request.headers_mut().insert(*name, value.parse().expect("a value"));
    }
    let stream = TcpStream::connect(address).await?;
    Ok(tokio_tungstenite::client_async(request, stream).await?.0)
}

/// A header by which somebody is recognised.
pub type Shown = (&'static str, String);

pub struct Client {
    address: SocketAddr,
    shown: Option<Shown>,
    pub(super) replica: Replica,
    views: BTreeMap<u64, Arc<Mutex<View>>>,
    socket: Option<Raw>,
    /// Frames since the last connection was opened.
    pub heard: Vec<String>,
    /// Resyncs on all connections.
    pub resynced: usize,
    /// The last position.
    pub token: Option<String>,
    pub available: Option<bool>,
    /// The last close code.
    pub closed: Option<u16>,
    record: bool,
}

impl Client {
    /// Not connected.
    pub fn of(address: SocketAddr) -> Self {
        static CLIENTS: AtomicU64 = AtomicU64::new(0);
        let mut replica = Replica::default();
        replica.set_client(format!("{}-{}", std::process::id(), CLIENTS.fetch_add(1, Ordering::Relaxed)));
        Self {
            address,
            shown: None,
            replica,
            views: BTreeMap::new(),
            socket: None,
            heard: Vec::new(),
            resynced: 0,
            token: None,
            available: None,
            closed: None,
            record: false,
        }
    }

    pub async fn connected(server: &Server) -> Self {
        let mut client = Self::of(server.address);
        client.connect().await;
        client
    }

    /// Somebody.
    pub async fn somebody(server: &Server, shown: Shown) -> Self {
        let mut client = Self { shown: Some(shown), ..Self::of(server.address) };
        client.connect().await;
        client
    }

    /// Keeps what every commit showed.
    pub fn recording(mut self) -> Self {
        self.record = true;
        self
    }

    pub async fn connect(&mut self) {
        let socket = try_open(self.address, self.shown.as_ref()).await.expect("connects and upgrades");
        self.opened(socket).await;
    }

    /// Connects where there may be nobody, or somebody who does not answer in time. Whether it did.
    pub async fn try_connect(&mut self, patience: Duration) -> bool {
        match tokio::time::timeout(patience, try_open(self.address, self.shown.as_ref())).await {
            Ok(Ok(socket)) => {
                self.opened(socket).await;
                true
            }
            _ => false,
        }
    }

    async fn opened(&mut self, socket: Raw) {
        self.socket = Some(socket);
        self.heard.clear();
        self.closed = None;
        for frame in self.replica.opened() {
            self.say(frame).await;
        }
    }

    /// The network is gone; whatever was on its way is lost.
    pub fn disconnect(&mut self) {
        if self.socket.take().is_some() {
            self.replica.closed();
        }
    }

    /// Says goodbye, as a page that is closed does.
    pub async fn leave(&mut self) {
        if let Some(mut socket) = self.socket.take() {
            // Fails if the server has gone.
            let _ = socket.close(None).await;
            // Read on, or unread bytes would make the network drop our last words.
            while let Some(Ok(_)) = socket.next().await {}
            self.replica.closed();
        }
    }

    /// Connects to another server.
    pub async fn move_to(&mut self, server: &Server) {
        self.disconnect();
        self.address = server.address;
        self.connect().await;
    }

    pub async fn subscribe(&mut self, table: &str, key: &[&str]) -> u64 {
        self.subscribe_from(table, key, None, Rows::new()).await
    }

    /// Continues from rows that came another way.
    pub async fn subscribe_from(&mut self, table: &str, key: &[&str], position: Option<String>, rows: Rows) -> u64 {
        let key = key.iter().map(|&column| column.to_owned()).collect();
        self.ask(table, key, position, rows).await
    }

    /// Subscribes to anything. `key`: what tells its rows apart.
    pub async fn ask(
        &mut self,
        question: impl Into<Subscribe>,
        key: Vec<String>,
        position: Option<String>,
        rows: Rows,
    ) -> u64 {
        let view = Arc::new(Mutex::new(View { rows, ..View::default() }));
        let screen = Screen { key, staged: Vec::new(), partial: Vec::new(), record: self.record, view: view.clone() };
        let (id, frame) = self.replica.subscribe(question, position, Box::new(screen));
        self.views.insert(id, view);
        if let Some(frame) = frame {
            self.say(frame).await;
        }
        id
    }

    pub async fn unsubscribe(&mut self, id: u64) {
        self.views.remove(&id);
        if let Some(frame) = self.replica.unsubscribe(id) {
            self.say(frame).await;
        }
    }

    pub fn view(&self, id: u64) -> MutexGuard<'_, View> {
        self.views[&id].lock().expect("lock")
    }

    pub fn rows(&self, id: u64) -> Rows {
        self.view(id).rows.clone()
    }

    pub fn rows_count(&self, id: u64) -> usize {
        self.view(id).rows.len()
    }

    /// The text of the row with this key.
    pub fn row(&self, id: u64, key: &str) -> Option<String> {
        self.view(id).rows.get(key).cloned()
    }

    pub fn is_live(&self) -> bool {
        self.replica.caught_up() && self.socket.is_some()
    }

    /// Whether a frame of this type has arrived on this connection.
    pub fn has_heard(&self, kind: &str) -> bool {
        let head = format!(r#"{{"type":"{kind}""#);
        self.heard.iter().any(|frame| frame.starts_with(&head))
    }

    /// The reasons of the resyncs on this connection.
    pub fn resyncs(&self) -> Vec<String> {
        let reason = |frame: &String| {
            let frame: serde_json::Value = serde_json::from_str(frame).expect("JSON");
            (frame["type"] == "resync").then(|| frame["reason"].as_str().expect("a reason").to_owned())
        };
        self.heard.iter().filter_map(reason).collect()
    }

    pub async fn say(&mut self, frame: String) {
        if let Some(socket) = &mut self.socket {
            // Fails if the server has gone, which is found out when listening.
            let _ = socket.send(Message::text(frame)).await;
        }
    }

    /// Takes one frame. False when the connection has ended.
    pub async fn listen(&mut self) -> bool {
        let Some(socket) = &mut self.socket else { return false };
        match socket.next().await {
            Some(Ok(Message::Text(text))) => {
                self.receive(text.as_str()).await;
                true
            }
            Some(Ok(Message::Close(close))) => {
                self.closed = close.map(|close| close.code.into());
                self.disconnect();
                if self.closed.is_some_and(CloseCode::forgets) {
                    self.replica.forget();
                }
                false
            }
            Some(Ok(_)) => true,
            Some(Err(_)) | None => {
                self.disconnect();
                false
            }
        }
    }

    async fn receive(&mut self, text: &str) {
        let out = self.replica.receive(text);
        assert!(out.complaints.is_empty(), "{:?}\n{}", out.complaints, self.heard.join("\n"));
        self.available = out.available.or(self.available);
        if let Some(position) = serde_json::from_str::<serde_json::Value>(text).expect("JSON")["position"].as_str() {
            self.token = Some(position.to_owned());
        }
        self.resynced += usize::from(text.starts_with(r#"{"type":"resync""#));
        self.heard.push(text.to_owned());
        for frame in out.frames {
            self.say(frame).await;
        }
    }

    /// Listens until something holds, connecting again if need be.
    pub async fn until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let waited = tokio::time::timeout(PATIENCE, async {
            while !holds(self) {
                if !self.listen().await {
                    self.reconnect().await;
                }
            }
        });
        if waited.await.is_err() {
            let tail: Vec<&str> = self.heard.iter().rev().take(8).rev().map(String::as_str).collect();
            panic!("in vain: {what}; heard last\n{}", tail.join("\n").chars().take(4_000).collect::<String>());
        }
    }

    /// Listens until the connection has ended, and says with which code.
    pub async fn until_closed(&mut self) -> Option<u16> {
        tokio::time::timeout(PATIENCE, async { while self.listen().await {} }).await.expect("is closed in time");
        self.closed
    }

    pub async fn until_live(&mut self) {
        self.until("everything is live", Self::is_live).await;
    }

    /// Tries until there is a server.
    async fn reconnect(&mut self) {
        while TcpStream::connect(self.address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.connect().await;
    }
}
