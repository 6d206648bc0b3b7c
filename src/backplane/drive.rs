//! The task between a hub and its backplane: carries words both ways, and lets time pass in rooms.

use super::{Backplane, Event, Link};
use crate::hub::{
    Hub,
    rooms::{RoomCounters, WINDOW},
};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Between two ticks that nobody asked for: how exactly losses and leases end.
const TICK: Duration = Duration::from_millis(250);
/// Between two complaints about what is heard.
const COMPLAIN_EVERY: Duration = Duration::from_secs(10);

/// Drives the rooms of a hub until `stop` is cancelled; without a backplane, of this node alone.
///
/// Channels are named by `prefix` and the database's history: servers of two databases do not meet, though they share a
/// Redis, and after a failover they meet again under the new name.
pub async fn run(hub: Arc<Hub>, backplane: Option<Arc<dyn Backplane>>, prefix: String, stop: CancellationToken) {
    let (began, known) = (Instant::now(), RoomCounters::default());
    let mut driver = Driver { hub, backplane, prefix, place: None, began, soon: None, complain: began, known };
    tokio::select! {
        () = stop.cancelled() => {}
        () = driver.run() => {}
    }
}

struct Driver {
    hub: Arc<Hub>,
    backplane: Option<Arc<dyn Backplane>>,
    prefix: String,
    place: Option<Place>,
    began: Instant,
    /// When the next tick is due that something asked for.
    soon: Option<Instant>,
    /// When it was last looked at what was refused, and what had been by then.
    complain: Instant,
    known: RoomCounters,
}

/// A place on a channel, given up when this is dropped.
struct Place {
    channel: String,
    link: Link,
    _leave: DropGuard,
}

enum Happening {
    /// The next word can be said.
    Room,
    Event(Event),
    /// The backplane has ended, which it does only when it is told to.
    Ended,
    Time,
    Stirred,
}

/// What the backplane tells, or that it takes the next word, if there is one.
async fn next(place: &mut Option<Place>, waits: bool) -> Happening {
    let Some(Place { link: Link { say, events }, .. }) = place else { return std::future::pending().await };
    tokio::select! {
        permit = say.reserve(), if waits => if permit.is_ok() { Happening::Room } else { Happening::Ended },
        event = events.recv() => event.map_or(Happening::Ended, Happening::Event),
    }
}

async fn due(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

impl Driver {
    async fn run(&mut self) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut waiting = None;
        loop {
            self.take_place();
            if self.place.is_some() && waiting.is_none() {
                waiting = self.hub.take_word();
            }
            let happening = tokio::select! {
                happening = next(&mut self.place, waiting.is_some()) => happening,
                () = due(self.soon) => Happening::Time,
                _ = ticks.tick() => Happening::Time,
                () = self.hub.rooms_stirred() => Happening::Stirred,
            };
            match happening {
                Happening::Room => {
                    // There is room, and only this task fills it; if it has ended, its end is told next.
                    let say = self.place.as_ref().map(|place| &place.link.say);
                    if let Some((say, word)) = say.zip(waiting.take()) {
                        let _ = say.try_send(word);
                    }
                }
                Happening::Event(event) => self.take(event),
                Happening::Ended => self.place = None,
                Happening::Time => self.tick(),
                Happening::Stirred => {
                    if self.soon.is_none() && self.hub.wants_tick() {
                        self.soon = Some(Instant::now() + WINDOW);
                    }
                }
            }
        }
    }

    /// Goes where the database's history leads.
    fn take_place(&mut self) {
        let Some(backplane) = &self.backplane else { return };
        let epoch = self.hub.token().epoch;
        let channel = format!("{}:{:x}", self.prefix, epoch.0);
        if self.place.as_ref().is_some_and(|place| place.channel == channel) {
            return;
        }
        let stop = CancellationToken::new();
        let link = backplane.join(channel.clone(), stop.clone());
        self.hub.set_nodes_connected(Some(false));
        self.place = Some(Place { channel, link, _leave: stop.drop_guard() });
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Connected => {
                self.hub.set_nodes_connected(Some(true));
                self.tick();
            }
            Event::Disconnected => self.hub.set_nodes_connected(Some(false)),
            Event::Word(word) => self.hub.hear_node(&word, self.now()),
            Event::Refused => self.hub.refuse_word(),
        }
    }

    fn tick(&mut self) {
        self.soon = None;
        self.hub.tick_rooms(self.now());
        if self.complain.elapsed() >= COMPLAIN_EVERY {
            self.complain = Instant::now();
            self.complain();
        }
    }

    /// Into the log, if words came that are none of ours. Not for each: whoever sends them would fill the disk.
    fn complain(&mut self) {
        let now = self.hub.room_counters();
        let (malformed, refused) = (now.malformed - self.known.malformed, now.refused - self.known.refused);
        if malformed + refused > 0 {
            tracing::warn!(
                malformed,
                refused,
                "words that are none of a server's came from the other servers' side; who else can write there?"
            );
        }
        self.known = now;
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
