//! TLS by the server itself, with a certificate that may be replaced while it runs.
//!
//! Files that have changed are read again within seconds; connections go on with what they agreed upon, and new ones get the
//! new certificate. A pair that cannot be used (half copied, of two different keys) changes nothing but the log.
//!
//! HTTP/1.1 is all that is offered: WebSockets need nothing else.

use crate::{config, counters::Counters};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::sync::watch;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
    },
};
use tokio_util::sync::CancellationToken;

/// Between two looks at the files.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// What is offered to speak within.
const PROTOCOL: &[u8] = b"http/1.1";

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// One of two that belong together.
    #[error("{given} is given and {missing} is not: TLS needs the certificate and its key")]
    Half {
        /// The key of the configuration that is there.
        given: &'static str,
        /// The one that is not.
        missing: &'static str,
    },
    /// A file cannot be read, or has nothing of what it should.
    #[error("{key}: {}: {why}", .path.display())]
    File {
        /// The key of the configuration.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Both can be read, and do not belong together or are not what they should be.
    #[error(
        "{CERT} {} and {KEY} {} cannot be used together: {why}. The first certificate in the file must be the server's \
         own, and the key must be that certificate's",
        .cert.display(), .key.display()
    )]
    Pair {
        /// The file with the certificate.
        cert: PathBuf,
        /// The file with the key.
        key: PathBuf,
        /// What is wrong.
        why: String,
    },
}

const CERT: &str = "tls-cert";
const KEY: &str = "tls-key";

/// The two files.
#[derive(Clone, Debug)]
pub(super) struct Files {
    cert: PathBuf,
    key: PathBuf,
}

/// What new connections agree upon.
#[derive(Clone, Debug)]
pub(super) struct Tls {
    files: Files,
    current: watch::Sender<Arc<ServerConfig>>,
}

impl Files {
    /// Those of the configuration, if it names any.
    pub(super) fn of(server: &config::Server) -> Result<Option<Self>, TlsError> {
        match (&server.tls_cert, &server.tls_key) {
            (Some(cert), Some(key)) => Ok(Some(Self { cert: cert.clone(), key: key.clone() })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(TlsError::Half { given: CERT, missing: KEY }),
            (None, Some(_)) => Err(TlsError::Half { given: KEY, missing: CERT }),
        }
    }

    fn read(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let refuse =
            |key, path: &Path, error: &pem::Error| TlsError::File { key, path: path.to_owned(), why: tell(error) };
        let chain = CertificateDer::pem_file_iter(&self.cert).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let chain = chain.map_err(|error| refuse(CERT, &self.cert, &error))?;
        if chain.is_empty() {
            return Err(refuse(CERT, &self.cert, &pem::Error::NoItemsFound));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| refuse(KEY, &self.key, &error))?;
        let pair = |error: rustls::Error| {
            let why = match error {
                rustls::Error::InconsistentKeys(_) => "the key is another certificate's".to_owned(),
                other => other.to_string(),
            };
            TlsError::Pair { cert: self.cert.clone(), key: self.key.clone(), why }
        };
        let provider = Arc::new(ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(pair)?;
        let mut config = builder.with_no_client_auth().with_single_cert(chain, key).map_err(pair)?;
        config.alpn_protocols = vec![PROTOCOL.to_owned()];
        Ok(Arc::new(config))
    }

    /// What tells that a file is no longer what it was.
    fn marks(&self) -> [Option<(SystemTime, u64)>; 2] {
        [&self.cert, &self.key].map(|path| {
            let seen = std::fs::metadata(path).ok()?;
            Some((seen.modified().ok()?, seen.len()))
        })
    }
}

fn tell(error: &pem::Error) -> String {
    match error {
        pem::Error::Io(cause) => format!("cannot be read: {cause}"),
        pem::Error::NoItemsFound => "has none in it; it must be a file in PEM, with -----BEGIN …----- lines".to_owned(),
        other => format!("is not in PEM: {other}"),
    }
}

impl Tls {
    /// Reads the files.
    pub(super) fn open(files: Files) -> Result<Self, TlsError> {
        let current = watch::Sender::new(files.read()?);
        Ok(Self { files, current })
    }

    /// For a new connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.borrow().clone())
    }

    /// Takes up files that change, until `stop` is cancelled.
    pub(super) async fn follow(self, counters: Arc<Counters>, stop: CancellationToken) {
        let (mut known, mut told) = (self.files.marks(), None);
        while stop.run_until_cancelled(tokio::time::sleep(LOOK_INTERVAL)).await.is_some() {
            let marks = self.files.marks();
            // What could not be read may be mended without a mark: by other rights.
            if marks == known && told.is_none() {
                continue;
            }
            match self.files.read() {
                Ok(config) => {
                    (known, told) = (marks, None);
                    self.current.send_replace(config);
                    counters.certificates_loaded.add();
                    tracing::info!("the certificate has changed: new connections get the new one");
                }
                Err(error) => {
                    let problem = error.to_string();
                    if marks != known || told.as_ref() != Some(&problem) {
                        counters.certificates_refused.add();
                        tracing::error!(%error, "the certificate has changed and cannot be used; the one before stays");
                    }
                    (known, told) = (marks, Some(problem));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    fn open(cert: Option<&str>, key: Option<&str>) -> Result<Tls, String> {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, text: Option<&str>| {
            let path = directory.path().join(name);
            text.into_iter().for_each(|text| std::fs::write(&path, text).unwrap());
            path
        };
        let files = Files { cert: file("cert.pem", cert), key: file("key.pem", key) };
        Tls::open(files).map_err(|error| error.to_string())
    }

    #[test]
    fn a_certificate_and_its_key_are_taken() {
        let (cert, key) = pair();
        assert!(open(Some(&cert), Some(&key)).is_ok());
    }

    #[test]
    fn what_is_wrong_with_the_files_is_told_with_the_key_and_the_file() {
        let (cert, key) = pair();
        let (_, other) = pair();
        for (files, says) in [
            ((None, Some(key.as_str())), ["tls-cert", "cert.pem", "cannot be read"]),
            ((Some(cert.as_str()), None), ["tls-key", "key.pem", "cannot be read"]),
            ((Some("nonsense"), Some(&key)), ["tls-cert", "cert.pem", "PEM"]),
            ((Some(&cert), Some("")), ["tls-key", "key.pem", "PEM"]),
            ((Some(&key), Some(&key)), ["tls-cert", "cert.pem", "PEM"]),
            ((Some(&cert), Some(&other)), ["tls-cert", "key.pem", "the key is another certificate's"]),
        ] {
            let error = open(files.0, files.1).unwrap_err();
            assert!(says.iter().all(|says| error.contains(says)), "{error}");
        }
    }

    #[test]
    fn half_a_pair_is_refused() {
        let server = config::Server { tls_key: Some("key.pem".into()), ..config::Server::default() };
        let error = Files::of(&server).unwrap_err().to_string();
        assert!(error.contains("tls-key is given and tls-cert is not"), "{error}");
    }
}
