//! Whether the person of an open session is still who they were. What somebody does to their rights, the hub learns from the
//! changelog; what ends by itself, such as a token that expires, nobody tells, and neither what happened between the handshake
//! and the session's beginning.

use super::limits;
use crate::{
    hub::{Credential, Principal, Session},
    protocol::CloseCode,
};
use futures::future::BoxFuture;
use std::{fmt, sync::Arc};

type Asks = dyn Fn(Arc<Principal>) -> BoxFuture<'static, Option<CloseCode>> + Send + Sync;

/// Asks whoever knows people.
#[derive(Clone)]
pub struct Recheck(Arc<Asks>);

impl Recheck {
    /// `ask` answers with the code to close a session with, if it must end.
    pub fn new(ask: impl Fn(Arc<Principal>) -> BoxFuture<'static, Option<CloseCode>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }

    /// Where nobody is anybody.
    pub fn never() -> Self {
        Self::new(|_| Box::pin(async { None }))
    }

    /// Asks at once and now and then, until the session must end.
    pub(super) async fn watch(self, session: Arc<Session>) {
        if session.principal().credential == Credential::None {
            return;
        }
        let mut turn = tokio::time::interval(limits::RECHECK);
        loop {
            turn.tick().await;
            if let Some(code) = (self.0)(session.principal().clone()).await {
                session.close(code);
                return;
            }
        }
    }
}

impl fmt::Debug for Recheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Recheck")
    }
}
