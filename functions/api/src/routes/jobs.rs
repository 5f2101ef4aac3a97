//! Accepted requests: to be read, canceled, retried.

pub(crate) mod cancel_job;
pub(crate) mod get_job;
pub(crate) mod list_jobs;
pub(crate) mod regenerate_shot;
pub(crate) mod retry_job;
