//! When to connect, when to wait, when to give up: the life of one client's connection as a pure state machine.
//!
//! It knows neither sockets nor timers. The transport tells it what happened and what time it is, does the one thing
//! that it asks for, and calls again at [`Machine::wake_at`]. Every state answers every event; the table in the tests
//! is total.
//!
//! Invariant: after [`Action::Close`] or [`Event::Closed`] nothing that the old socket says matters; the transport
//! drops it.

use super::Backoff;
use crate::protocol::CloseCode;

/// How long a connection may take to open, in milliseconds.
const CONNECT_TIMEOUT_MS: u64 = 10_000;
/// How long a connection must have been open for the next failure to count as the first, in milliseconds.
const STABLE_AFTER_MS: u64 = 10_000;
/// What is assumed until the server has said how often it gives a sign of life, in milliseconds.
const ASSUMED_HEARTBEAT_MS: u64 = 15_000;
/// A socket is given up after this many heartbeats of silence.
const SILENT_HEARTBEATS: u64 = 2;

/// How long nobody may have looked at a page for it to keep its connection, in milliseconds.
pub const PAUSE_AFTER_MS: u64 = 5 * 60 * 1_000;

/// Milliseconds since the Unix epoch.
pub type Millis = u64;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not started.
    Idle,
    /// A socket is being opened.
    Connecting {
        /// Since when.
        since: Millis,
    },
    /// The socket is open.
    Open {
        /// Since when.
        since: Millis,
        /// When something last arrived.
        heard: Millis,
        /// How often the server promised a sign of life.
        heartbeat_ms: u64,
    },
    /// Between two tries.
    Waiting {
        /// When the next try is due.
        retry_at: Millis,
    },
    /// Nobody has looked at the page for long. It continues when somebody does.
    Paused,
    /// The server does not want this client back.
    Refused {
        /// Its close code.
        code: u16,
    },
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The page is ready.
    Start,
    /// The socket opened.
    Opened,
    /// Something arrived.
    Heard,
    /// The server said how often it gives a sign of life.
    Welcomed {
        /// In milliseconds.
        heartbeat_ms: u64,
    },
    /// The socket closed or could not be opened.
    Closed {
        /// WebSocket close code; 1006 for a lost network.
        code: u16,
    },
    /// The server said that whoever this is is not signed in (any more).
    SignedOut,
    /// The browser believes that the network is back.
    Online,
    /// The page is being looked at (again).
    Visible,
    /// The page is not being looked at (any more).
    Hidden,
    /// The person does not want to wait.
    RetryNow,
    /// Time has passed.
    Clock,
}

/// What the transport shall do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open a socket.
    Connect,
    /// Drop the socket; nothing that it says counts any more.
    Close,
    /// Ask the server whether whoever this is is signed in: a browser does not say why a socket did not open.
    AskWho,
}

/// The machine: a state and what it remembers between states.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Machine {
    state: State,
    backoff: Backoff,
    /// Since when there has been no open socket, if there once was one or a try has failed.
    offline_since: Option<Millis>,
    /// Since when nobody has looked at the page, if nobody does.
    hidden_since: Option<Millis>,
    /// How long that may last until the connection is given up, in milliseconds; `None`: for ever.
    pause_after: Option<u64>,
    /// The latest time that it was told.
    now: Millis,
}

impl Default for Machine {
    fn default() -> Self {
        Self::new(Some(PAUSE_AFTER_MS))
    }
}

impl Machine {
    /// Not started. A page that nobody looks at for `pause_after` milliseconds gives up its connection until somebody does.
    pub fn new(pause_after: Option<u64>) -> Self {
        Self {
            state: State::Idle,
            backoff: Backoff::default(),
            offline_since: None,
            hidden_since: None,
            pause_after,
            now: 0,
        }
    }

    /// Where the connection stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Since when the connection has been lost; `None` while it is open or was never tried.
    pub fn offline_since(&self) -> Option<Millis> {
        self.offline_since
    }

