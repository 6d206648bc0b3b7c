//! Rooms of a page, without a page.

use crate::{
    protocol::ErrorCode,
    store::{Replica, RoomEvent, RoomSink, RoomStatus},
};
use serde_json::json;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl RoomSink for Heard {
    fn hear(&mut self, event: RoomEvent<'_>) {
        let line = match event {
            RoomEvent::Status(RoomStatus::Joining) => "joining".to_owned(),
            RoomEvent::Status(RoomStatus::Joined) => "joined".to_owned(),
            RoomEvent::Status(RoomStatus::Refused(error)) => format!("refused {:?}", error.code),
            RoomEvent::Occupants { own, occupants } => {
                let all = occupants.values().map(|one| format!("{}={}", one.session, one.state));
                format!("{own}: {}", all.collect::<Vec<_>>().join(" "))
            }
            RoomEvent::Message(message) => format!("{} says {} {}", message.name, message.event, message.payload),
            RoomEvent::Missed => "missed".to_owned(),
            RoomEvent::Refused(error) => format!("not said: {:?}", error.code),
            RoomEvent::History(question) => format!("history of {}", question.table),
        };
        self.0.lock().unwrap().push(line);
    }
}

impl Heard {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn in_room() -> (Replica, Heard, u64) {
    let mut replica = Replica::default();
    replica.set_client("c".to_owned());
    let heard = Heard::default();
    let (id, frame) = replica.join("chat", json!({"a": 1}), Box::new(heard.clone()));
    assert_eq!(frame, None, "there is no connection yet");
    let frames = replica.opened();
    assert_eq!(frames, [r#"{"type":"join","room":"chat","state":{"a":1},"client":"c","ref":"join"}"#]);
    heard.take();
    (replica, heard, id)
}

fn receive(replica: &mut Replica, frame: &str) -> Vec<String> {
    let out = replica.receive(frame);
    assert!(out.complaints.is_empty(), "{:?}", out.complaints);
    out.frames
}

#[test]
fn a_list_in_parts_is_shown_when_it_is_whole_and_differences_follow() {
    let (mut replica, heard, _) = in_room();
    let list = |session: &str, more: bool| {
        let more = if more { r#","more":true"# } else { "" };
        format!(
            r#"{{"type":"joined","room":"chat","session":"s1","members":[{{"session":"{session}","name":"","state":1}}]{more}}}"#
        )
    };
    receive(&mut replica, &list("s1", true));
    assert!(heard.take().is_empty());
    receive(&mut replica, &list("s2", false));
    assert_eq!(heard.take(), ["s1: s1=1 s2=1", "joined"]);
    receive(
        &mut replica,
        r#"{"type":"presence","room":"chat","joins":[{"session":"s3","name":"","state":3}],"updates":[{"session":"s2","state":2}],"leaves":["s1"]}"#,
    );
    assert_eq!(heard.take(), ["s1: s2=2 s3=3"]);
    receive(&mut replica, r#"{"type":"message","room":"chat","from":{"name":"Ann"},"event":"hi","payload":[1]}"#);
    assert_eq!(heard.take(), ["Ann says hi [1]"]);
    receive(&mut replica, r#"{"type":"missed","room":"chat"}"#);
    receive(&mut replica, r#"{"type":"message","room":"other","from":{"name":""},"event":"hi","payload":1}"#);
    assert_eq!(heard.take(), ["missed"]);
}

#[test]
fn rooms_are_joined_again_with_the_last_state_and_show_whom_they_showed_meanwhile() {
    let (mut replica, heard, id) = in_room();
    receive(
        &mut replica,
        r#"{"type":"joined","room":"chat","session":"s1","members":[],"history":{"table":"messages","where":"room = $1","params":["chat"]}}"#,
    );
    assert_eq!(heard.take(), ["s1: ", "joined", "history of messages"]);
    assert!(replica.set_state("chat", json!(2)).is_some() && replica.set_state("chat", json!(2)).is_none());
    replica.closed();
    assert_eq!(heard.take(), ["joining"]);
    assert_eq!(replica.publish("chat", "e", json!(1), false), None, "it would be old when it came");
    assert_eq!(replica.opened(), [r#"{"type":"join","room":"chat","state":2,"client":"c","ref":"join"}"#]);
    assert_eq!(replica.leave("chat", id).as_deref(), Some(r#"{"type":"leave","room":"chat"}"#));
    assert_eq!(replica.opened(), [""; 0]);
}

#[test]
fn a_refused_room_is_asked_for_again_and_a_refused_word_is_told() {
    let (mut replica, heard, _) = in_room();
    receive(&mut replica, r#"{"type":"error","code":"not_allowed","message":"m","room":"chat","ref":"publish"}"#);
    assert_eq!(heard.take(), ["not said: NotAllowed"]);
    for answered in [r#","ref":"join""#, ""] {
        let refusal = format!(r#"{{"type":"error","code":"unknown_room","message":"m","room":"chat"{answered}}}"#);
        receive(&mut replica, &refusal);
        assert_eq!(heard.take().last().unwrap(), &format!("refused {:?}", ErrorCode::UnknownRoom));
        let again = receive(&mut replica, r#"{"type":"heartbeat"}"#);
        assert_eq!(again.len(), 1, "{again:?}");
        receive(&mut replica, r#"{"type":"joined","room":"chat","session":"s1","members":[]}"#);
        heard.take();
    }
}

#[test]
fn parts_of_a_page_share_a_room_until_the_last_has_left() {
    let (mut replica, _, first) = in_room();
    let heard = Heard::default();
    let (second, frame) = replica.join("chat", json!({"a": 1}), Box::new(heard.clone()));
    assert_eq!(frame, None, "it is there already");
    assert_eq!(heard.take(), ["joining", ": "]);
    assert_eq!(replica.leave("chat", first), None);
    assert!(replica.leave("chat", second).is_some());
}
