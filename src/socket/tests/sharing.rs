//! What many clients cost, and what some cost others: reads are shared, and whoever is slow, or waits, holds up nobody.

use super::*;
use crate::hub::{Column, Kind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio::{sync::watch, time::timeout};

/// Many.
const MANY: usize = 1_000;
/// Longer than anything that is expected takes.
const PATIENCE: Duration = Duration::from_secs(600);
/// Rows of a table that is too large to be kept.
const LARGE: usize = 4_000;
/// Bytes of one of its rows.
const LARGE_ROW_BYTES: usize = 2_000;
/// A text for which the database is asked.
const MOMENT: &str = "2026-01-01T00:00:00+00:00";

/// A source whose reads are counted, and can be held up.
struct Counted<S> {
    source: S,
    kept: AtomicUsize,
    streamed: AtomicUsize,
    catch_ups: AtomicUsize,
    open: watch::Sender<bool>,
}

impl<S> Counted<S> {
    fn new(source: S) -> Self {
        Self {
            source,
            kept: AtomicUsize::new(0),
            streamed: AtomicUsize::new(0),
            catch_ups: AtomicUsize::new(0),
            open: watch::Sender::new(true),
        }
    }
}

impl<S: Source> Source for Counted<S> {
    type Snapshot = S::Snapshot;

    async fn snapshot(&self, table: &Table, haste: Haste) -> Result<(Token, S::Snapshot), Error> {
        let count = if haste == Haste::Kept { &self.kept } else { &self.streamed };
        count.fetch_add(1, Relaxed);
        self.open.subscribe().wait_for(|open| *open).await.expect("the test is there");
        // As long as it takes to open one.
        tokio::time::sleep(A_WHILE).await;
        self.source.snapshot(table, haste).await
    }

    async fn constants(&self, constants: &[Constant]) -> Result<Result<Vec<String>, FilterError>, Error> {
        self.open.subscribe().wait_for(|open| *open).await.expect("the test is there");
        self.source.constants(constants).await
    }

    async fn changes_after(&self, from: &Position, table: TableId) -> Result<Reading, Error> {
        self.catch_ups.fetch_add(1, Relaxed);
        self.source.changes_after(from, table).await
    }
}

/// A table of [`LARGE`] rows that never change.
struct LargeTable;

struct LargeSnapshot;

impl Rows for LargeSnapshot {
    fn rows<'a>(&'a mut self, _: &Definition) -> BoxStream<'a, Result<Box<RawValue>, Error>> {
        let row = |id| {
            let text = format!(r#"{{"id":{id},"v":1,"more":"{}"}}"#, "x".repeat(LARGE_ROW_BYTES));
            Ok(RawValue::from_string(text).expect("JSON"))
        };
        futures::stream::iter((0..LARGE).map(row)).boxed()
    }
}

fn start() -> Token {
    Token { epoch: Epoch(1), position: Position::new(10, []) }
}

impl Source for LargeTable {
    type Snapshot = LargeSnapshot;

    async fn snapshot(&self, _: &Table, _: Haste) -> Result<(Token, LargeSnapshot), Error> {
        Ok((start(), LargeSnapshot))
    }

    async fn constants(&self, constants: &[Constant]) -> Result<Result<Vec<String>, FilterError>, Error> {
        Ok(Ok(constants.iter().map(|_| format!("{MOMENT:?}")).collect()))
    }

    async fn changes_after(&self, from: &Position, _: TableId) -> Result<Reading, Error> {
        Ok(Reading::Changes { changes: Vec::new(), position: from.clone() })
    }
}

fn large_hub() -> Arc<Hub> {
    let mut table = Model::new().tables()[0].clone();
    table.columns.push(Column::new("at", "timestamp with time zone", Kind::Timestamptz));
    Arc::new(Hub::new(start().epoch, start().position, [table].into_iter().collect(), Bounds::default()))
}

/// One connection without a replica.
struct Line {
    to_server: Sender<Result<Message, axum::Error>>,
    from_server: Receiver<Message>,
    own: Arc<crate::hub::Session>,
    session: tokio::task::JoinHandle<()>,
}

