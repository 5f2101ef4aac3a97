//! The HTTP API: an axum router, handed to `lambda_http` on AWS and to any HTTP server elsewhere.
//!
//! A route is a file in `routes/`; what several routes share stands beside this one, each under its own name.

mod access;
mod app;
mod body;
mod cancel_after;
mod check_view;
mod consistency_view;
mod cursor;
mod extract;
mod idempotency;
mod image_size;
mod image_view;
mod job_view;
mod prefer;
mod problem;
mod reachable;
mod recipe_view;
mod report_content;
mod report_view;
mod request_id;
mod result_view;
mod router;
mod routes;
mod start_job;
mod token;
mod translation;
mod upload_view;
mod validation;
mod workflow_steps;
mod workflow_view;

pub use app::App;
pub use router::router;
pub use token::{new_token, token_hint, token_sha256};
