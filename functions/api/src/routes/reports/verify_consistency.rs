//! `POST /api/v1/projects/{project}/images/verify/consistency`: pictures that are there, compared with what they should
//! show. Nothing is generated.
//!
//! Journey: `tests/it/journeys/verify.rs`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use likeness_core::{
    id::ProjectId,
    kind::{Kind, Verification, verification::Examined},
    report::{CheckType, PASS},
};
use serde::Deserialize;

use crate::{
    access::{Action, Caller},
    app::App,
    headers::prefer,
    problem::{ApiError, FieldError},
    request::{
        body::JsonBody,
        extract::{Path, Query},
        validation::Errors,
    },
    start_job::{Request, start_job},
};

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct VerifyConsistency {
    new_image_id: String,
    reference_set_id: String,
    #[serde(default)]
    check_type: CheckType,
    threshold: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct WaitQuery {
    wait: Option<String>,
}

pub(crate) async fn verify_consistency(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(project): Path<String>,
    Query(query): Query<WaitQuery>,
    headers: HeaderMap,
    body: JsonBody<VerifyConsistency>,
) -> Result<Response, ApiError> {
    // It leaves a job and a report behind and asks nothing of fal: more than reading, less than generating.
    let project = caller.may(&app, Action::Write, &project).await?;
    let verification = body.value.validated()?;
    let wait = prefer::wait_parameter(query.wait.as_deref())?;
    look_for_upload(&app, &project, &verification.examined).await?;
    let kind = Kind::Verification(verification);
    let request = Request::new(&caller, project, kind, &headers, "verify/consistency", &body.sha256)?.with_wait(wait);
    start_job(&app, request).await
}

/// Images and collections are looked up when the job is planned; only the bucket knows of an upload.
async fn look_for_upload(app: &App, project: &ProjectId, examined: &Examined) -> Result<(), ApiError> {
    let refused = |detail: String| ApiError::Unprocessable(vec![FieldError::body("/newImageId", detail)]);
    match examined {
        Examined::Image(_) | Examined::Collection(_) => Ok(()),
        Examined::Upload(id) => {
            let found = app.bucket.head(&id.key(project)).await;
            match found.map_err(|error| ApiError::Unavailable(Box::new(error)))? {
                None => Err(refused("is an upload of this project under which nothing is there (any more)".to_owned())),
                Some(file) if file.bytes > app.largest_image => {
                    let detail = format!("has {} bytes, at most {} are allowed", file.bytes, app.largest_image);
                    Err(refused(detail))
                }
                Some(_) => Ok(()),
            }
        }
    }
}

impl VerifyConsistency {
    fn validated(self) -> Result<Verification, ApiError> {
        let mut errors = Errors::default();
        let mut side = |pointer: &str, text: &str| {
            errors.check(pointer, text.parse::<Examined>().map_err(|error| format!("is {error}")))
        };
        let examined = side("/newImageId", &self.new_image_id);
        let against = side("/referenceSetId", &self.reference_set_id);
        if let Some(Examined::Upload(_)) = against {
            errors.add("/referenceSetId", "is an upload; compare with an image, a job or a collection");
        }
        let threshold = self.threshold.unwrap_or(PASS);
        if (0.0..=1.0).contains(&threshold) {
            errors.plain("/threshold", threshold);
        } else {
            errors.add("/threshold", format!("is {threshold}, 0 to 1 are allowed"));
        }
        errors.finish()?;
        let (Some(examined), Some(against)) = (examined, against) else {
            return Err(ApiError::NotFound { what: "image" });
        };
        Ok(Verification { examined, against, check: self.check_type, threshold, subject: None })
    }
}
