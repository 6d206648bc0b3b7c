//! Windows and totals against a naive model, whatever happens in whatever order.
