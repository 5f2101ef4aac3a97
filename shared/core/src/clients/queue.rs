//! SQS. A message only says that something can be done: losing or doubling one changes nothing but time.

use std::collections::BTreeMap;

use aws_sdk_sqs::{Client, error::SdkError};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::{clients::aws, config::QueueConfig, telemetry::causes};
use likeness_domain::{
    id::{JobId, ShotId, WorkflowId},
    lane::Lane,
};

/// What a lane's queue carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneWakeUp {
    /// A job has shots that wait: `{"job": "job_…"}`.
    Job(JobId),
    /// A slot or rate permit came free: `"room"`.
    Room,
    /// fal's callback said that the result has to be fetched: `{"poll_provider": "…"}`.
    PollProvider(ShotId),
    /// What a canceled job has at fal is to be canceled there: `{"cancel_at_provider": "job_…"}`.
    CancelAtProvider(JobId),
    /// A job may be at its deadline: `{"deadline": "job_…"}`.
    Deadline(JobId),
}

/// What the ingest queue carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IngestWakeUp {
    /// A shot was delivered or failed: `{"shot": "…"}`.
    Shot(ShotId),
    /// A job may be at its end: `{"job": "job_…"}`.
    Job(JobId),
    /// A workflow may be able to go on: `{"workflow": "wf_…"}`.
    Workflow(WorkflowId),
}

/// A message that could not be sent. The reconciler does what it would have caused.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// SQS did not take it.
    #[error("could not send to the {queue} queue")]
    Send {
        queue: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The configuration has no URL for it.
    #[error("no URL is configured for the {0} queue")]
    NotConfigured(&'static str),
}

/// The queues: one for each lane, and ingest's.
#[derive(Debug, Clone)]
pub struct Queues {
    client: Client,
    lanes: BTreeMap<Lane, String>,
    ingest: String,
}

impl Queues {
    /// A client; nothing is contacted before the first message.
    #[must_use]
    pub fn new(config: QueueConfig) -> Self {
        Self { client: Client::new(&aws::sdk_config(config.aws)), lanes: config.lanes, ingest: config.ingest }
    }

    /// Tells a lane, after `delay` (rounded up to seconds, 15 minutes at most).
    ///
    /// # Errors
    /// The message was not sent.
    pub async fn try_wake_lane(
        &self,
        lane: Lane,
        wake_up: LaneWakeUp,
        delay: SignedDuration,
    ) -> Result<(), QueueError> {
        let url = self.lanes.get(&lane).ok_or(QueueError::NotConfigured(lane.name()))?;
        self.send(lane.name(), url, &wake_up, delay).await
    }

    /// Tells ingest.
    ///
    /// # Errors
    /// The message was not sent.
    pub async fn try_wake_ingest(&self, wake_up: IngestWakeUp) -> Result<(), QueueError> {
        self.send("ingest", &self.ingest, &wake_up, SignedDuration::ZERO).await
    }

    /// Tells a lane if SQS takes it. What the message would have caused stands in the table, so a message that cannot
    /// be sent is left to the reconciler, with a line in the log.
    pub async fn wake_lane(&self, lane: Lane, wake_up: LaneWakeUp, delay: SignedDuration) {
        log_unsent(self.try_wake_lane(lane, wake_up, delay).await, &wake_up);
    }

    /// Tells ingest if SQS takes it; see [`Queues::wake_lane`].
    pub async fn wake_ingest(&self, wake_up: IngestWakeUp) {
        log_unsent(self.try_wake_ingest(wake_up).await, &wake_up);
    }

    async fn send<T: Serialize + Sync>(
        &self,
        queue: &'static str,
        url: &str,
        wake_up: &T,
        delay: SignedDuration,
    ) -> Result<(), QueueError> {
        let body =
            serde_json::to_string(wake_up).map_err(|error| QueueError::Send { queue, source: Box::new(error) })?;
        let whole = u64::try_from(delay.as_millis()).unwrap_or_default().div_ceil(1000);
        let seconds = i32::try_from(whole.min(900)).unwrap_or(900);
        let send = self.client.send_message().queue_url(url).message_body(body).delay_seconds(seconds);
        match send.send().await {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(error)) => Err(QueueError::Send { queue, source: Box::new(error.into_err()) }),
            Err(error) => Err(QueueError::Send { queue, source: Box::new(error) }),
        }
    }
}

fn log_unsent(told: Result<(), QueueError>, wake_up: &impl std::fmt::Debug) {
    if let Err(error) = told {
        tracing::warn!(sqs.wake_up = ?wake_up, error = causes(&error), "left to the reconciler");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_keep_their_wire_form() {
        let job = "job_01jd0000000000000000000000".parse().unwrap();
        let shot = "01jd0000000000000000000000-0".parse().unwrap();
        let text = |wake_up: &LaneWakeUp| serde_json::to_string(wake_up).unwrap();
        assert_eq!(text(&LaneWakeUp::Job(job)), r#"{"job":"job_01jd0000000000000000000000"}"#);
        assert_eq!(text(&LaneWakeUp::Room), r#""room""#);
        assert_eq!(text(&LaneWakeUp::PollProvider(shot)), r#"{"poll_provider":"01jd0000000000000000000000-0"}"#);
        assert_eq!(
            text(&LaneWakeUp::CancelAtProvider(job)),
            r#"{"cancel_at_provider":"job_01jd0000000000000000000000"}"#
        );
        assert_eq!(text(&LaneWakeUp::Deadline(job)), r#"{"deadline":"job_01jd0000000000000000000000"}"#);
        let ingest = serde_json::to_string(&IngestWakeUp::Shot(shot)).unwrap();
        assert_eq!(ingest, r#"{"shot":"01jd0000000000000000000000-0"}"#);
    }
}
