//! The rules that decide which request meets which fault.
//!
//! Faults are drawn once, when a request is submitted, and travel with it from then on (also over a restart): what
//! will happen to a request is settled before its first answer.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::fault::{Fault, SubmitFault};

/// One rule: `{"when": {…}, "times": 1, "do": {…}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Which submits it is about; all of them when empty.
    #[serde(default)]
    pub when: When,
    /// How often it strikes at most; without limit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// What happens.
    #[serde(rename = "do")]
    pub fault: Fault,
}

/// The conditions of a rule; all that are given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// The endpoint id, or its beginning up to a slash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// A part of the prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_contains: Option<String>,
    /// A part of the webhook URL (the product puts the shot's id there).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shot: Option<String>,
    /// Only the n-th submit, from 1, of those that meet the other conditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u32>,
}

impl FaultRule {
    /// Strikes every submit.
    #[must_use]
    pub fn always(fault: Fault) -> Self {
        Self { when: When::default(), times: None, fault }
    }

    /// Strikes one submit.
    #[must_use]
    pub fn once(fault: Fault) -> Self {
        Self { times: Some(1), ..Self::always(fault) }
    }

    /// Strikes when `when` holds.
    #[must_use]
    pub fn when(self, when: When) -> Self {
        Self { when, ..self }
    }
}

/// What rules look at.
pub(super) struct Submission<'a> {
    pub(super) endpoint: &'a str,
    pub(super) prompt: &'a str,
    pub(super) webhook_url: Option<&'a str>,
}

/// The programmable list of rules.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Armed>>);

/// A rule and what it has seen so far.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Armed {
    /// The rule.
    #[serde(flatten)]
    pub rule: FaultRule,
    /// Submits that met its conditions (without `nth`).
    pub seen: u32,
    /// How often it struck.
    pub struck: u32,
}

impl Faults {
    /// Adds a rule behind the others.
    pub fn add(&self, rule: FaultRule) {
        self.lock().push(Armed { rule, seen: 0, struck: 0 });
    }

    /// Removes all rules. Requests that were struck already stay so.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// All rules and what they did so far.
    #[must_use]
    pub fn rules(&self) -> Vec<Armed> {
        self.lock().clone()
    }

    /// The faults of one submit. The first one that keeps the request from being accepted ends the search, so that
    /// the rules behind it wait for the retry.
    pub(super) fn draw(&self, submission: &Submission<'_>) -> Vec<Fault> {
        let mut drawn = Vec::new();
        for armed in self.lock().iter_mut() {
            if !armed.rule.when.matches(submission) {
                continue;
            }
            armed.seen += 1;
            let spent = armed.rule.times.is_some_and(|times| armed.struck >= times);
            let other = armed.rule.when.nth.is_some_and(|nth| nth != armed.seen);
            if spent || other {
                continue;
            }
            armed.struck += 1;
            drawn.push(armed.rule.fault.clone());
            if refuses(&armed.rule.fault) {
                break;
            }
        }
        drawn
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Armed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl When {
    fn matches(&self, submission: &Submission<'_>) -> bool {
        let endpoint = self.endpoint.as_deref().is_none_or(|wanted| {
            submission.endpoint.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let prompt = self.prompt_contains.as_deref().is_none_or(|part| submission.prompt.contains(part));
        let shot = self.shot.as_deref().is_none_or(|part| submission.webhook_url.is_some_and(|url| url.contains(part)));
        endpoint && prompt && shot
    }
}

fn refuses(fault: &Fault) -> bool {
    match fault {
        Fault::Submit(submit) => match submit {
            SubmitFault::Unauthorized
            | SubmitFault::Locked
            | SubmitFault::RateLimited
            | SubmitFault::BadGateway
            | SubmitFault::Answer { .. }
            | SubmitFault::DropBeforeAccept => true,
            SubmitFault::TruncatedAnswer
            | SubmitFault::DropAfterAccept
            | SubmitFault::Delay { .. }
            | SubmitFault::SlowBody { .. }
            | SubmitFault::Held => false,
        },
        Fault::Generation(_) | Fault::Drawing(_) | Fault::File(_) | Fault::Webhook(_) | Fault::Question(_) => false,
    }
}
