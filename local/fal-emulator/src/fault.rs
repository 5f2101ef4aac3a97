//! What can go wrong, as data. The serde form of these types is the JSON of `/_emulator/faults`; one example of each
//! is in this folder's `README.md`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One misbehaviour, by the phase that it spoils.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The answer to the submit.
    Submit(SubmitFault),
    /// The run of the model.
    Generation(GenerationFault),
    Drawing(DrawingFault),
    /// The file behind an output URL.
    File(FileFault),
    /// The call to the webhook.
    Webhook(WebhookFault),
    /// The answers to questions about a request that was accepted.
    Question(QuestionFault),
}

/// Which questions are answered wrongly, in which form, and how often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuestionFault {
    /// What is asked.
    pub asked: Asked,
    /// What is answered.
    pub answer: Oddity,
    /// How many questions, the first ones; all of them when absent.
    #[serde(default)]
    pub times: Option<usize>,
}

/// A question about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Asked {
    Status,
    Result,
    Cancel,
}

/// An answer that is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Oddity {
    /// Any status with one of fal's bodies, or a proxy's page.
    Error {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: ErrorBody,
    },
    /// 200 with exactly this JSON.
    Json(Value),
    /// No answer until [`Emulator::release`](super::Emulator::release).
    Hang,
    /// The connection ends without an answer.
    Cut,
}

/// How a submit goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmitFault {
    /// 401, as for an unknown key.
    Unauthorized,
    /// 403, the account's balance lock.
    Locked,
    /// 429, as for a full queue.
    RateLimited,
    /// 502 in HTML from a proxy: no `x-fal-request-id`, the word `nginx` in the body.
    BadGateway,
    /// Any status with one of fal's bodies; nothing is accepted.
    Answer { status: u16, body: ErrorBody },
    /// 200 with half the JSON. The request is accepted and will be billed.
    TruncatedAnswer,
    /// The connection ends without an answer and nothing is accepted.
    DropBeforeAccept,
    /// The connection ends without an answer although the request is accepted and will be billed.
    DropAfterAccept,
    /// The answer comes late; the request is accepted at once.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// Half of the answer comes late; the request is accepted at once.
    SlowBody {
        /// Milliseconds between the halves.
        ms: u64,
    },
    /// The answer comes after [`Emulator::release`](super::Emulator::release); the request is accepted at once.
    Held,
}

/// The forms of an error body seen in the field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorBody {
    /// `{"detail":[{loc,msg,type,url,input}]}`.
    DetailList,
    /// `{"detail":"text"}`.
    DetailString,
    /// `{"detail":[{loc,msg,type}]}` in plain pydantic's words, without `url`.
    Pydantic,
    /// `{"status":"text"}`.
    Status,
    /// A proxy's HTML page.
    Html,
    /// Exactly this JSON.
    Json(Value),
}

/// How a run goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GenerationFault {
    /// The model's own error: `{"detail":[{…,"type":kind}]}`.
    ModelError {
        /// The `type`, for example `content_policy_violation`.
        kind: String,
        /// The HTTP status of the result.
        status: u16,
        /// Whether the work before the error is charged (one unit).
        #[serde(default)]
        billed: bool,
        /// The header that says whether to try again, if there is one.
        #[serde(default)]
        retry: Option<RetryHeader>,
        /// The form of the body.
        #[serde(default = "detail_list")]
        body: ErrorBody,
    },
    /// The infrastructure's error: `{"detail":…,"error_type":…}` with the status that belongs to the type.
    RequestError {
        /// For example `runner_disconnected`.
        error_type: String,
        /// Adds `x-fal-request-timeout-type: user`.
        #[serde(default)]
        user_deadline: bool,
    },
    /// Takes this much longer.
    Slow {
        /// Milliseconds.
        ms: u64,
    },
    /// Takes until [`Emulator::release`](super::Emulator::release), for which `idle` waits.
    Held,
    /// An exception that the app does not catch: the status names the failure, the result is 500 in plain text.
    Crash,
    /// So many images come, whatever was asked for.
    MoreImages {
        /// How many.
        images: u64,
    },
    /// So many units are billed, whatever was made.
    Billed {
        /// Units.
        units: f64,
    },
    /// Stays `IN_PROGRESS` until it is cancelled. Not waited for by `idle`.
    NeverFinish,
    /// A cancel is acknowledged, and the run completes all the same.
    IgnoreCancel,
    /// The first cancels are answered with 503 and do nothing.
    RefuseCancel { times: usize },
}

