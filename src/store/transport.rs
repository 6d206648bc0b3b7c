//! The thin shell between the pure parts and the browser: one WebSocket, one timer, three events of the window.
//!
//! Everything that happens is put into one channel and handled by one task in order; no decision is taken here.

use super::{
    Connection, ConnectionOptions, Status,
    alarm::{Alarm, Change},
    connection::Command,
    machine::{Action, Event, Machine, State},
};
use crate::{
    identity::paths::WHOAMI,
    protocol::{ClientFrame, CloseCode, PATH, SUBPROTOCOL},
};
use futures::{
    StreamExt,
    channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded},
};
use gloo_timers::callback::Timeout;
use leptos::{leptos_dom::helpers::window_event_listener_untyped, prelude::document, task::spawn_local};
use serde_json::Number;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CloseEvent, MessageEvent, Response, Storage, VisibilityState, WebSocket};

/// WebSocket close code for a connection that was lost without a word.
const LOST: u16 = 1006;

/// HTTP status of an answer to somebody who is not signed in.
const UNAUTHORISED: u16 = 401;

/// WebSocket close code for a connection that has served its purpose.
const NORMAL: u16 = 1000;

/// Random bytes of the name by which a server knows a page again.
const CLIENT_BYTES: usize = 16;

/// Under what the tab keeps it.
const CLIENT: &str = "rowcast-client";

/// What the one task handles.
enum Happening {
    /// To the machine.
    Event(Event),
    /// The timer rang.
    Rang,
    /// From the page.
    Command(Command),
    /// From the socket of the given generation.
    Socket(u64, SocketEvent),
}

enum SocketEvent {
    Opened,
    Frame(String),
    Closed(u16),
}

/// Starts the task. It lives as long as the page.
pub(super) fn start(connection: &Connection, options: ConnectionOptions, commands: UnboundedReceiver<Command>) {
    if let Some(client) = kept_name().or_else(made_up_name) {
        connection.replica().set_client(client);
    }
    let (happenings, received) = unbounded();
    for (name, event) in [("online", Event::Online), ("offline", Event::Clock)] {
        let happenings = happenings.clone();
        window_event_listener_untyped(name, move |_| post(&happenings, Happening::Event(event)));
    }
    let seen = happenings.clone();
    window_event_listener_untyped("visibilitychange", move |_| post(&seen, Happening::Event(visibility())));
    if options.connects {
        post(&happenings, Happening::Event(Event::Start));
    }
    // A page may be opened where nobody looks.
    post(&happenings, Happening::Event(visibility()));
    let pause_after = options.pause_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    let connection = connection.clone();
    spawn_local(async move {
        let mut happening = futures::stream::select(received, commands.map(Happening::Command));
        let mut driver = Driver {
            connection,
            happenings,
            machine: Machine::new(pause_after),
            socket: None,
            generation: 0,
            alarm: Alarm::default(),
            timer: None,
            unavailable_since: None,
        };
        while let Some(happening) = happening.next().await {
            driver.handle(happening);
        }
    });
}

/// Does something in so many milliseconds.
pub(super) fn later(wait_ms: u32, act: impl FnOnce() + 'static) {
    Timeout::new(wait_ms, act).forget();
}

/// A name that nobody can guess, kept as long as the tab: a page that is loaded again is the same one to its rooms. Without
/// one, a page that is lost has left them.
fn made_up_name() -> Option<String> {
    let mut bytes = [0; CLIENT_BYTES];
    leptos::prelude::window().crypto().ok()?.get_random_values_with_u8_array(&mut bytes).ok()?;
    let name: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if let Some(storage) = tab_storage() {
        // A browser that keeps nothing has another name each time.
        let _ = storage.set_item(CLIENT, &name);
    }
    Some(name)
}

fn kept_name() -> Option<String> {
    tab_storage()?.get_item(CLIENT).ok().flatten().filter(|name| name.len() == 2 * CLIENT_BYTES)
}

fn tab_storage() -> Option<Storage> {
    leptos::prelude::window().session_storage().ok().flatten()
}

fn visibility() -> Event {
    if document().visibility_state() == VisibilityState::Hidden { Event::Hidden } else { Event::Visible }
}

/// The receiver lives as long as the page, so a failure to send means that nobody is left to care.
fn post(happenings: &UnboundedSender<Happening>, happening: Happening) {
    let _ = happenings.unbounded_send(happening);
}

/// Tells whether the server says that nobody is signed in here. Whatever else it says, or if it says nothing, the reason is
/// another one.
fn ask_who(happenings: &UnboundedSender<Happening>) {
    let window = leptos::prelude::window();
    if !window.navigator().on_line() {
        return;
    }
    let (asked, happenings) = (window.fetch_with_str(WHOAMI), happenings.clone());
    spawn_local(async move {
        let Ok(answer) = JsFuture::from(asked).await else { return };
        if answer.dyn_ref::<Response>().is_some_and(|answer| answer.status() == UNAUTHORISED) {
            post(&happenings, Happening::Event(Event::SignedOut));
        }
    });
}

fn now() -> u64 {
    js_sys::Date::now() as u64
}

struct Driver {
    connection: Connection,
    happenings: UnboundedSender<Happening>,
    machine: Machine,
    socket: Option<Socket>,
    generation: u64,
    /// When the timer rings that the machine wants to be woken by, and the timer.
    alarm: Alarm,
    timer: Option<Timeout>,
    unavailable_since: Option<u64>,
}

