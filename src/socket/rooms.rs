//! What a client says about rooms: carried out, and answered once if it asks for that.
//!
//! Answers are sent at once and not queued, so whoever does not take them is not read from either.

use super::{
    limits,
    rate::Verdict,
    session::{Connection, End, Wire},
};
use crate::{
    changelog::Source,
    hub::{Frame, rooms::Refused},
    protocol::{ClientFrame, ErrorCode, MAX_ID_BYTES, ServerFrame},
};
use std::borrow::Cow;
use tokio::time::Instant;

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
        let outcome = if self.pace.frame(Instant::now()) == Verdict::Act {
            self.carry_out(frame)
        } else {
            self.counters.room_frames_over_rate.add();
            Err(too_fast())
        };
        self.answer(&about, outcome).await
    }

    /// Does not carry out a frame, and says so where and as it asked to be answered.
    pub(super) async fn refuse_room(
        &mut self,
        frame: &ClientFrame,
        code: ErrorCode,
        message: String,
    ) -> Result<(), End> {
        let mut about = About::of(frame);
        about.name = about.name.filter(|name| name.len() <= MAX_ID_BYTES);
        self.answer(&about, Err(Refused { code, message })).await
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
