//! The ways in which fal can go wrong.

use serde_json::json;

use likeness_fal_emulator::{
    DrawingFault, ErrorBody, Fault, FileFault, GenerationFault, RetryHeader, StyleName, SubmitFault, WebhookFault,
};

/// All that concern one request. A key or an account that is refused would stop all the others too, and those that are
/// held back are for tests that let them go.
pub(super) fn at_fal() -> Vec<Fault> {
    let submits = submits().map(Fault::Submit).into_iter();
    let all = submits.chain(generations().map(Fault::Generation)).chain(drawings().map(Fault::Drawing));
    all.chain(files().map(Fault::File)).chain(webhooks().map(Fault::Webhook)).collect()
}

/// What only shows when a request is called off.
pub(super) fn of_cancels() -> [Fault; 2] {
    [GenerationFault::IgnoreCancel, GenerationFault::RefuseCancel { times: 2 }].map(Fault::Generation)
}

fn submits() -> [SubmitFault; 11] {
    [
        SubmitFault::RateLimited,
        SubmitFault::BadGateway,
        SubmitFault::Answer { status: 500, body: ErrorBody::DetailString },
        SubmitFault::Answer { status: 500, body: ErrorBody::Status },
        SubmitFault::Answer { status: 503, body: ErrorBody::Html },
        SubmitFault::Answer { status: 429, body: ErrorBody::Json(json!({ "detail": "slow down" })) },
        SubmitFault::TruncatedAnswer,
        SubmitFault::DropBeforeAccept,
        SubmitFault::DropAfterAccept,
        SubmitFault::Delay { ms: 2000 },
        SubmitFault::SlowBody { ms: 1000 },
    ]
}

fn generations() -> [GenerationFault; 14] {
    let error = |kind: &str, status, billed, retry| {
        let kind = kind.to_owned();
        GenerationFault::ModelError { kind, status, billed, retry, body: ErrorBody::DetailList }
    };
    let infrastructure = |error_type: &str, user_deadline| {
        let error_type = error_type.to_owned();
        GenerationFault::RequestError { error_type, user_deadline }
    };
    let plain = GenerationFault::ModelError {
        kind: "internal_server_error".to_owned(),
        status: 500,
        billed: false,
        retry: None,
        body: ErrorBody::Pydantic,
    };
    [
        error("content_policy_violation", 422, false, None),
        error("content_policy_violation", 422, true, None),
        error("internal_server_error", 500, false, None),
        error("internal_server_error", 500, false, Some(RetryHeader::NeedsRetry(true))),
        error("internal_server_error", 500, false, Some(RetryHeader::NeedsRetry(false))),
        error("generation_timeout", 504, true, Some(RetryHeader::Retryable(true))),
        error("generation_timeout", 504, true, Some(RetryHeader::Retryable(false))),
        error("downstream_service_unavailable", 503, false, None),
        plain,
        infrastructure("runner_disconnected", false),
        infrastructure("request_timeout", false),
        infrastructure("request_timeout", true),
        GenerationFault::Slow { ms: 3000 },
        // Given up once its time is over, and made anew.
        GenerationFault::NeverFinish,
    ]
}

fn drawings() -> [DrawingFault; 9] {
    [
        DrawingFault::BlackFrame,
        DrawingFault::BlackFrameOf { image: 1 },
        DrawingFault::HueShift { degrees: 90.0 },
        DrawingFault::MirroredBack,
        DrawingFault::HeightScale { factor: 0.7 },
        DrawingFault::LegScale { factor: 0.7 },
        DrawingFault::Style(StyleName::Line),
        DrawingFault::SceneMissing { character: 1 },
        DrawingFault::SceneSwapped { first: 0, second: 1 },
    ]
}

fn files() -> [FileFault; 10] {
    [
        FileFault::Html,
        FileFault::HtmlOf { image: 1 },
        FileFault::HugePng,
        FileFault::HeavyJpeg,
        FileFault::TruncatedJpeg,
        FileFault::Given { bytes: Vec::new() },
        FileFault::Missing,
        FileFault::Slow { ms: 1000 },
        FileFault::Redirect { to: None },
        FileFault::Redirect { to: Some("http://169.254.169.254/latest/meta-data".to_owned()) },
    ]
}

fn webhooks() -> [WebhookFault; 12] {
    [
        WebhookFault::Never,
        WebhookFault::Duplicate { times: 3 },
        WebhookFault::Late { ms: 3000 },
        WebhookFault::BeforeAnswer,
        WebhookFault::BadSignature,
        WebhookFault::StaleTimestamp,
        WebhookFault::ForeignUser,
        WebhookFault::NullPayload,
        WebhookFault::ErrorDetailList,
        WebhookFault::ErrorInfrastructure,
        WebhookFault::HugeBody,
        WebhookFault::OtherGatewayRequestId,
    ]
}