impl Driver {
    fn handle(&mut self, happening: Happening) {
        match happening {
            Happening::Event(event) => {
                if event == Event::SignedOut {
                    self.connection.forget();
                }
                self.tell(event);
            }
            Happening::Rang => {
                self.alarm.rang();
                self.tell(Event::Clock);
            }
            Happening::Command(Command::RetryNow) => self.tell(Event::RetryNow),
            Happening::Command(Command::Send(frame)) => self.send([frame]),
            // What is on the way by then is in what it measures, and rightly; what waits to be sent is not.
            Happening::Command(Command::Ping) => self.ping(),
            Happening::Socket(generation, event) if generation == self.generation => self.hear(event),
            Happening::Socket(..) => {}
        }
        self.connection.report(self.status());
        self.set_alarm();
    }

    fn hear(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Opened => {
                self.tell(Event::Opened);
                let frames = self.connection.replica().opened();
                self.send(frames);
            }
            SocketEvent::Frame(text) => {
                self.tell(Event::Heard);
                let out = self.connection.receive(&text);
                if let Some(heartbeat_ms) = out.heartbeat_ms {
                    self.tell(Event::Welcomed { heartbeat_ms });
                }
                if let Some(asked) = out.pong {
                    self.connection.count(|traffic| traffic.answered(asked, js_sys::Date::now()));
                }
                if let Some(available) = out.available {
                    self.unavailable_since = (!available).then(now);
                }
                for complaint in out.complaints {
                    web_sys::console::error_1(&JsValue::from_str(&format!("rowcast: {complaint}")));
                }
                self.send(out.frames);
            }
            SocketEvent::Closed(code) => {
                self.drop_socket();
                if CloseCode::forgets(code) {
                    self.connection.forget();
                }
                self.tell(Event::Closed { code });
            }
        }
    }

    fn tell(&mut self, event: Event) {
        match self.machine.on(event, now(), js_sys::Math::random()) {
            Some(Action::Connect) => self.connect(),
            Some(Action::Close) => self.drop_socket(),
            Some(Action::AskWho) => ask_who(&self.happenings),
            None => {}
        }
    }

    fn connect(&mut self) {
        self.drop_socket();
        self.socket = Socket::open(self.generation, &self.happenings);
        if self.socket.is_none() {
            post(&self.happenings, Happening::Socket(self.generation, SocketEvent::Closed(LOST)));
        }
    }

    fn drop_socket(&mut self) {
        self.generation += 1;
        self.unavailable_since = None;
        if self.socket.take().is_some() {
            self.connection.count(|traffic| traffic.round_trip_ms = None);
            self.connection.replica().closed();
        }
    }

    fn send(&self, frames: impl IntoIterator<Item = String>) {
        let Some(socket) = &self.socket else { return };
        for frame in frames {
            // Fails only if the socket is closing, and then its end is about to be told.
            let _ = socket.socket.send_with_str(&frame);
        }
    }

    fn ping(&self) {
        let Some(t) = Number::from_f64(js_sys::Date::now()) else { return };
        // A word and a number: there is nothing to fail.
        self.send(serde_json::to_string(&ClientFrame::Ping { t }).ok());
    }

    fn status(&self) -> Status {
        match self.machine.state() {
            State::Idle | State::Connecting { .. } => {
                Status::Connecting { offline_since: self.machine.offline_since() }
            }
            State::Waiting { retry_at } => {
                Status::Waiting { offline_since: self.machine.offline_since().unwrap_or(retry_at), retry_at }
            }
            State::Paused => Status::Paused,
            State::Refused { code } => Status::Refused { code },
            State::Open { .. } => match self.unavailable_since {
                Some(since) => Status::SourceUnavailable { since },
                None if self.connection.replica().caught_up() => Status::Live,
                None => Status::CatchingUp,
            },
        }
    }

    fn set_alarm(&mut self) {
        match self.alarm.set(self.machine.wake_at(), now()) {
            Change::Keep => {}
            Change::Stop => self.timer = None,
            Change::Start(wait_ms) => {
                let happenings = self.happenings.clone();
                self.timer = Some(Timeout::new(wait_ms, move || post(&happenings, Happening::Rang)));
            }
        }
    }
}

/// A browser WebSocket and the closures that it calls. Dropping it closes the one and detaches the others.
struct Socket {
    socket: WebSocket,
    _on_open: Closure<dyn Fn()>,
    _on_message: Closure<dyn Fn(MessageEvent)>,
    _on_close: Closure<dyn Fn(CloseEvent)>,
}

impl Socket {
    fn open(generation: u64, happenings: &UnboundedSender<Happening>) -> Option<Self> {
        let location = leptos::prelude::window().location();
        let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
        let socket =
            WebSocket::new_with_str(&format!("{scheme}://{}{PATH}", location.host().ok()?), SUBPROTOCOL).ok()?;
        let tell = |happenings: &UnboundedSender<Happening>| {
            let happenings = happenings.clone();
            move |event| post(&happenings, Happening::Socket(generation, event))
        };
        let opened = tell(happenings);
        let on_open = Closure::<dyn Fn()>::new(move || opened(SocketEvent::Opened));
        let message = tell(happenings);
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(text) = event.data().as_string() {
                message(SocketEvent::Frame(text));
            }
        });
        let closed = tell(happenings);
        let on_close =
            Closure::<dyn Fn(CloseEvent)>::new(move |event: CloseEvent| closed(SocketEvent::Closed(event.code())));
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Some(Self { socket, _on_open: on_open, _on_message: on_message, _on_close: on_close })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // Fails only for close codes that are not allowed.
        let _ = self.socket.close_with_code(NORMAL);
    }
}