    /// When to send [`Event::Clock`] next.
    pub fn wake_at(&self) -> Option<Millis> {
        let due = match self.state {
            State::Idle | State::Paused | State::Refused { .. } => return None,
            State::Connecting { since } => since + CONNECT_TIMEOUT_MS,
            State::Open { heard, heartbeat_ms, .. } => heard + silence(heartbeat_ms),
            State::Waiting { retry_at } => retry_at,
        };
        Some(self.pause_at().map_or(due, |pause| pause.min(due)))
    }

    fn pause_at(&self) -> Option<Millis> {
        Some(self.hidden_since?.saturating_add(self.pause_after?))
    }

    /// Takes an event at the time `now`; `jitter` is uniform in `[0, 1)`.
    pub fn on(&mut self, event: Event, now: Millis, jitter: f64) -> Option<Action> {
        self.follow_clock(now);
        match event {
            Event::Visible => self.hidden_since = None,
            Event::Hidden => {
                self.hidden_since.get_or_insert(now);
            }
            // Somebody is there, whatever the browser says.
            Event::RetryNow => self.hidden_since = self.hidden_since.map(|_| now),
            _ => {}
        }
        match (self.state, event) {
            // Before anything else that is due: a timer that was put off while the page was hidden finds a silent socket, too.
            (State::Connecting { .. } | State::Open { .. }, Event::Clock) if self.is_forgotten(now) => {
                self.pause();
                Some(Action::Close)
            }
            (State::Waiting { .. }, Event::Clock) if self.is_forgotten(now) => {
                self.pause();
                None
            }
            (State::Idle, Event::Start)
            | (State::Waiting { .. }, Event::Online | Event::Visible | Event::RetryNow)
            | (State::Paused, Event::Visible | Event::RetryNow)
            | (State::Refused { .. }, Event::RetryNow) => self.connect(now),
            (State::Waiting { retry_at }, Event::Clock) if now >= retry_at => self.connect(now),

            (State::Connecting { .. }, Event::Opened) => {
                self.offline_since = None;
                self.state = State::Open { since: now, heard: now, heartbeat_ms: ASSUMED_HEARTBEAT_MS };
                None
            }
            (State::Connecting { .. }, Event::Closed { code }) => {
                self.lost(code, now, jitter);
                matches!(self.state, State::Waiting { .. }).then_some(Action::AskWho)
            }
            // The answer may come when the next try is under way.
            (State::Connecting { .. }, Event::SignedOut) => {
                self.refuse();
                Some(Action::Close)
            }
            (State::Waiting { .. }, Event::SignedOut) => {
                self.refuse();
                None
            }
            (State::Connecting { since }, Event::Clock) if now >= since + CONNECT_TIMEOUT_MS => {
                self.give_up(now, jitter)
            }

            (State::Open { since, heartbeat_ms, .. }, Event::Heard) => {
                self.state = State::Open { since, heard: now, heartbeat_ms };
                None
            }
            (State::Open { since, .. }, Event::Welcomed { heartbeat_ms }) => {
                self.state = State::Open { since, heard: now, heartbeat_ms };
                None
            }
            (State::Open { since, .. }, Event::Closed { code }) => {
                if now >= since + STABLE_AFTER_MS {
                    self.backoff.reset();
                }
                self.lost(code, now, jitter);
                None
            }
            (State::Open { heard, heartbeat_ms, .. }, Event::Clock) if now >= heard + silence(heartbeat_ms) => {
                self.give_up(now, jitter)
            }
            // A page that wakes after a night holds a socket that may be long dead. One heartbeat of silence is
            // suspicion enough then, and nobody should look at old rows for another.
            (State::Open { heard, heartbeat_ms, .. }, Event::Visible | Event::Online) if now > heard + heartbeat_ms => {
                self.offline_since = Some(now);
                self.state = State::Waiting { retry_at: now };
                Some(Action::Close)
            }
            (
                State::Idle
                | State::Connecting { .. }
                | State::Open { .. }
                | State::Waiting { .. }
                | State::Paused
                | State::Refused { .. },
                _,
            ) => None,
        }
    }

