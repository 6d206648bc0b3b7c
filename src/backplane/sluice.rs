//! A connection on which no more arrives than is let in.
//!
//! The crate reads as fast as Redis sends and queues what it has read without a bound. So it is let read only when everything
//! that came before has been taken from that queue: what waits is never more than a few [`PORTION_BYTES`], however fast
//! somebody publishes, and Redis itself gives up on who does not keep up.

use futures::task::AtomicWaker;
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf, Take},
    sync::Notify,
};

/// What is let in at a time, in bytes.
pub(super) const PORTION_BYTES: u64 = 64 * 1024;

/// Lets in what arrives on a [`Sluice`].
#[derive(Debug, Default)]
pub(super) struct Gate {
    /// Bytes that may be read beyond those that the sluice knows of.
    open: AtomicU64,
    reader: AtomicWaker,
    dry: Notify,
}

impl Gate {
    /// Resolves when everything that was let in has been read, and somebody wants to read more.
    pub(super) async fn dry(&self) {
        self.dry.notified().await;
    }

    /// Lets in the next portion.
    pub(super) fn open(&self) {
        self.open.store(PORTION_BYTES, Ordering::Release);
        self.reader.wake();
    }
}

/// The connection.
#[derive(Debug)]
pub(super) struct Sluice<S> {
    stream: Take<S>,
    gate: Arc<Gate>,
}

impl<S: AsyncRead> Sluice<S> {
    /// With one portion let in.
    pub(super) fn new(stream: S) -> (Self, Arc<Gate>) {
        let gate = Arc::new(Gate::default());
        (Self { stream: stream.take(PORTION_BYTES), gate: gate.clone() }, gate)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Sluice<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { stream, gate } = self.get_mut();
        if stream.limit() == 0 {
            gate.reader.register(cx.waker());
            let more = gate.open.swap(0, Ordering::AcqRel);
            if more == 0 {
                gate.dry.notify_one();
                return Poll::Pending;
            }
            stream.set_limit(more);
        }
        Pin::new(stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Sluice<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(self.get_mut().stream.get_mut()).poll_write(cx, buffer)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().stream.get_mut()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().stream.get_mut()).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    /// More than any portion, so that the writer is the one who waits.
    const FLOOD: usize = 10 * PORTION_BYTES as usize;

    #[tokio::test]
    async fn no_more_is_read_than_was_let_in_and_what_was_held_up_comes_later() {
        let (near, mut far) = tokio::io::duplex(FLOOD);
        far.write_all(&vec![7; FLOOD]).await.unwrap();
        drop(far);
        let (mut sluice, gate) = Sluice::new(near);
        let read = tokio::spawn(async move {
            let mut all = Vec::new();
            sluice.read_to_end(&mut all).await.map(|_| all)
        });
        for _ in 0..FLOOD / PORTION_BYTES as usize {
            gate.dry().await;
            assert!(!read.is_finished(), "it waits to be let in");
            gate.open();
        }
        assert_eq!(read.await.unwrap().unwrap().len(), FLOOD);
    }
}
