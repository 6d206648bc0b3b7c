//! On the server a page has no transport: it is rendered once, with the rows of its position, and sent.

use super::{Connection, connection::Command};
use futures::channel::mpsc::UnboundedReceiver;

pub(super) fn start(_: &Connection, _: UnboundedReceiver<Command>) {}