impl Line {
    fn open<S: Source>(hub: &Arc<Hub>, source: &Arc<Shared<S>>, heartbeat: Duration) -> Self {
        let (to_server, frames_in) = channel(100);
        let (frames_out, from_server) = channel(NETWORK_FRAMES);
        let (wire, own) = (Pipe { frames_in, frames_out }, Arc::new(hub.open(Arc::default())));
        let limits = Limits { heartbeat, ..Limits::default() };
        let served = session::serve(
            wire,
            source.clone(),
            limits,
            Arc::default(),
            CancellationToken::new(),
            Recheck::never(),
            own.clone(),
        );
        Self { to_server, from_server, own, session: tokio::spawn(served) }
    }

    fn say(&mut self, frame: &str) {
        self.to_server.try_send(Ok(Message::Text(frame.to_owned().into()))).expect("there is room");
    }

    async fn hear(&mut self) -> String {
        loop {
            match timeout(PATIENCE, self.from_server.next()).await.expect("in time").expect("the session goes on") {
                Message::Text(text) => return text.as_str().to_owned(),
                Message::Ping(_) => drop(self.to_server.try_send(Ok(Message::Pong(Bytes::new())))),
                other => panic!("{other:?}"),
            }
        }
    }

    /// What comes up to a frame that has this in it.
    async fn until(&mut self, what: &str) -> Vec<String> {
        let mut heard = Vec::new();
        loop {
            assert!(heard.len() < LARGE, "in vain: {what}; heard last {:?}", heard.last());
            heard.push(self.hear().await);
            if heard.last().expect("just pushed").contains(what) {
                return heard;
            }
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.session.abort();
    }
}

const ALL: &str = r#"{"type":"subscribe","id":"s","table":"a"}"#;
const WINDOW_OF_B: &str = r#"{"type":"subscribe","id":"w","table":"b","order":[{"column":"v","desc":true}],"limit":2}"#;
const LIVE: &str = r#"{"type":"commit""#;

fn rows_in(heard: &[String]) -> usize {
    heard.iter().map(|frame| frame.matches(r#""more":"x"#).count()).sum()
}

struct Small {
    model: Arc<Mutex<Model>>,
    hub: Arc<Hub>,
    shared: Arc<Shared<Counted<Miniature>>>,
    _stop: tokio_util::sync::DropGuard,
}

impl Small {
    fn new() -> Self {
        let World { source, hub, .. } = World::new();
        let model = source.model.clone();
        let shared = Shared::new(Counted::new(source));
        let stop = CancellationToken::new();
        tokio::spawn(crate::socket::fill(hub.clone(), shared.clone(), stop.clone()));
        Self { model, hub, shared, _stop: stop.drop_guard() }
    }

    fn write(&self, table: usize, statement: model::Statement) {
        let mut model = self.model.lock().expect("lock");
        model.act(Act::Once { table, statement });
        let batch = model.batch_after(&self.hub.token().position);
        drop(model);
        self.hub.publish(batch, Vec::new()).expect("rows have keys");
    }

    fn count(&self, of: fn(&Counted<Miniature>) -> &AtomicUsize) -> usize {
        of(self.shared.source()).load(Relaxed)
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_who_ask_the_same_are_answered_by_one_read() {
    let small = Small::new();
    small.write(0, model::Statement::Insert(1));
    let mut lines: Vec<Line> = (0..MANY).map(|_| Line::open(&small.hub, &small.shared, PATIENCE)).collect();
    lines.iter_mut().for_each(|line| line.say(ALL));
    for line in &mut lines {
        let heard = line.until(LIVE).await;
        assert!(heard.iter().any(|frame| frame.contains(r#""id":1"#)), "{heard:?}");
    }
    assert_eq!((small.count(|source| &source.kept), small.count(|source| &source.catch_ups)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_hundred_who_ask_for_what_is_too_large_to_be_kept_share_one_read() {
    let hub = large_hub();
    let shared = Shared::with_memory(Counted::new(LargeTable), 0);
    let mut lines: Vec<Line> = (0..MANY / 10).map(|_| Line::open(&hub, &shared, PATIENCE)).collect();
    lines.iter_mut().for_each(|line| line.say(ALL));
    for heard in futures::future::join_all(lines.iter_mut().map(|line| line.until(LIVE))).await {
        assert_eq!(rows_in(&heard), LARGE);
    }
    let source = shared.source();
    assert_eq!((source.kept.load(Relaxed), source.streamed.load(Relaxed)), (1, 1), "one to see that it is too large");
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_of_a_large_table_is_left_behind_and_gets_it_when_it_takes_again() {
    let hub = large_hub();
    let shared = Shared::with_memory(Counted::new(LargeTable), 0);
    let mut stuck = Line::open(&hub, &shared, PATIENCE);
    let mut other = Line::open(&hub, &shared, PATIENCE);
    stuck.say(ALL);
    other.say(ALL);
    let began = Instant::now();
    assert_eq!(rows_in(&other.until(LIVE).await), LARGE);
    assert!(began.elapsed() < Duration::from_secs(5), "it waited {:?} for the one who takes nothing", began.elapsed());
    tokio::time::sleep(Duration::from_secs(10)).await;
    let heard = stuck.until(LIVE).await;
    let again = heard.iter().position(|frame| frame.contains("source_failed")).expect("it is told to start over");
    assert_eq!(rows_in(&heard[again..]), LARGE);
    assert_eq!(shared.source().streamed.load(Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn who_is_always_too_slow_is_told_so_in_the_end_and_keeps_its_connection() {
    let hub = large_hub();
    let shared = Shared::with_memory(Counted::new(LargeTable), 0);
    let mut slow = Line::open(&hub, &shared, Duration::from_secs(15));
    slow.say(ALL);
    loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let frame = slow.hear().await;
        if frame.contains(r#""type":"error""#) {
            assert!(frame.contains("unreadable_table") && frame.contains("too large"), "{frame}");
            break;
        }
    }
    slow.say(r#"{"type":"ping","t":1}"#);
    slow.until("pong").await;
}

#[tokio::test(start_paused = true)]
async fn heartbeats_come_in_time_while_many_subscriptions_wait_for_their_constants() {
    let hub = large_hub();
    let shared = Shared::new(Counted::new(LargeTable));
    shared.source().open.send_replace(false);
    let heartbeat = Duration::from_secs(2);
    let mut line = Line::open(&hub, &shared, heartbeat);
    for id in 0..30 {
        line.say(&format!(
            r#"{{"type":"subscribe","id":"{id}","table":"a","where":"at > $1 and v = {id}","params":["{MOMENT}"]}}"#
        ));
    }
    let mut last = Instant::now();
    let mut beats = 0;
    while beats < 30 {
        if line.hear().await.contains("heartbeat") {
            beats += 1;
            assert!(last.elapsed() < heartbeat * 2, "silent for {:?}", last.elapsed());
            last = Instant::now();
        }
    }
    shared.source().open.send_replace(true);
    for _ in 0..30 {
        line.until("subscribed").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_that_must_be_read_again_stops_nothing_else() {
    let small = Small::new();
    for id in 0..5 {
        small.write(1, model::Statement::Insert(id));
    }
    let mut line = Line::open(&small.hub, &small.shared, PATIENCE);
    for asked in [WINDOW_OF_B, ALL] {
        line.say(asked);
        line.until(LIVE).await;
    }
    small.shared.source().open.send_replace(false);
    // All that the window holds, and one that it does not.
    for id in [4, 3, 2, 1] {
        small.write(1, model::Statement::Delete(id));
    }
    line.until("resync").await;
    small.write(0, model::Statement::Insert(7));
    let heard = line.until(r#""id":7"#).await;
    assert!(heard.last().expect("a frame").contains(r#""position""#), "it is committed: {heard:?}");
    // Neither does what is asked for meanwhile wait for it.
    line.say(r#"{"type":"subscribe","id":"f","table":"a","where":"v > 0"}"#);
    small.shared.source().open.send_replace(true);
    let heard = line.until(r#""rows":[{"id":0"#).await;
    assert!(!heard.iter().any(|frame| frame.contains("resync")), "{heard:?}");
    line.until(LIVE).await;
}

#[tokio::test(start_paused = true)]
async fn a_table_that_others_have_locked_stops_nothing_else() {
    let small = Small::new();
    let lock = |locked| small.shared.source().source.locked.lock().expect("lock")[1] = locked;
    small.write(1, model::Statement::Insert(3));
    lock(true);
    let mut line = Line::open(&small.hub, &small.shared, PATIENCE);
    line.say(r#"{"type":"subscribe","id":"l","table":"b"}"#);
    let heard = line.until("source_unavailable").await;
    assert!(heard.last().expect("a frame").contains("locked"), "{heard:?}");
    // What is asked for after it, or with it, is live and stays so; another question about the locked table waits, too.
    line.say(r#"{"type":"subscribe","id":"f","table":"b","where":"v > 0"}"#);
    line.say(ALL);
    line.until(LIVE).await;
    small.write(0, model::Statement::Insert(7));
    line.until(r#""id":7"#).await;
    // Also when it was too slow, and is brought up again.
    (0..MANY).for_each(|n| small.write(0, model::Statement::Update((n % 2) as i64 * 7)));
    small.write(0, model::Statement::Insert(8));
    line.until(r#""id":8"#).await;
    let reads = small.count(|source| &source.kept);
    tokio::time::sleep(Duration::from_secs(20)).await;
    let more = small.count(|source| &source.kept) - reads;
    assert!((5..=20).contains(&more), "it is looked whether the table can be read, but not all the time: {more}");
    lock(false);
    let mut live = line.until(r#""rows":[{"id":3"#).await;
    live.extend(line.until(r#""rows":[{"id":3"#).await);
    line.until(LIVE).await;
    assert!(!live.iter().any(|frame| frame.contains("error")), "it is told once: {live:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_being_sent_ends_with_the_right_to_it() {
    let hub = large_hub();
    let shared = Shared::with_memory(Counted::new(LargeTable), 0);
    let mut line = Line::open(&hub, &shared, PATIENCE);
    line.say(ALL);
    // The client takes nothing, so that the session is in the middle of sending.
    tokio::time::sleep(A_WHILE).await;
    line.own.close(CloseCode::SignedOut);
    timeout(Duration::from_secs(5), &mut line.session).await.expect("it does not wait for the client").expect("ends");
    let mut frames = 0;
    while line.from_server.next().await.is_some() {
        frames += 1;
    }
    assert!(frames <= NETWORK_FRAMES + 1, "{frames} frames after it was closed");
}

#[tokio::test(start_paused = true)]
async fn a_window_is_kept_without_asking_the_database_again() {
    let small = Small::new();
    for id in 0..5 {
        small.write(1, model::Statement::Insert(id));
    }
    let mut line = Line::open(&small.hub, &small.shared, PATIENCE);
    line.say(WINDOW_OF_B);
    line.until(LIVE).await;
    for n in 0..MANY {
        small.write(1, model::Statement::Update((n % 5) as i64));
        line.until("position").await;
    }
    assert_eq!((small.count(|source| &source.kept), small.count(|source| &source.catch_ups)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn when_the_last_client_has_left_nothing_is_kept() {
    let small = Small::new();
    small.write(0, model::Statement::Insert(1));
    let token = small.hub.token();
    for id in 2..40 {
        small.write(0, model::Statement::Update(1));
        small.write(0, model::Statement::Insert(id));
    }
    let asked = [
        ALL.to_owned(),
        WINDOW_OF_B.to_owned(),
        format!(r#"{{"type":"subscribe","id":"r","table":"b","position":"{token}"}}"#),
        r#"{"type":"subscribe","id":"e","table":"a","where":"v = 3"}"#.to_owned(),
    ];
    let mut lines: Vec<Line> = (0..10).map(|_| Line::open(&small.hub, &small.shared, PATIENCE)).collect();
    for (nth, line) in lines.iter_mut().enumerate() {
        asked.iter().for_each(|frame| line.say(frame));
        // Some leave before anything has come.
        if nth > 2 {
            line.until(LIVE).await;
        }
        if nth > 4 {
            ["s", "w", "r", "e"].iter().for_each(|id| line.say(&format!(r#"{{"type":"unsubscribe","id":"{id}"}}"#)));
            line.say(r#"{"type":"ping","t":1}"#);
            line.until("pong").await;
        }
    }
    drop(lines);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!((small.hub.query_count(), small.hub.session_count()), (0, 0));
    assert!(small.hub.is_empty() && small.shared.is_empty());
}
