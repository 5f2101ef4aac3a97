//! `GET /api/v1/projects/{project}/reports/{report}`: how consistent pictures were when they were compared.
//!
//! Journey: `tests/it/journeys/consistency.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_domain::id::ReportId;

use crate::{
    access::{Project, Read},
    app::App,
    problem::ApiError,
    request::path::Named,
    views::report::ReportView,
};

pub(crate) async fn get_report(
    State(app): State<Arc<App>>,
    project: Project<Read>,
    Named(id): Named<ReportId>,
) -> Result<Json<ReportView>, ApiError> {
    let report = app.store.report(&project.id, id).await?.ok_or(ApiError::NotFound { what: "report" })?;
    Ok(Json(ReportView::new(&app, report).await?))
}