/// fal's word on another attempt, in both spellings of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryHeader {
    /// `X-Fal-Needs-Retry: 1` or `0`.
    NeedsRetry(bool),
    /// `X-Fal-Retryable: true` or `false`, the older one.
    Retryable(bool),
}

fn detail_list() -> ErrorBody {
    ErrorBody::DetailList
}

/// What is drawn instead of the right thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrawingFault {
    /// A black image, `has_nsfw_concepts: [true]`, billed.
    BlackFrame,
    /// The same for one of several images.
    BlackFrameOf {
        /// Which, from 0.
        image: usize,
    },
    /// Other colours.
    HueShift {
        /// Degrees on the colour wheel.
        degrees: f64,
    },
    /// A back view with left and right exchanged.
    MirroredBack,
    /// Another size of the whole figure.
    HeightScale {
        /// Factor; 1 is right.
        factor: f64,
    },
    /// Other proportions.
    LegScale {
        /// Factor on the leg length; 1 is right.
        factor: f64,
    },
    Style(StyleName),
    /// A scene in which one character is left out; the others keep their places.
    SceneMissing {
        /// Which, from 0, in the order of the references.
        character: usize,
    },
    /// A scene in which two characters stand at each other's places.
    SceneSwapped {
        /// One, from 0, in the order of the references.
        first: usize,
        second: usize,
    },
}

/// The styles that the emulator can draw in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum StyleName {
    Soft,
    Cel,
    Flat,
    Painted,
    Photo,
    Line,
}

/// What the file host serves instead of the image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFault {
    /// An HTML page under an image's name and content type.
    Html,
    /// The same for one of several images.
    HtmlOf {
        /// Which, from 0.
        image: usize,
    },
    /// A PNG of 20,000 x 10,000 px in a few hundred kilobytes.
    HugePng,
    /// A valid JPEG of 12 MB.
    HeavyJpeg,
    /// A JPEG that ends half-way.
    TruncatedJpeg,
    /// These bytes, under an image's name and content type.
    Given { bytes: Vec<u8> },
    /// 404.
    Missing,
    /// Any status, for the first fetches; then the file.
    Answer {
        /// The HTTP status.
        status: u16,
        /// How many fetches.
        times: u32,
    },
    /// Half of the bytes, a pause, the rest.
    Slow {
        /// Milliseconds.
        ms: u64,
    },
    /// 302 to the real file, or to this address.
    Redirect {
        /// Another address, to see whether the allow-list holds on redirects.
        #[serde(default)]
        to: Option<String>,
    },
}

/// How the webhook goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookFault {
    /// No call at all.
    Never,
    /// The same outcome is delivered so many times in all.
    Duplicate {
        /// Deliveries in all.
        times: u32,
    },
    /// The first call comes late.
    Late {
        /// Milliseconds.
        ms: u64,
    },
    /// The submit is answered only after the first call has been answered.
    BeforeAnswer,
    /// A signature by another key.
    BadSignature,
    /// Signed correctly, an hour ago.
    StaleTimestamp,
    /// Signed correctly for another account.
    ForeignUser,
    /// `status: "OK"`, `payload: null`, `payload_error`.
    NullPayload,
    /// The run fails with a 422 detail list, and the call says so.
    ErrorDetailList,
    /// The run fails with a flat infrastructure error, and the call says so.
    ErrorInfrastructure,
    /// A body above 1 MB.
    HugeBody,
    /// `gateway_request_id` differs from `request_id`.
    OtherGatewayRequestId,
}
