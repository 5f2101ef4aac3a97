//! `PUT /api/v1/projects/{project}/limits`: the windows on requests in the project, in place of those that it had. What is
//! looser than the deployment's takes a key with the scope `admin`: an owner could lift every limit otherwise.
//!
//! Journey: `tests/it/journeys/limits.rs`.

use std::sync::Arc;

use axum::{Json, extract::State};
use likeness_domain::{
    limit::{ProjectLimits, UserWindows, Window},
    project::{ProjectChanges, Scope},
};
use serde::Deserialize;

use crate::{
    access::{Admin, Configure, Project, Right},
    app::App,
    problem::ApiError,
    request::{body::JsonBody, errors::Errors, limits::WindowBody},
    views::limits::ProjectLimitsView,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PutLimits {
    /// Of each user; absent: those of the deployment.
    per_user: Option<UserWindowsBody>,
    /// Of each end user; absent: none.
    per_end_user: Option<WindowBody>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UserWindowsBody {
    /// Absent: no limit, as below.
    requests: Option<WindowBody>,
    profiles: Option<WindowBody>,
}

pub(crate) async fn put_limits(
    State(app): State<Arc<App>>,
    project: Project<Configure>,
    body: JsonBody<PutLimits>,
) -> Result<Json<ProjectLimitsView>, ApiError> {
    let limits = body.valid(PutLimits::validated)?;
    let loosens = limits.per_user.is_some_and(|windows| !is_within(windows, app.user_windows));
    if loosens && !project.caller.scopes.contains(&Scope::Admin) {
        return Err(ApiError::Forbidden { needs: Admin::KEY });
    }
    let changes = ProjectChanges { limits: Some(limits), ..ProjectChanges::default() };
    let changed =
        app.store.change_project(&project.id, &changes).await?.ok_or(ApiError::NotFound { what: "project" })?;
    Ok(Json(ProjectLimitsView::new(&changed.limits, app.user_windows)))
}

/// Whether `windows` let through nothing that those of the deployment would not.
fn is_within(windows: UserWindows, deployment: UserWindows) -> bool {
    let within = |window: Option<Window>, of: Option<Window>| match (window, of) {
        (_, None) => true,
        (Some(window), Some(of)) => window.is_within(of),
        (None, Some(_)) => false,
    };
    within(windows.requests, deployment.requests) && within(windows.profiles, deployment.profiles)
}

impl PutLimits {
    #[expect(clippy::unnecessary_wraps, reason = "as a check of a body is")]
    fn validated(self, errors: &mut Errors) -> Option<ProjectLimits> {
        let per_user = self.per_user.map(|UserWindowsBody { requests, profiles }| UserWindows {
            requests: requests.and_then(|window| errors.window("/perUser/requests", window)),
            profiles: profiles.and_then(|window| errors.window("/perUser/profiles", window)),
        });
        let per_end_user = self.per_end_user.and_then(|window| errors.window("/perEndUser", window));
        Some(ProjectLimits { per_user, per_end_user })
    }
}
