//! What AWS would be: an HTTP front, pollers of queues, a schedule. They make the same events.

mod cors;
pub(crate) mod http;
pub(crate) mod invocations;
pub(crate) mod schedule;
pub(crate) mod sqs;
