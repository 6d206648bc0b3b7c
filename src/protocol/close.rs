//! Close codes: why a connection ended and whether coming back makes sense.

/// Why the server closed a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCode {
    /// The server stops or restarts. Reconnect.
    GoingAway,
    /// A frame was larger than allowed. Reconnecting is allowed; sending it again is not going to help.
    FrameTooLarge,
    /// Too many frames in a row that made no sense. Do not reconnect before the program has been mended.
    ProtocolViolation,
    /// Whoever it is has been signed out. Do not reconnect before somebody has signed in.
    SignedOut,
    /// Nothing was heard, or nothing could be sent, for too long. Reconnect.
    TimedOut,
    /// What whoever it is may see has changed. Forget all rows, and reconnect at once.
    RightsChanged,
    /// Frames went on coming too fast after many of them were refused. Reconnect, and slow down.
    TooFast,
}

impl CloseCode {
    /// The number on the wire (RFC 6455 §7.4; 4000–4999 are private use).
    pub const fn code(self) -> u16 {
        match self {
            Self::GoingAway => 1001,
            Self::FrameTooLarge => 1009,
            Self::ProtocolViolation => 4400,
            Self::SignedOut => 4401,
            Self::TimedOut => 4408,
            Self::RightsChanged => 4409,
            Self::TooFast => 4429,
        }
    }

    /// The reason sent beside the number.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::GoingAway => "the server is restarting",
            Self::FrameTooLarge => "the frame is too large",
            Self::ProtocolViolation => "too many malformed frames",
            Self::SignedOut => "signed out",
            Self::TimedOut => "nothing was heard for too long",
            Self::RightsChanged => "what you may see has changed",
            Self::TooFast => "frames came too fast",
        }
    }

    /// Whether a client that was closed with `code` must forget all rows: they are no longer for its eyes.
    pub const fn forgets(code: u16) -> bool {
        code == Self::SignedOut.code() || code == Self::RightsChanged.code()
    }

    /// Whether a client that was closed with `code` should come back by itself. Every code that is not known to be
    /// final is worth a retry: 1006 is a lost network.
    pub const fn reconnects(code: u16) -> bool {
        code != Self::ProtocolViolation.code() && code != Self::SignedOut.code()
    }
}
