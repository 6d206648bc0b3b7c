//! On the server a page has no transport: it is rendered once, with the rows of its position, and sent.

use super::{Connection, ConnectionOptions, connection::Command};
use futures::channel::mpsc::UnboundedReceiver;

pub(super) fn start(_: &Connection, _: ConnectionOptions, _: UnboundedReceiver<Command>) {}

/// Never: the page has been sent by then.
pub(super) fn later(_: u32, _: impl FnOnce() + 'static) {}
