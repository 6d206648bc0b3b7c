//! What a client says about rooms: carried out, and answered once if it asks for that.
//!
//! Answers are sent at once and not queued, so whoever does not take them is not read from either.

use super::{
    limits,
    session::{Connection, End, Wire},
};
use crate::{
    changelog::Source,
    hub::{Frame, rooms::Refused},
    protocol::{ClientFrame, ErrorCode, MAX_ID_BYTES, ServerFrame},
};
use std::borrow::Cow;
use tokio::time::Instant;

/// How much may be said: tokens that come back with time.
#[derive(Debug)]
pub(super) struct Pace {
    tokens: f64,
    since: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { tokens: limits::ROOM_FRAMES_AT_ONCE.into(), since: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        let passed = now.duration_since(self.since).as_secs_f64();
        let most = f64::from(limits::ROOM_FRAMES_AT_ONCE);
        self.tokens = (self.tokens + passed * f64::from(limits::ROOM_FRAMES_PER_SECOND)).min(most);
        self.since = now;
        let may = self.tokens >= 1.0;
        if may {
            self.tokens -= 1.0;
        }
        may
    }
}

/// What a frame is about, for the answer.
struct About<'a> {
    room: Option<&'a str>,
    name: Option<&'a str>,
}

/// What came of it: frames to send before the answer, and to how many sessions something went.
type Outcome = Result<(Vec<Frame>, Option<usize>), Refused>;

impl<W: Wire, S: Source> Connection<W, S> {
    /// Carries out a frame about rooms.
    pub(super) async fn handle_room(&mut self, frame: &ClientFrame) -> Result<(), End> {
        let about = About::of(frame);
        if about.name.is_some_and(|name| name.is_empty() || name.len() > MAX_ID_BYTES) {
            let message = format!("a \"ref\" has 1 to {MAX_ID_BYTES} bytes");
            let refused = Refused { code: ErrorCode::InvalidId, message };
            return self.answer(&About { name: None, ..about }, Err(refused)).await;
        }
        let outcome = if self.pace.take(Instant::now()) { self.carry_out(frame) } else { Err(too_fast()) };
        self.answer(&about, outcome).await
    }

    fn carry_out(&self, frame: &ClientFrame) -> Outcome {
        let session = &self.session;
        match frame {
            ClientFrame::Join { room, state, client, .. } => {
                Ok((session.join(room, state.as_ref(), client.as_deref())?, None))
            }
            ClientFrame::State { room, state, .. } => session.set_state(room, state).map(|()| (Vec::new(), None)),
            ClientFrame::Leave { room, .. } => session.leave(room).map(|()| (Vec::new(), None)),
            ClientFrame::Publish { room, event, payload, echo, .. } => {
                session.publish(room, event, payload, *echo).map(|count| (Vec::new(), Some(count)))
            }
            ClientFrame::Direct { to, event, payload, .. } => {
                session.direct(to, event, payload).map(|count| (Vec::new(), Some(count)))
            }
            ClientFrame::Broadcast { event, payload, .. } => {
                session.broadcast(event, payload).map(|count| (Vec::new(), Some(count)))
            }
            ClientFrame::Subscribe(_) | ClientFrame::Unsubscribe { .. } | ClientFrame::Ping { .. } => {
                Ok((Vec::new(), None))
            }
        }
    }

    /// An error is told even to those who did not ask for an answer.
    async fn answer(&mut self, about: &About<'_>, outcome: Outcome) -> Result<(), End> {
        let mut frames = Vec::new();
        match (outcome, about.name) {
            (Ok((before, sessions)), name) => {
                frames = before;
                let sessions = sessions.map(|count| count as u64);
                let ack = name.map(|name| ServerFrame::Ack { r#ref: Cow::Borrowed(name), sessions });
                frames.extend(ack.map(|ack| Frame::from(ack.encode())));
            }
            (Err(Refused { code, message }), name) => {
                let frame = ServerFrame::Error {
                    id: None,
                    code,
                    message: Cow::Owned(message),
                    at: None,
                    hint: None,
                    room: about.room.map(Cow::Borrowed),
                    r#ref: name.map(Cow::Borrowed),
                };
                frames.push(Frame::from(frame.encode()));
            }
        }
        if frames.is_empty() { Ok(()) } else { self.send(&frames).await }
    }
}

impl<'a> About<'a> {
    fn of(frame: &'a ClientFrame) -> Self {
        match frame {
            ClientFrame::Join { room, r#ref, .. }
            | ClientFrame::State { room, r#ref, .. }
            | ClientFrame::Leave { room, r#ref }
            | ClientFrame::Publish { room, r#ref, .. } => Self { room: Some(room), name: r#ref.as_deref() },
            ClientFrame::Direct { r#ref, .. } | ClientFrame::Broadcast { r#ref, .. } => {
                Self { room: None, name: r#ref.as_deref() }
            }
            ClientFrame::Subscribe(_) | ClientFrame::Unsubscribe { .. } | ClientFrame::Ping { .. } => {
                Self { room: None, name: None }
            }
        }
    }
}

fn too_fast() -> Refused {
    let message = format!(
        "a connection may say {} things a second in rooms; wait a moment and say it again",
        limits::ROOM_FRAMES_PER_SECOND
    );
    Refused { code: ErrorCode::RateLimited, message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_may_be_said_comes_back_with_time() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let at_once = (0..1_000).filter(|_| pace.take(start)).count();
        assert_eq!(at_once, limits::ROOM_FRAMES_AT_ONCE as usize);
        let later = start + Duration::from_secs(1);
        let then = (0..1_000).filter(|_| pace.take(later)).count();
        assert_eq!(then, limits::ROOM_FRAMES_PER_SECOND as usize);
        let much_later = start + Duration::from_secs(1_000);
        assert_eq!((0..1_000).filter(|_| pace.take(much_later)).count(), limits::ROOM_FRAMES_AT_ONCE as usize);
    }
}
