//! `GET /healthz`: whether requests can be served now. Ready is what the table says: without it no key works.
//!
//! Journey: `tests/it/journeys/callers/ready.rs`.

use std::sync::Arc;

use axum::extract::State;

use crate::{app::App, problem::ApiError};

pub(crate) async fn healthz(State(app): State<Arc<App>>) -> Result<&'static str, ApiError> {
    app.store.admission_state().await?;
    Ok("ok")
}