    /// A clock that was set back must not have the machine wait for a time that is hours away by now.
    fn follow_clock(&mut self, now: Millis) {
        let back = std::mem::replace(&mut self.now, now).saturating_sub(now);
        if back == 0 {
            return;
        }
        let earlier = |time: Millis| time.saturating_sub(back);
        self.state = match self.state {
            State::Connecting { since } => State::Connecting { since: earlier(since) },
            State::Open { since, heard, heartbeat_ms } => {
                State::Open { since: earlier(since), heard: earlier(heard), heartbeat_ms }
            }
            State::Waiting { retry_at } => State::Waiting { retry_at: earlier(retry_at) },
            same @ (State::Idle | State::Paused | State::Refused { .. }) => same,
        };
        self.offline_since = self.offline_since.map(earlier);
        self.hidden_since = self.hidden_since.map(earlier);
    }

    fn is_forgotten(&self, now: Millis) -> bool {
        self.pause_at().is_some_and(|pause| now >= pause)
    }

    /// What was wrong before is not what is told to somebody who comes back.
    fn pause(&mut self) {
        self.state = State::Paused;
        self.backoff.reset();
        self.offline_since = None;
    }

    fn connect(&mut self, now: Millis) -> Option<Action> {
        self.state = State::Connecting { since: now };
        Some(Action::Connect)
    }

    fn refuse(&mut self) {
        self.state = State::Refused { code: CloseCode::SignedOut.code() };
    }

    fn lost(&mut self, code: u16, now: Millis, jitter: f64) {
        self.offline_since.get_or_insert(now);
        self.state = if CloseCode::reconnects(code) {
            State::Waiting { retry_at: now + self.backoff.fail(jitter) }
        } else {
            State::Refused { code }
        };
    }

    fn give_up(&mut self, now: Millis, jitter: f64) -> Option<Action> {
        self.lost(CloseCode::TimedOut.code(), now, jitter);
        Some(Action::Close)
    }
}

