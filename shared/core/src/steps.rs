//! Steps that several functions take.

pub mod accept;
pub mod cancel;
pub mod cancel_at_provider;
pub mod deadline;
pub mod poll_provider;
pub mod record_result;
pub mod run_workflow;
