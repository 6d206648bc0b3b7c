//! Two networks with a cable between them that can lose every packet, without either end being told.
//!
//! Sockets belong to the network of the thread that makes them, and stay there whoever uses them. So there is one thread in each
//! network, which makes sockets for everybody; the database is reached as always.

use nix::sched::{CloneFlags, unshare};
use std::{
    net::Ipv4Addr,
    process::Command,
    sync::mpsc::{Sender, channel},
    thread,
};

/// The end at which servers listen.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
/// The end from which clients come.
pub const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);
/// A card that nobody has. What is sent to it is lost on the way.
const NOBODY: &str = "02:00:00:00:00:77";

type Work = Box<dyn FnOnce() + Send>;

/// A thread in a network of its own.
pub struct End {
    work: Sender<Work>,
    thread: i32,
}

/// The cable, with its two ends.
pub struct Lossy {
    pub server: End,
    pub client: End,
}

impl End {
    fn new() -> Result<Self, String> {
        let (work, received) = channel::<Work>();
        let (made, outcome) = channel();
        thread::spawn(move || {
            // The loopback interface is needed for nothing.
            let own = unshare(CloneFlags::CLONE_NEWNET).map(|()| nix::unistd::gettid().as_raw());
            let _ = made.send(own.map_err(|error| format!("a thread cannot have a network of its own: {error}")));
            received.into_iter().for_each(|work| work());
        });
        let thread = outcome.recv().expect("the thread says how it went")?;
        Ok(Self { work, thread })
    }

    /// Does something in this network.
    pub fn within<T: Send + 'static>(&self, act: impl FnOnce() -> T + Send + 'static) -> T {
        let (sent, received) = channel();
        let work = move || {
            // Fails if nobody waits for it.
            let _ = sent.send(act());
        };
        self.work.send(Box::new(work)).expect("the thread lives as long as its end");
        received.recv().expect("it is done")
    }

    fn ip(&self, arguments: &str) -> Result<(), String> {
        let arguments = arguments.to_owned();
        self.within(move || {
            let outcome = Command::new("ip").args(arguments.split(' ')).output();
            let outcome = outcome.map_err(|error| format!("the command `ip` of iproute2 cannot be run: {error}"))?;
            let said = String::from_utf8_lossy(&outcome.stderr);
            outcome.status.success().then_some(()).ok_or_else(|| format!("ip {arguments}: {}", said.trim()))
        })
    }
}

impl Lossy {
    /// Two networks and a cable.
    ///
    /// # Errors
    /// Why this machine does not let us.
    pub fn new() -> Result<Self, String> {
        let (server, client) = (End::new()?, End::new()?);
        server.ip("link add cable type veth peer name far")?;
        server.ip(&format!("link set far netns {}", client.thread))?;
        for (end, card, address) in [(&server, "cable", SERVER), (&client, "far", CLIENT)] {
            end.ip(&format!("addr add {address}/24 dev {card}"))?;
            end.ip(&format!("link set {card} up"))?;
        }
        Ok(Self { server, client })
    }

    /// From now on nothing arrives, in either direction.
    pub fn lose_everything(&self) {
        for (end, card, other) in [(&self.server, "cable", CLIENT), (&self.client, "far", SERVER)] {
            end.ip(&format!("neigh replace {other} lladdr {NOBODY} dev {card} nud permanent")).expect("replaces");
        }
    }

    /// What is sent arrives again.
    pub fn heal(&self) {
        for (end, card, other) in [(&self.server, "cable", CLIENT), (&self.client, "far", SERVER)] {
            end.ip(&format!("neigh del {other} dev {card}")).expect("deletes");
        }
    }
}
