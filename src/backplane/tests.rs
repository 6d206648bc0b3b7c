//! Two hubs over a backplane within the process, with a clock that jumps.

use super::*;
use crate::{
    hub::{
        Bounds, Catalog, Credential, Hub, Principal, Sent, Session,
        rooms::{GRACE, LEASE, Rights, Rule},
    },
    protocol::{Epoch, Position, Role},
};
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::broadcast;

/// Carries words between hubs of one process.
#[derive(Default)]
struct Bus {
    channels: Mutex<HashMap<String, broadcast::Sender<String>>>,
}

impl Backplane for Bus {
    fn join(&self, channel: String, stop: CancellationToken) -> Link {
        let (link, mut said, tell) = link();
        let words = self.channels.lock().unwrap().entry(channel).or_insert_with(|| broadcast::channel(64).0).clone();
        let mut heard = words.subscribe();
        tokio::spawn(async move {
            let _ = tell.send(Event::Connected).await;
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    Some(word) = said.recv() => {
                        let _ = words.send(word);
                    }
                    word = heard.recv() => {
                        let Ok(word) = word else { return };
                        let _ = tell.send(Event::Word(word.into())).await;
                    }
                }
            }
        });
        link
    }
}

fn hub(epoch: u64) -> Arc<Hub> {
    let position = Position::new(1, Vec::new());
    let hub = Arc::new(Hub::new(Epoch(epoch), position, Catalog::default(), Bounds::default()));
    let rule = Rule { pattern: "*".to_owned(), role: Role::Staff, may_publish: true, history: None };
    hub.set_room_rights(Rights::new(vec![rule]));
    hub
}

fn open(hub: &Arc<Hub>, account: i64) -> Session {
    let (name, credential) = ("".into(), Credential::Login(1));
    hub.open(Arc::new(Principal { account: Some(account), name, credential, ..Principal::nobody(Role::Staff) }))
}

/// Everything that waits for a session.
fn heard(session: &Session) -> Vec<String> {
    let mut frames = Vec::new();
    while let Some((sent, _)) = session.take() {
        if let Sent::Ephemeral { frames: told, .. } = sent {
            frames.extend(told.iter().map(|frame| String::from_utf8(frame.bytes().to_vec()).unwrap()));
        }
    }
    frames
}

#[tokio::test(start_paused = true)]
async fn hubs_of_one_database_share_rooms_and_of_another_do_not() {
    let bus = Arc::new(Bus::default());
    let stops = [(); 3].map(|()| CancellationToken::new());
    let hubs = [hub(1), hub(1), hub(2)];
    for (hub, stop) in hubs.iter().zip(&stops) {
        tokio::spawn(run(hub.clone(), Some(bus.clone() as Arc<dyn Backplane>), "p".to_owned(), stop.clone()));
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(hubs.iter().all(|hub| hub.nodes_connected() == Some(true)));
    let sessions = [open(&hubs[0], 1), open(&hubs[1], 2), open(&hubs[2], 3)];
    for session in &sessions {
        session.join("a", None, Some("c")).unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let seen = sessions.each_ref().map(|session| heard(session).concat());
    assert!(seen[0].contains(r#""user":"2""#) && seen[1].contains(r#""user":"1""#), "{seen:?}");
    assert!(!seen[0].contains(r#""user":"3""#) && !seen[2].contains(r#""user":"1""#), "{seen:?}");
    sessions[0].publish("a", "e", &json!(1), false).unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let seen = sessions.each_ref().map(|session| heard(session).len());
    assert_eq!(seen, [0, 1, 0]);
    // A node that dies says nothing.
    stops[1].cancel();
    tokio::time::sleep(LEASE + Duration::from_secs(1)).await;
    assert!(heard(&sessions[0]).concat().contains(r#""leaves":["#));
}

#[tokio::test(start_paused = true)]
async fn a_hub_alone_gives_up_whoever_is_lost() {
    let hub = hub(1);
    tokio::spawn(run(hub.clone(), None, String::new(), CancellationToken::new()));
    let (watcher, lost) = (open(&hub, 1), open(&hub, 2));
    watcher.join("a", None, Some("c")).unwrap();
    lost.join("a", None, Some("c")).unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    heard(&watcher);
    drop(lost);
    tokio::time::sleep(GRACE - Duration::from_secs(1)).await;
    assert_eq!(heard(&watcher), [""; 0]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(heard(&watcher).concat().contains(r#""leaves":["#));
    assert_eq!(hub.nodes_connected(), None, "there are no others");
}
