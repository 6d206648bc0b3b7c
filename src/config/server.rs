//! `[rowcast.server]`: under which names, with which certificate, and behind which proxies the server is reached.

use super::Network;
use serde::Deserialize;
use std::path::PathBuf;

/// `[rowcast.server]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Server {
    /// Names under which the server is reached, besides those of this machine to itself: `rowcast.example.org`, and with a
    /// port only that one.
    pub hosts: Vec<String>,
    /// Proxies whose word is taken for who asks, and how.
    pub trusted_proxies: Vec<Network>,
    /// The certificate and what it was signed with, in PEM. With it the server speaks TLS.
    pub tls_cert: Option<PathBuf>,
    /// The certificate's key, in PEM.
    pub tls_key: Option<PathBuf>,
}
