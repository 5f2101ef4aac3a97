use likeness_domain::{
    failure::{Failure, FailureCode},
    lane::Lane,
};

use super::*;

#[test]
fn every_problem_has_its_status_and_a_stable_type() {
    let all = [
        ApiError::Unauthenticated,
        ApiError::TokenRefused { expired: false },
        ApiError::TokenRefused { expired: true },
        ApiError::Forbidden { needs: "the scope `generate`" },
        ApiError::NotFound { what: "project" },
        ApiError::MethodNotAllowed,
        FieldError::body("/description", "has 9 characters, 10 to 1000 are allowed").into(),
        ApiError::NotJson,
        ApiError::UnknownEncoding,
        ApiError::TooLarge { limit: 1 },
        ApiError::Conflict { detail: "the project exists".to_owned() },
        ApiError::NotReady(vec![FieldError::body("/masterReferenceId", "is still being made")]),
        ApiError::Contended { what: "the subject".to_owned() },
        ApiError::KeyReused,
        ApiError::Unprocessable(vec![FieldError::body("/loraId", "is not ready")]),
        ApiError::NotMade(Failure::new(FailureCode::ContentRefused, "fal's content policy refused the prompt")),
        ApiError::NotMade(Failure::new(FailureCode::ProviderError, "fal failed, several times")),
        ApiError::LaneFull { lane: Lane::Profile, room_in: SignedDuration::from_secs(20) },
        ApiError::Unavailable("secret".into()),
        ApiError::Internal("secret".into()),
    ];
    let lines: Vec<String> = all
        .iter()
        .map(|error| {
            let (_, problem) = error.problem();
            format!("{} {} {}: {}", problem.status, problem.kind, problem.retryable, problem.detail)
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    401 urn:likeness:problem:unauthenticated false: a valid API key is required: Authorization: Bearer <key>
    401 urn:likeness:problem:unauthenticated false: the token is not valid
    401 urn:likeness:problem:unauthenticated false: the token has expired
    403 urn:likeness:problem:forbidden false: this requires the scope `generate`
    404 urn:likeness:problem:not-found false: there is no such project
    405 urn:likeness:problem:method-not-allowed false: this path does not support the method
    400 urn:likeness:problem:invalid-request false: the request is not valid
    415 urn:likeness:problem:not-json false: the body must be sent as Content-Type: application/json, in UTF-8
    415 urn:likeness:problem:unknown-encoding false: the body must be sent plain, or packed with gzip or deflate
    413 urn:likeness:problem:body-too-large false: the body is larger than 1 bytes
    409 urn:likeness:problem:conflict false: the project exists
    409 urn:likeness:problem:reference-not-ready true: an image that the request names is still being made
    409 urn:likeness:problem:conflict true: the subject is being changed by other requests; try again
    422 urn:likeness:problem:idempotency-key-reused false: this idempotency key was used for a different request
    422 urn:likeness:problem:unprocessable false: something that the request asks for cannot be had
    422 urn:likeness:problem:content-refused false: fal's content policy refused the prompt
    503 urn:likeness:problem:provider-error true: fal failed, several times
    503 urn:likeness:problem:lane-full true: the queue of profile requests is full; try again later
    503 urn:likeness:problem:unavailable true: the service is temporarily unavailable; try again
    500 urn:likeness:problem:internal false: the service has an internal error
    ");
}

#[test]
fn a_caller_is_sent_away_for_seconds_and_not_for_hours() {
    let seconds = [-5, 0, 1, 599, 7200].map(|seconds| retry_after(SignedDuration::from_secs(seconds)));
    assert_eq!(seconds, [1, 1, 1, 599, 600]);
}
