//! The HTTP API: an axum router, handed to `lambda_http` on AWS and to any HTTP server elsewhere.
//!
//! `routes/` holds a folder for each resource; `request/` reads bodies, paths and queries; `headers/` reads headers;
//! `views/` is what clients see of a record; `problem.rs` turns errors into answers.

mod access;
mod app;
mod headers;
mod problem;
mod quote;
mod request;
mod router;
mod routes;
mod start_job;
mod token;
mod views;

pub use app::App;
pub use router::router;
pub use token::{new_token, token_hint, token_sha256};
