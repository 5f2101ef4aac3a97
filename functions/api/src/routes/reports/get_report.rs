//! `GET /api/v1/projects/{project}/reports/{report}`: how consistent pictures were when they were compared.
//!
//! Journey: `tests/it/journeys/consistency.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_core::id::ReportId;

use crate::{
    access::{Action, Caller},
    app::App,
    problem::ApiError,
    request::extract::Path,
    views::report::ReportView,
};

pub(crate) async fn get_report(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((project, report)): Path<(String, String)>,
) -> Result<Json<ReportView>, ApiError> {
    let project = caller.may(&app, Action::Read, &project).await?;
    let unknown = || ApiError::NotFound { what: "report" };
    let id: ReportId = report.parse().map_err(|_| unknown())?;
    let report = app.store.report(&project, id).await?.ok_or_else(unknown)?;
    Ok(Json(ReportView::new(&app, report).await?))
}
