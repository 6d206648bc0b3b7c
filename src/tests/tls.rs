//! TLS by the server itself, with a certificate that is replaced while it runs.

use crate::support::{PATIENCE, Server, eventually, http::say, with_items};
use futures::{SinkExt, StreamExt};
use sqlx::PgPool;
use std::{net::SocketAddr, path::Path, sync::Arc};
use tokio::{io::AsyncReadExt, net::TcpStream};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer},
};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

/// Writes a certificate of its own and its key.
fn certify(directory: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("makes one");
    std::fs::write(directory.join("key.pem"), made.signing_key.serialize_pem()).expect("writes");
    std::fs::write(directory.join("cert.pem"), made.cert.pem()).expect("writes");
    made.cert.der().clone()
}

async fn start(pool: &PgPool, directory: &Path) -> Server {
    let (cert, key) = (directory.join("cert.pem"), directory.join("key.pem"));
    Server::start_with(pool, |config| {
        (config.server.tls_cert, config.server.tls_key) = (Some(cert), Some(key));
        config.limits.header_seconds = 1;
    })
    .await
}

/// Connects if the server shows this certificate.
async fn connect(address: SocketAddr, trusted: &CertificateDer<'static>) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config)).connect("localhost".try_into().expect("a name"), stream).await
}

#[sqlx::test(migrations = false)]
async fn pages_and_sockets_are_served_encrypted_and_nothing_else_is(pool: PgPool) {
    with_items(&pool).await;
    let directory = tempfile::tempdir().expect("a directory");
    let trusted = certify(directory.path());
    let server = start(&pool, directory.path()).await;
    let request = "GET /healthz HTTP/1.0\r\nhost: localhost\r\n\r\n";
    let answer = say(connect(server.address, &trusted).await.expect("agrees"), request).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok\n"));
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));

    let request = format!("wss://localhost:{}/live", server.address.port()).into_client_request().expect("a request");
    let stream = connect(server.address, &trusted).await.expect("agrees");
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.expect("upgrades");
    let hello = socket.next().await.expect("open").expect("a message");
    assert!(hello.to_text().expect("text").contains("welcome"));

    // Whoever speaks no TLS, or nothing at all, is cut off.
    for words in [&b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"[..], b""] {
        let mut plain = TcpStream::connect(server.address).await.expect("connects");
        tokio::io::AsyncWriteExt::write_all(&mut plain, words).await.expect("sends");
        let mut heard = Vec::new();
        // A reset is an end, too.
        let _ = tokio::time::timeout(PATIENCE, plain.read_to_end(&mut heard)).await.expect("ends");
        assert!(!String::from_utf8_lossy(&heard).contains("HTTP"));
    }
    eventually("both are counted", async || server.counters.tls_handshakes_failed.get() == 2).await;
    server.stop().await;
}

#[sqlx::test(migrations = false)]
async fn a_new_certificate_is_taken_up_and_open_sockets_live_on(pool: PgPool) {
    with_items(&pool).await;
    let directory = tempfile::tempdir().expect("a directory");
    let old = certify(directory.path());
    let server = start(&pool, directory.path()).await;
    let request = format!("wss://localhost:{}/live", server.address.port()).into_client_request().expect("a request");
    let stream = connect(server.address, &old).await.expect("agrees");
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.expect("upgrades");

    // Half a pair, as it is while files are copied: nothing changes.
    std::fs::write(directory.path().join("key.pem"), "nonsense").expect("writes");
    eventually("it is noticed", async || server.counters.certificates_refused.get() == 1).await;
    assert!(connect(server.address, &old).await.is_ok());

    // A file that gets its contents without another size or another time, as by copies that keep times.
    let (path, elsewhere) = (directory.path().join("key.pem"), tempfile::tempdir().expect("a directory"));
    let new = certify(elsewhere.path());
    let key = std::fs::read(elsewhere.path().join("key.pem")).expect("reads");
    std::fs::copy(elsewhere.path().join("cert.pem"), directory.path().join("cert.pem")).expect("copies");
    let then = std::time::SystemTime::now();
    let put = |contents: &[u8]| {
        std::fs::write(&path, contents).expect("writes");
        std::fs::File::options().write(true).open(&path).expect("opens").set_modified(then).expect("dates");
    };
    let refused = server.counters.certificates_refused.get();
    put(&vec![b'x'; key.len()]);
    eventually("it is noticed", async || server.counters.certificates_refused.get() > refused).await;
    put(&key);
    eventually("it is taken up", async || connect(server.address, &new).await.is_ok()).await;

    let (old, new) = (new, certify(directory.path()));
    eventually("it is taken up", async || connect(server.address, &new).await.is_ok()).await;
    assert!(connect(server.address, &old).await.is_err(), "the old one is shown no more");
    assert!(server.counters.certificates_loaded.get() >= 1);

    socket.send(Message::text(r#"{"type":"ping","t":7}"#)).await.expect("sends");
    loop {
        let message =
            tokio::time::timeout(PATIENCE, socket.next()).await.expect("in time").expect("open").expect("a message");
        if message.to_text().is_ok_and(|text| text == r#"{"type":"pong","t":7}"#) {
            break;
        }
    }
}
