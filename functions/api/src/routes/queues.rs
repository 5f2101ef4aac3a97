//! Room at the provider, and the queues between the functions.

pub(crate) mod get_queues;
pub(crate) mod list_dead_letters;
pub(crate) mod redrive_queue;
