//! Without a browser nothing is fetched.

use super::download::Progress;
use futures::channel::oneshot::Receiver;

/// Does nothing.
pub(super) fn start(
    _address: String,
    _name: &'static str,
    _cancelled: Receiver<()>,
    _report: impl Fn(Progress) + 'static,
) {
}
