//! One request of a customer, from accept to the last webhook delivery. Stored as JSON.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fault::{Asked, Fault, GenerationFault, Oddity, WebhookFault};

/// A request that was accepted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) id: String,
    pub(super) gateway_id: String,
    pub(super) endpoint: String,
    pub(super) input: Value,
    pub(super) hints: Hints,
    pub(super) start_deadline: Option<Timestamp>,
    pub(super) webhook_url: Option<String>,
    pub(super) accepted_at: Timestamp,
    pub(super) faults: Vec<Fault>,
    pub(super) state: State,
    pub(super) delivery: Delivery,
    /// The status code of each webhook call; 0 when there was no answer.
    pub(super) deliveries: Vec<u16>,
    /// The status code of the answer to each cancel.
    #[serde(default)]
    pub(super) cancels: Vec<u16>,
    /// How often each fault of a question has struck, in the order of `faults`.
    #[serde(default)]
    pub(super) odd_answers: Vec<usize>,
    #[serde(skip)]
    pub(super) call: Call,
}

/// How far this process is with calling the webhook.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Call {
    #[default]
    NotStarted,
    /// On its way, or about to be.
    Due,
    /// Between two attempts, or held back by a fault.
    Pausing,
}

/// The headers of a submit that are worth a test.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the header of that name")]
pub struct Hints {
    pub runner_hint: Option<String>,
    /// Seconds, from either name of the header.
    pub start_timeout: Option<f64>,
    pub disable_fallback: Option<String>,
    pub priority: Option<String>,
    pub store_io: Option<String>,
    pub object_lifecycle: Option<String>,
    pub no_retry: Option<String>,
}

/// fal's three states; a failure and a cancel are `Completed` too.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Queued,
    Running { started_at: Timestamp },
    Completed(Completed),
}

/// The answer of the result GET.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Completed {
    pub(super) at: Timestamp,
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) headers: Vec<(String, String)>,
    pub(super) failure: Option<Failure>,
    pub(super) billable_units: f64,
    pub(super) inference_seconds: Option<f64>,
}

/// `error` and `error_type` of the status.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Failure {
    pub(super) message: String,
    pub(super) error_type: Option<String>,
}

/// Whether the webhook still has to be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Delivery {
    /// No webhook was asked for, or a fault forbids it.
    Unwanted,
    /// Not acknowledged so far.
    Pending,
    /// Acknowledged, answered with a redirect, or given up.
    Ended,
}

impl Request {
    pub(super) fn generation_faults(&self) -> impl Iterator<Item = &GenerationFault> {
        self.faults.iter().filter_map(|fault| match fault {
            Fault::Generation(generation) => Some(generation),
            Fault::Submit(_) | Fault::Drawing(_) | Fault::File(_) | Fault::Webhook(_) | Fault::Question(_) => None,
        })
    }

    pub(super) fn webhook_faults(&self) -> impl Iterator<Item = &WebhookFault> {
        self.faults.iter().filter_map(|fault| match fault {
            Fault::Webhook(webhook) => Some(webhook),
            Fault::Submit(_) | Fault::Generation(_) | Fault::Drawing(_) | Fault::File(_) | Fault::Question(_) => None,
        })
    }

    /// What a question is answered instead of the truth, if a fault says so.
    pub(super) fn odd_answer(&mut self, asked: Asked) -> Option<Oddity> {
        self.odd_answers.resize(self.faults.len(), 0);
        let questions = self.faults.iter().zip(&mut self.odd_answers).filter_map(|(fault, struck)| match fault {
            Fault::Question(question) => Some((question, struck)),
            Fault::Submit(_) | Fault::Generation(_) | Fault::Drawing(_) | Fault::File(_) | Fault::Webhook(_) => None,
        });
        let mut fitting = questions.filter(|(question, _)| question.asked == asked);
        let (question, struck) =
            fitting.find(|(question, struck)| question.times.is_none_or(|times| **struck < times))?;
        *struck += 1;
        Some(question.answer.clone())
    }

    pub(super) fn never_finishes(&self) -> bool {
        self.generation_faults().any(|fault| *fault == GenerationFault::NeverFinish)
    }

    pub(super) fn ignores_cancel(&self) -> bool {
        self.generation_faults().any(|fault| *fault == GenerationFault::IgnoreCancel)
    }

    /// Whether a cancel meets a fault.
    pub(super) fn refuses_cancel(&self) -> bool {
        self.generation_faults()
            .any(|fault| matches!(fault, GenerationFault::RefuseCancel { times } if self.cancels.len() < *times))
    }

    /// The text of the input's prompt, empty if there is none.
    pub(super) fn prompt(&self) -> &str {
        prompt_of(&self.input)
    }

    /// With `X-Fal-Store-IO: 0` the result lives for an hour, or six minutes when it is 10 KB or more; otherwise for
    /// the storage period, which nothing here outlives.
    pub(super) fn result_is_gone(&self, now: Timestamp) -> bool {
        let State::Completed(completed) = &self.state else { return false };
        let minutes = if completed.body.to_string().len() >= 10 * 1024 { 6 } else { 60 };
        self.hints.store_io.as_deref() == Some("0")
            && now.duration_since(completed.at) > jiff::SignedDuration::from_mins(minutes)
    }
}

/// The prompt of a model input, empty if there is none.
pub(super) fn prompt_of(input: &Value) -> &str {
    input.get("prompt").and_then(Value::as_str).unwrap_or_default()
}
