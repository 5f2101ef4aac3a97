//! `POST /api/v1/projects/{project}/images/verify/consistency`: pictures that are there, compared with what they should
//! show. Nothing is generated.
//!
//! Journey: `tests/it/journeys/verify.rs`.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use likeness_core::clients::bucket::BucketError;
use likeness_domain::{
    id::ProjectId,
    kind::{Kind, Verification, verification::Examined},
    report::{CheckType, PASS},
};
use serde::Deserialize;

use crate::{
    access::{Project, Write},
    app::App,
    headers::prefer,
    problem::{ApiError, FieldError},
    request::{body::JsonBody, dry_run::Mode, errors::Errors, query::Query},
    routes::reports::upload,
    start_job::{Asked, Request, start_job},
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
#[serde(deny_unknown_fields)]
pub(crate) struct WaitQuery {
    wait: Option<String>,
}

pub(crate) async fn verify_consistency(
    State(app): State<Arc<App>>,
    // It leaves a job and a report behind and asks nothing of fal: more than reading, less than generating.
    project: Project<Write>,
    Query(query): Query<WaitQuery>,
    headers: HeaderMap,
    body: JsonBody<VerifyConsistency>,
) -> Result<Response, ApiError> {
    let sha256 = body.sha256.clone();
    let (verification, mut errors) = body.checked(VerifyConsistency::validated);
    let wait = errors.part(prefer::wait_parameter(query.wait.as_deref()))?.flatten();
    if let Some(verification) = &verification {
        look_for_upload(&app, &project.id, &verification.examined).await?;
    }
    let asked = Asked { kind: verification.map(Kind::Verification), end_user: None, errors, sha256 };
    let request = Request::new(&app, &project, asked, &headers, "verify/consistency").await?.with_wait(wait);
    start_job(&app, request, Mode::Make).await
}

/// Images and collections are looked up when the job is planned; only the bucket knows of an upload.
async fn look_for_upload(app: &App, project: &ProjectId, examined: &Examined) -> Result<(), ApiError> {
    let refused = |detail: String| ApiError::Unprocessable(vec![FieldError::body("/newImageId", detail)]);
    match examined {
        Examined::Image(_) | Examined::Collection(_) => Ok(()),
        Examined::Upload(id) => {
            let key = id.key(project);
            let found = app.bucket.head(&key).await.map_err(out_of_reach)?;
            let Some(file) = found else {
                let detail = "is an upload of this project, and nothing is there; PUT the picture to its address first";
                return Err(refused(detail.to_owned()));
            };
            if file.bytes > app.largest_image {
                return Err(refused(format!("must have at most {} bytes, and has {}", app.largest_image, file.bytes)));
            }
            match upload::fault(&app.bucket, &key, &file).await.map_err(out_of_reach)? {
                Some(fault) => Err(refused(fault.to_string())),
                None => Ok(()),
            }
        }
    }
}

fn out_of_reach(error: BucketError) -> ApiError {
    ApiError::Unavailable(Box::new(error))
}

impl VerifyConsistency {
    fn validated(self, errors: &mut Errors) -> Option<Verification> {
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
            errors.add("/threshold", format!("must be 0 to 1, and is {threshold}"));
        }
        Some(Verification { examined: examined?, against: against?, check: self.check_type, threshold, subject: None })
    }
}