fn silence(heartbeat_ms: u64) -> u64 {
    heartbeat_ms.saturating_mul(SILENT_HEARTBEATS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_000_000;
    const BEAT: u64 = 1_000;

    const IDLE: State = State::Idle;
    const CONNECTING: State = State::Connecting { since: NOW - 10 };
    const OPEN: State = State::Open { since: NOW - 500, heard: NOW - 100, heartbeat_ms: BEAT };
    const WAITING: State = State::Waiting { retry_at: NOW + 100 };
    const REFUSED: State = State::Refused { code: 4400 };

    const LOST: Event = Event::Closed { code: 1006 };
    const BANNED: Event = Event::Closed { code: 4400 };
    const PAUSED: State = State::Paused;
    const WELCOMED: Event = Event::Welcomed { heartbeat_ms: 7 };

    /// One answer for each state.
    type Answers = [(State, Option<Action>); 6];

    fn at(state: State) -> Machine {
        Machine { state, ..Machine::default() }
    }

    /// Every state against every event: the state after it and what to do. `wait` is the state that a first failure leads to.
    #[test]
    fn every_state_answers_every_event() {
        let fresh = State::Connecting { since: NOW };
        let open = State::Open { since: NOW, heard: NOW, heartbeat_ms: ASSUMED_HEARTBEAT_MS };
        let heard = State::Open { since: NOW - 500, heard: NOW, heartbeat_ms: BEAT };
        let welcomed = State::Open { since: NOW - 500, heard: NOW, heartbeat_ms: 7 };
        let wait = State::Waiting { retry_at: NOW + 300 };
        let out = State::Refused { code: 4401 };
        let (connect, close, ask) = (Some(Action::Connect), Some(Action::Close), Some(Action::AskWho));
        #[rustfmt::skip]
        let table: [(Event, Answers); 12] = [
            //                  Idle             Connecting          Open               Waiting           Paused            Refused
            (Event::Start,    [(fresh, connect), (CONNECTING, None), (OPEN, None),      (WAITING, None),  (PAUSED, None),   (REFUSED, None)]),
            (Event::Opened,   [(IDLE, None),     (open, None),       (OPEN, None),      (WAITING, None),  (PAUSED, None),   (REFUSED, None)]),
            (Event::Heard,    [(IDLE, None),     (CONNECTING, None), (heard, None),     (WAITING, None),  (PAUSED, None),   (REFUSED, None)]),
            (WELCOMED,        [(IDLE, None),     (CONNECTING, None), (welcomed, None),  (WAITING, None),  (PAUSED, None),   (REFUSED, None)]),
            (LOST,            [(IDLE, None),     (wait, ask),        (wait, None),      (WAITING, None),  (PAUSED, None),   (REFUSED, None)]),
            (BANNED,          [(IDLE, None),     (REFUSED, None),    (REFUSED, None),   (WAITING, None),  (PAUSED, None),   (REFUSED, None)]),
            (Event::SignedOut,[(IDLE, None),     (out, close),       (OPEN, None),      (out, None),      (PAUSED, None),   (REFUSED, None)]),
            (Event::Online,   [(IDLE, None),     (CONNECTING, None), (OPEN, None),      (fresh, connect), (PAUSED, None),   (REFUSED, None)]),
            (Event::Visible,  [(IDLE, None),     (CONNECTING, None), (OPEN, None),      (fresh, connect), (fresh, connect), (REFUSED, None)]),
            (Event::Hidden,   [(IDLE, None),     (CONNECTING, None), (OPEN, None),      (WAITING, None),  (PAUSED, None),   (REFUSED, None)]),
            (Event::RetryNow, [(IDLE, None),     (CONNECTING, None), (OPEN, None),      (fresh, connect), (fresh, connect), (fresh, connect)]),
            (Event::Clock,    [(IDLE, None),     (CONNECTING, None), (OPEN, None),      (WAITING, None),  (PAUSED, None),   (REFUSED, None)]),
        ];
        for (event, row) in table {
            for (before, (after, action)) in [IDLE, CONNECTING, OPEN, WAITING, PAUSED, REFUSED].into_iter().zip(row) {
                let mut machine = at(before);
                assert_eq!(machine.on(event, NOW, 0.5), action, "{before:?} on {event:?}");
                assert_eq!(machine.state(), after, "{before:?} on {event:?}");
            }
        }
    }

    #[test]
    fn a_socket_that_falls_silent_is_given_up_when_the_machine_said_it_would_wake() {
        let mut machine = at(OPEN);
        let due = machine.wake_at().expect("watches");
        assert_eq!(due, NOW - 100 + 2 * BEAT);
        assert_eq!(machine.on(Event::Clock, due - 1, 0.0), None);
        assert_eq!(machine.on(Event::Clock, due, 0.0), Some(Action::Close));
        assert_eq!(machine.offline_since(), Some(due));
        let retry = machine.wake_at().expect("retries");
        assert_eq!(machine.on(Event::Clock, retry, 0.0), Some(Action::Connect));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_anybody_waiting() {
        const HOUR: u64 = 3_600_000;
        let mut machine = Machine { now: NOW + HOUR, ..at(State::Waiting { retry_at: NOW + HOUR + 300 }) };
        assert_eq!(machine.on(Event::Clock, NOW, 0.0), None);
        assert_eq!(machine.wake_at(), Some(NOW + 300));
        let open = State::Open { since: NOW + HOUR, heard: NOW + HOUR, heartbeat_ms: BEAT };
        let mut machine = Machine { now: NOW + HOUR, ..at(open) };
        machine.on(Event::Clock, NOW, 0.0);
        assert_eq!(machine.on(Event::Clock, NOW + 2 * BEAT, 0.0), Some(Action::Close), "it is silent all the same");
    }

    #[test]
    fn a_socket_that_never_opens_is_given_up() {
        let mut machine = at(CONNECTING);
        let due = machine.wake_at().expect("watches");
        assert_eq!(machine.on(Event::Clock, due, 0.0), Some(Action::Close));
        assert!(matches!(machine.state(), State::Waiting { .. }));
    }

    #[test]
    fn a_tab_that_wakes_after_a_night_does_not_wait_for_the_watchdog() {
        let mut machine = at(OPEN);
        let morning = NOW + BEAT;
        assert_eq!(machine.on(Event::Visible, morning, 0.5), Some(Action::Close));
        assert_eq!(machine.on(Event::Clock, morning, 0.5), Some(Action::Connect));
    }

    #[test]
    fn whoever_was_signed_out_does_not_try_for_ever() {
        let mut machine = at(CONNECTING);
        assert_eq!(machine.on(LOST, NOW, 0.5), Some(Action::AskWho));
        assert_eq!(machine.on(Event::SignedOut, NOW + 1, 0.5), None);
        assert_eq!((machine.state(), machine.wake_at()), (State::Refused { code: 4401 }, None));
        assert_eq!(machine.on(Event::RetryNow, NOW + 2, 0.5), Some(Action::Connect));
    }

    #[test]
    fn waits_grow_until_a_connection_has_been_stable() {
        let mut machine = at(CONNECTING);
        let wait = |machine: &mut Machine, now| {
            machine.on(LOST, now, 1.0);
            let State::Waiting { retry_at } = machine.state() else { panic!("does not wait") };
            machine.on(Event::RetryNow, now, 1.0);
            retry_at - now
        };
        assert_eq!([wait(&mut machine, NOW), wait(&mut machine, NOW)], [500, 1_000]);
        machine.on(Event::Opened, NOW, 1.0);
        assert_eq!(wait(&mut machine, NOW + STABLE_AFTER_MS - 1), 2_000, "not yet stable");
        machine.on(Event::Opened, NOW, 1.0);
        assert_eq!(wait(&mut machine, NOW + STABLE_AFTER_MS), 500, "stable");
    }

    #[test]
    fn offline_since_names_the_first_loss_and_ends_with_the_next_socket() {
        let mut machine = at(OPEN);
        machine.on(LOST, NOW, 0.0);
        machine.on(Event::RetryNow, NOW + 5, 0.0);
        machine.on(LOST, NOW + 9, 0.0);
        assert_eq!(machine.offline_since(), Some(NOW));
        machine.on(Event::RetryNow, NOW + 20, 0.0);
        machine.on(Event::Opened, NOW + 30, 0.0);
        assert_eq!(machine.offline_since(), None);
    }

    /// Every state of a page that has been hidden for long, against the clock.
    #[test]
    fn a_page_that_nobody_looks_at_for_long_gives_up_its_connection() {
        let close = Some(Action::Close);
        let table = [
            (IDLE, IDLE, None),
            (CONNECTING, PAUSED, close),
            (OPEN, PAUSED, close),
            (WAITING, PAUSED, None),
            (PAUSED, PAUSED, None),
            (REFUSED, REFUSED, None),
        ];
        for (before, after, action) in table {
            let mut machine = at(before);
            machine.on(Event::Hidden, NOW - PAUSE_AFTER_MS, 0.5);
            assert_eq!(machine.on(Event::Clock, NOW, 0.5), action, "{before:?}");
            assert_eq!(machine.state(), after);
        }
    }

    #[test]
    fn the_machine_wakes_to_pause_and_not_before_its_time() {
        let mut machine = at(State::Open { since: NOW, heard: NOW, heartbeat_ms: PAUSE_AFTER_MS });
        machine.on(Event::Hidden, NOW, 0.5);
        machine.on(Event::Hidden, NOW + 7, 0.5);
        let due = machine.wake_at().expect("wakes");
        assert_eq!(due, NOW + PAUSE_AFTER_MS);
        assert_eq!(machine.on(Event::Clock, due - 1, 0.5), None);
        assert_eq!(machine.on(Event::Clock, due, 0.5), Some(Action::Close));
        assert_eq!((machine.wake_at(), machine.offline_since()), (None, None));
        assert_eq!(machine.on(Event::Visible, due + 1, 0.5), Some(Action::Connect));
    }

    #[test]
    fn a_page_that_is_looked_at_in_between_keeps_its_connection() {
        let mut machine = at(OPEN);
        machine.on(Event::Hidden, NOW - PAUSE_AFTER_MS, 0.5);
        machine.on(Event::Visible, NOW - 50, 0.5);
        machine.on(Event::Hidden, NOW - 40, 0.5);
        assert_eq!(machine.on(Event::Clock, NOW, 0.5), None);
        assert_eq!(machine.state(), OPEN);
    }

    #[test]
    fn a_page_without_a_limit_never_pauses() {
        let mut machine = Machine { state: OPEN, ..Machine::new(None) };
        machine.on(Event::Hidden, 0, 0.5);
        assert_eq!(machine.on(Event::Clock, NOW, 0.5), None);
    }
}
