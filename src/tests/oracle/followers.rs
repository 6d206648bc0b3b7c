//! Who watches: clients that come and go, ask this and that, lose their connections anywhere, and continue.

use super::{judge::Record, query::Query};
use crate::support::{Client, Dice, Proxy, Rows};
use rowcast::{protocol::Position, store::Phase};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// How long a client waits for a connection, and for a frame before it thinks of something else to do.
const PATIENCE: Duration = Duration::from_millis(1500);
const LULL: Duration = Duration::from_millis(60);
/// Between two tries to connect.
const RETRY: Duration = Duration::from_millis(40);
/// How long everybody may take to be up to date once nothing is in the way.
const SETTLE: Duration = Duration::from_secs(60);
/// Queries of one client.
const MOST_QUERIES: u64 = 4;
/// Frames that are remembered for a report.
const REMEMBERED: usize = 100;

/// One client.
pub struct Follower {
    name: String,
    client: Client,
    /// The number of a subscription, and of its query.
    open: Vec<(u64, usize)>,
    queries: Arc<Vec<Query>>,
    dice: Dice,
    records: Vec<Record>,
}

impl Follower {
    pub fn new(number: u64, proxy: &Proxy, queries: Arc<Vec<Query>>, seed: u64) -> Self {
        Self {
            name: format!("client {number}"),
            client: Client::of(proxy.address).recording(),
            open: Vec::new(),
            queries,
            dice: Dice::new(seed.wrapping_mul(1000) + number),
            records: Vec::new(),
        }
    }

    /// Watches until everything that it has asked for stands at the position that is told at last.
    pub async fn follow(mut self, mut end: watch::Receiver<Option<Position>>) -> Self {
        while end.borrow_and_update().is_none() {
            self.live_on(true).await;
        }
        let end = end.borrow().clone().expect("was told");
        let settled = tokio::time::timeout(SETTLE, async {
            while !self.stands_at(&end) {
                self.live_on(false).await;
            }
        });
        if settled.await.is_err() {
            let heard: Vec<String> =
                self.client.heard.iter().rev().take(5).map(|frame| frame.chars().take(200).collect()).collect();
            let stuck: Vec<String> = self
                .open
                .iter()
                .map(|(id, query)| {
                    let view = self.client.view(*id);
                    let last = view.steps.last().map(|step| step.position.clone());
                    format!("{:?} at {last:?}: {}", view.phase, self.queries[*query].describe())
                })
                .collect();
            panic!("{} never reaches {end:?}:\n{}\nheard last:\n{}", self.name, stuck.join("\n"), heard.join("\n"));
        }
        self
    }

    fn stands_at(&self, end: &Position) -> bool {
        self.client.is_live()
            && self.open.iter().all(|(id, query)| {
                let view = self.client.view(*id);
                assert!(
                    !matches!(view.phase, Some(Phase::Failed { .. })),
                    "{} is refused {}: {:?}",
                    self.name,
                    self.queries[*query].describe(),
                    view.phase
                );
                view.steps.last().is_some_and(|step| step.position.reaches(end))
            })
    }

    /// Takes a frame, or does something else.
    async fn live_on(&mut self, restless: bool) {
        match tokio::time::timeout(LULL, self.client.listen()).await {
            Ok(false) if !self.client.try_connect(PATIENCE).await => tokio::time::sleep(RETRY).await,
            _ => {}
        }
        if self.client.heard.len() > 2 * REMEMBERED {
            self.client.heard.drain(..REMEMBERED);
        }
        if self.open.is_empty() || restless && self.dice.roll(150) == 0 {
            self.change_mind().await;
        }
        if restless && self.dice.roll(300) == 0 {
            self.client.disconnect();
        }
    }

    async fn change_mind(&mut self) {
        if self.open.len() as u64 >= MOST_QUERIES || !self.open.is_empty() && self.dice.roll(3) == 0 {
            let place = self.dice.roll(self.open.len() as u64) as usize;
            let (id, query) = self.open.swap_remove(place);
            self.keep(id, query);
            self.client.unsubscribe(id).await;
        }
        let number = self.dice.roll(self.queries.len() as u64) as usize;
        let query = &self.queries[number];
        let id = self.client.ask(query.subscribe.clone(), query.key.clone(), None, Rows::new()).await;
        self.open.push((id, number));
    }

    fn keep(&mut self, id: u64, query: usize) {
        let steps = std::mem::take(&mut self.client.view(id).steps);
        self.records.push(Record { who: self.name.clone(), query, steps });
    }

    /// How often it had to start over.
    pub fn resyncs(&self) -> usize {
        self.client.resynced
    }

    /// What it was shown.
    pub fn into_records(mut self) -> Vec<Record> {
        for (id, query) in std::mem::take(&mut self.open) {
            self.keep(id, query);
        }
        self.records
    }
}
