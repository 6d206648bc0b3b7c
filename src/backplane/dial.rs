//! A connection to Redis, made here and not by its crate, so that what arrives on it can be held up (see `sluice`).

use super::RedisError;
use redis::ConnectionAddr;
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

/// The bytes of a connection, with TLS or without.
pub(super) trait Bytes: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Bytes for S {}

/// Connects.
pub(super) async fn dial(address: &ConnectionAddr) -> Result<Box<dyn Bytes>, RedisError> {
    Ok(match address {
        ConnectionAddr::Tcp(host, port) => Box::new(TcpStream::connect((host.as_str(), *port)).await?),
        ConnectionAddr::TcpTls { host, port, .. } => {
            let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            Box::new(connector()?.connect(name, stream).await?)
        }
        ConnectionAddr::Unix(path) => Box::new(UnixStream::connect(path).await?),
        // The crate may learn of other ways.
        _ => return Err(RedisError::Way),
    })
}

/// Trusts whom the system trusts, as the crate does for the other connection. Read each time: it is seldom, and may change.
fn connector() -> io::Result<TlsConnector> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?;
    Ok(TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth())))
}
