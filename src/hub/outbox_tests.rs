//! What is said in rooms, beside rows, in a queue that is full.

use super::*;
use crate::protocol::{Epoch, Position};

const MAX_BYTES: usize = 100;

fn outbox() -> Outbox {
    Outbox::new(token(), MAX_BYTES)
}

fn token() -> Token {
    Token { epoch: Epoch(1), position: Position::new(1, Vec::new()) }
}

fn frame(bytes: usize) -> Frame {
    Frame::from("x".repeat(bytes))
}

fn rows(bytes: usize, pinned: bool) -> Delivery {
    Delivery { frames: [frame(bytes)].into(), position: None, pinned }
}

fn room(name: &str) -> Option<RoomName> {
    Some(name.into())
}

/// What is taken, in short; `anew` is told where something was dropped.
fn drain(outbox: &mut Outbox) -> Vec<String> {
    let mut taken = Vec::new();
    loop {
        outbox.make_up(|room| vec![Frame::from(format!("anew {room:?}"))]);
        let Some((sent, _)) = outbox.take() else { return taken };
        taken.push(match sent {
            Sent::Delivery(delivery) => format!("rows {}", delivery.bytes()),
            Sent::Ephemeral { frames, .. } if frames[0].bytes().starts_with(b"anew") => {
                String::from_utf8(frames[0].bytes().to_vec()).expect("text")
            }
            Sent::Ephemeral { room, frames } => format!("{} {}", room.unwrap_or_default(), bytes_of(&frames)),
            other => format!("{other:?}").chars().take_while(|sign| sign.is_alphabetic()).collect(),
        });
    }
}

#[test]
fn what_is_said_takes_half_of_the_queue_and_what_is_dropped_is_told() {
    let mut outbox = outbox();
    for _ in 0..1_000 {
        outbox.tell(room("a"), frame(10));
    }
    assert_eq!(outbox.bytes, MAX_BYTES / 2);
    assert!(outbox.has_room(&rows(50, false)), "rows have their half");
    outbox.tell(room("b"), frame(10));
    outbox.tell(None, frame(10));
    let taken = drain(&mut outbox);
    assert_eq!(taken[..5], ["a 10"; 5]);
    assert_eq!(taken[5..].iter().filter(|one| one.starts_with("anew")).count(), 3, "{taken:?}");
    assert!(outbox.missed.is_empty());
}

#[test]
fn nothing_follows_what_was_dropped_before_that_is_told() {
    let mut outbox = outbox();
    outbox.tell(room("a"), frame(45));
    outbox.tell(room("a"), frame(45));
    // This one would fit.
    outbox.tell(room("a"), frame(1));
    assert_eq!(drain(&mut outbox), ["a 45", "anew Some(\"a\")"]);
    outbox.tell(room("a"), frame(1));
    assert_eq!(drain(&mut outbox), ["a 1"]);
}

#[test]
fn lagging_drops_rows_and_leaves_what_was_said() {
    let mut outbox = outbox();
    outbox.push(rows(20, true));
    outbox.tell(room("a"), frame(10));
    outbox.push(rows(10, false));
    outbox.tell(room("b"), frame(10));
    outbox.lag([7]);
    assert_eq!(outbox.bytes, 40);
    assert_eq!(drain(&mut outbox), ["rows 20", "Lagged", "a 10", "b 10"]);
    assert_eq!(outbox.bytes, 0);
}

#[test]
fn a_room_that_was_left_is_forgotten() {
    let mut outbox = outbox();
    outbox.tell(room("a"), frame(10));
    outbox.tell(room("b"), frame(10));
    outbox.tell(room("a"), frame(90));
    outbox.forget(&"a".into());
    assert_eq!((outbox.bytes, outbox.missed.len()), (10, 0));
    assert_eq!(drain(&mut outbox), ["b 10"]);
}

#[test]
fn a_whole_list_that_is_larger_than_the_queue_is_told_when_nothing_else_waits() {
    let mut outbox = outbox();
    outbox.push(rows(60, true));
    outbox.tell(room("a"), frame(10));
    let mut told = 0;
    let mut order = Vec::new();
    loop {
        outbox.make_up(|_| vec![frame(500)]);
        match outbox.take().map(|(sent, _)| sent) {
            Some(Sent::Delivery(_)) => order.push("rows"),
            Some(Sent::Ephemeral { .. }) => {
                told += 1;
                order.push("all");
            }
            _ => break,
        }
    }
    assert_eq!((told, &order[..]), (1, &["rows", "all"][..]));
}

#[test]
fn rows_that_lagged_do_not_wait_for_the_end_of_what_is_said() {
    let mut outbox = outbox();
    outbox.lag([7]);
    // Somebody says something whenever there is room for it.
    for _ in 0..3 {
        outbox.tell(room("a"), frame(10));
        outbox.tell(room("a"), frame(10));
        if let Some((Sent::Lagged { .. }, _)) = outbox.take() {
            return;
        }
    }
    panic!("it is never told that it lagged");
}

#[test]
fn a_list_that_does_not_fit_is_not_made_again_and_again() {
    let mut outbox = outbox();
    (0..5).for_each(|_| outbox.tell(room("a"), frame(10)));
    outbox.tell(room("b"), frame(10));
    let mut made = 0;
    while !outbox.missed.is_empty() {
        outbox.make_up(|_| {
            made += 1;
            vec![frame(45)]
        });
        outbox.take();
    }
    assert_eq!(made, 3, "to see that it is too much, to see whether it still is, and when there is room");
}

#[test]
fn rows_that_wait_go_with_the_query_that_they_are_of() {
    let [gone, kept]: [QueryId; 2] = [1, 2];
    let of = |query, text: &str| Frame::of_rows(query, text.to_owned());
    let delivery = |frames: Vec<Frame>, position| Delivery { frames: frames.into(), position, pinned: true };
    let mut outbox = outbox();
    outbox.push(delivery(vec![Frame::from("subscribed".to_owned()), of(gone, "a"), of(kept, "b")], Some(token())));
    // The last frame says where the session stands: that stays true.
    outbox.push(delivery(vec![of(kept, "c"), of(gone, "d")], Some(token())));
    outbox.push(delivery(vec![of(gone, "e")], None));
    outbox.altered(gone, Frame::from("resync".to_owned()));
    let bytes = outbox.bytes;
    let mut texts = Vec::new();
    while let Some((sent, _)) = outbox.take() {
        if let Sent::Delivery(delivery) = sent {
            texts.extend(delivery.frames.iter().map(|frame| String::from_utf8_lossy(frame.bytes()).into_owned()));
        }
    }
    let commit = format!(r#"{{"type":"commit","position":"{}"}}"#, token());
    assert_eq!(texts, ["subscribed", "resync", "b", "c", &commit]);
    assert_eq!((bytes, outbox.bytes), (texts.iter().map(String::len).sum(), 0));
}
