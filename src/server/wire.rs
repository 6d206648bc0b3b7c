//! The bytes of one connection, with TLS or without, and its place among those that are counted.
//!
//! The place is kept here because the bytes outlive the request that they began with: a WebSocket takes them over.

use super::tally::Place;
use std::{
    io::{self, IoSlice},
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;

/// Where a connection counts: among all, and among those of its address unless that is a trusted proxy's.
pub(super) type Places = (Place<()>, Option<Place<IpAddr>>);

/// One connection.
pub(super) struct Wire {
    bytes: Bytes,
    _places: Places,
}

enum Bytes {
    Plain(TcpStream),
    /// Apart, because it is large and most connections behind a proxy are plain.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    pub(super) fn plain(stream: TcpStream, places: Places) -> Self {
        Self { bytes: Bytes::Plain(stream), _places: places }
    }

    pub(super) fn tls(stream: TlsStream<TcpStream>, places: Places) -> Self {
        Self { bytes: Bytes::Tls(Box::new(stream)), _places: places }
    }
}

/// Does the same with either.
macro_rules! either {
    ($wire:ident, $bytes:ident => $does:expr) => {
        match &mut $wire.get_mut().bytes {
            Bytes::Plain($bytes) => {
                let $bytes = Pin::new($bytes);
                $does
            }
            Bytes::Tls($bytes) => {
                let $bytes = Pin::new($bytes.as_mut());
                $does
            }
        }
    };
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        either!(self, bytes => bytes.poll_read(cx, buffer))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, bytes => bytes.poll_write(cx, buffer))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, bytes => bytes.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, bytes => bytes.poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, bytes => bytes.poll_write_vectored(cx, buffers))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.bytes {
            Bytes::Plain(bytes) => bytes.is_write_vectored(),
            Bytes::Tls(bytes) => bytes.is_write_vectored(),
        }
    }
}
