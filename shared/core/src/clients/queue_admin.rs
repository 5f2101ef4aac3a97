//! The queues for an operator: depth, dead letters, and redrive.
//!
//! Each queue names its dead-letter queue itself, which is in the same account and region.

use std::{collections::HashMap, str::FromStr};

use aws_sdk_sqs::{
    Client,
    error::SdkError,
    types::{Message, MessageSystemAttributeName, QueueAttributeName},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    clients::aws,
    clients::queue::{IngestWakeUp, LaneWakeUp},
    config::QueueConfig,
};
use likeness_domain::{
    id::{JobId, WorkflowId},
    lane::Lane,
};

/// Most dead letters that are shown at once: what SQS hands out in one go.
pub const SHOWN: i32 = 10;

/// One of our queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueName {
    Lane(Lane),
    Ingest,
}

impl QueueName {
    /// All of them.
    pub const ALL: [Self; 5] = {
        let [master, profile, composite, portrait] = Lane::ALL;
        [Self::Lane(master), Self::Lane(profile), Self::Lane(composite), Self::Lane(portrait), Self::Ingest]
    };

    /// The word for it in paths and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lane(lane) => lane.name(),
            Self::Ingest => "ingest",
        }
    }
}

/// There is no queue of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no queue has this name")]
pub struct NoSuchQueue;

impl FromStr for QueueName {
    type Err = NoSuchQueue;

    fn from_str(name: &str) -> Result<Self, NoSuchQueue> {
        Self::ALL.into_iter().find(|queue| queue.name() == name).ok_or(NoSuchQueue)
    }
}

/// About how many messages a queue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Depth {
    /// Not received yet.
    pub waiting: u64,
    /// Received and not deleted: they may come again.
    pub in_flight: u64,
    /// Held back until their time.
    pub delayed: u64,
    /// Given up, in the dead-letter queue.
    pub dead_letters: u64,
}

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum WakeUp {
    Lane(LaneWakeUp),
    Ingest(IngestWakeUp),
}

/// Whose message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Job(JobId),
    Workflow(WorkflowId),
    /// Of no project.
    Nobody,
}

impl WakeUp {
    /// Whose it is.
    #[must_use]
    pub fn about(self) -> About {
        match self {
            Self::Lane(LaneWakeUp::Room) => About::Nobody,
            Self::Lane(LaneWakeUp::Job(job) | LaneWakeUp::CancelAtProvider(job) | LaneWakeUp::Deadline(job))
            | Self::Ingest(IngestWakeUp::Job(job)) => About::Job(job),
            Self::Lane(LaneWakeUp::PollProvider(shot)) | Self::Ingest(IngestWakeUp::Shot(shot)) => About::Job(shot.job),
            Self::Ingest(IngestWakeUp::Workflow(workflow)) => About::Workflow(workflow),
        }
    }
}

/// A message that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its id in the dead-letter queue.
    pub id: String,
    /// When it was first sent.
    pub sent_at: Option<Timestamp>,
    /// How often SQS says that it was received, this look included; a message that was moved may count anew.
    pub receives: u64,
    /// What it says; `None` where it cannot be read.
    pub wake_up: Option<WakeUp>,
}

/// Why the queues could not be looked at, or nothing was moved.
#[derive(Debug, thiserror::Error)]
pub enum QueueAdminError {
    /// SQS is out of reach, or refuses.
    #[error("the {queue} queue is out of reach")]
    OutOfReach {
        queue: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A redrive is under way already.
    #[error("the dead letters of the {0} queue are being moved back already")]
    Moving(&'static str),
    /// The queue has no dead-letter queue.
    #[error("the {0} queue has no dead-letter queue")]
    NoDeadLetters(&'static str),
}

/// The queues and their dead letters.
#[derive(Debug, Clone)]
pub struct QueueAdmin {
    client: Client,
    queues: QueueConfig,
}

impl QueueAdmin {
    /// A client; nothing is contacted before the first call.
    #[must_use]
    pub fn new(config: QueueConfig) -> Self {
        Self { client: Client::new(&aws::sdk_config(config.aws.clone())), queues: config }
    }

    /// How much is in a queue and its dead-letter queue.
    ///
    /// # Errors
    /// SQS is out of reach or refuses.
    pub async fn depth(&self, queue: QueueName) -> Result<Depth, QueueAdminError> {
        let own = self.attributes(queue, self.url(queue)?).await?;
        let dead = self.attributes(queue, &self.dead_letters_url(queue, &own)?).await?;
        Ok(Depth {
            waiting: own.number(&QueueAttributeName::ApproximateNumberOfMessages),
            in_flight: own.number(&QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
            delayed: own.number(&QueueAttributeName::ApproximateNumberOfMessagesDelayed),
            dead_letters: dead.number(&QueueAttributeName::ApproximateNumberOfMessages),
        })
    }

    /// Some of the messages that were given up, [`SHOWN`] at most. They stay where they are.
    ///
    /// # Errors
    /// SQS is out of reach or refuses.
    pub async fn dead_letters(&self, queue: QueueName) -> Result<Vec<DeadLetter>, QueueAdminError> {
        let own = self.attributes(queue, self.url(queue)?).await?;
        let receive = self
            .client
            .receive_message()
            .queue_url(self.dead_letters_url(queue, &own)?)
            .max_number_of_messages(SHOWN)
            // Long, or SQS asks only some of its servers, and may find none of a few messages.
            .wait_time_seconds(1)
            // A look hides nothing from a redrive, or from the next look.
            .visibility_timeout(0)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount);
        let received = receive.send().await.map_err(|error| out_of_reach(queue, error))?;
        Ok(received.messages.unwrap_or_default().into_iter().map(|message| DeadLetter::read(queue, message)).collect())
    }

    /// Begins to move what was given up back into its queue; returns about how many messages those are.
    ///
    /// # Errors
    /// SQS is out of reach or refuses, or they are being moved already.
    pub async fn redrive(&self, queue: QueueName) -> Result<u64, QueueAdminError> {
        let own = self.attributes(queue, self.url(queue)?).await?;
        let dead = self.attributes(queue, &self.dead_letters_url(queue, &own)?).await?;
        let begin = self.client.start_message_move_task().set_source_arn(own.dead_letters_arn());
        match begin.set_destination_arn(own.text(&QueueAttributeName::QueueArn)).send().await {
            Ok(_) => Ok(dead.number(&QueueAttributeName::ApproximateNumberOfMessages)),
            Err(SdkError::ServiceError(error)) if error.err().is_unsupported_operation() => {
                Err(QueueAdminError::Moving(queue.name()))
            }
            Err(error) => Err(out_of_reach(queue, error)),
        }
    }

    fn url(&self, queue: QueueName) -> Result<&str, QueueAdminError> {
        match queue {
            QueueName::Ingest => Ok(&self.queues.ingest),
            QueueName::Lane(lane) => {
                let url = self.queues.lanes.get(&lane).map(String::as_str);
                url.ok_or_else(|| out_of_reach(queue, "no URL is configured for it"))
            }
        }
    }

    /// Beside the queue's own, under the name that its policy holds.
    fn dead_letters_url(&self, queue: QueueName, own: &Attributes) -> Result<String, QueueAdminError> {
        let missing = || QueueAdminError::NoDeadLetters(queue.name());
        let arn = own.dead_letters_arn().ok_or_else(missing)?;
        let name = arn.rsplit(':').next().ok_or_else(missing)?;
        let (beside, _) = self.url(queue)?.rsplit_once('/').ok_or_else(missing)?;
        Ok(format!("{beside}/{name}"))
    }

    async fn attributes(&self, queue: QueueName, url: &str) -> Result<Attributes, QueueAdminError> {
        let read = self.client.get_queue_attributes().queue_url(url).set_attribute_names(Some(vec![
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
            QueueAttributeName::QueueArn,
            QueueAttributeName::RedrivePolicy,
        ]));
        let read = read.send().await.map_err(|error| out_of_reach(queue, error))?;
        Ok(Attributes(read.attributes.unwrap_or_default()))
    }
}

struct Attributes(HashMap<QueueAttributeName, String>);

impl Attributes {
    fn text(&self, name: &QueueAttributeName) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn number(&self, name: &QueueAttributeName) -> u64 {
        self.0.get(name).and_then(|value| value.parse().ok()).unwrap_or_default()
    }

    fn dead_letters_arn(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Policy {
            #[serde(rename = "deadLetterTargetArn")]
            target: String,
        }
        let policy: Policy = serde_json::from_str(self.0.get(&QueueAttributeName::RedrivePolicy)?).ok()?;
        Some(policy.target)
    }
}

impl DeadLetter {
    fn read(queue: QueueName, message: Message) -> Self {
        let attribute = |name| message.attributes.as_ref()?.get(&name)?.parse().ok();
        let sent = attribute(MessageSystemAttributeName::SentTimestamp);
        let body = message.body.as_deref().unwrap_or_default();
        Self {
            sent_at: sent.and_then(|sent: i64| Timestamp::from_millisecond(sent).ok()),
            receives: attribute(MessageSystemAttributeName::ApproximateReceiveCount)
                .and_then(|count| u64::try_from(count).ok())
                .unwrap_or_default(),
            wake_up: match queue {
                QueueName::Lane(_) => serde_json::from_str(body).ok().map(WakeUp::Lane),
                QueueName::Ingest => serde_json::from_str(body).ok().map(WakeUp::Ingest),
            },
            id: message.message_id.unwrap_or_default(),
        }
    }
}

fn out_of_reach(queue: QueueName, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> QueueAdminError {
    QueueAdminError::OutOfReach { queue: queue.name(), source: error.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_named_as_its_lane() {
        for queue in QueueName::ALL {
            assert_eq!(queue.name().parse(), Ok(queue));
        }
        assert_eq!("Master".parse::<QueueName>(), Err(NoSuchQueue));
    }

    #[test]
    fn a_message_that_nobody_can_read_is_shown_without_what_it_says() {
        let message = |body: &str| Message::builder().message_id("m").body(body).build();
        let read = |queue, body| DeadLetter::read(queue, message(body)).wake_up;
        let job = "job_01jd0000000000000000000000";
        let text = &format!(r#"{{"job":"{job}"}}"#);
        let wake_up = read(QueueName::Lane(Lane::Master), text).unwrap();
        assert_eq!(
            (wake_up.about(), &serde_json::to_string(&wake_up).unwrap()),
            (About::Job(job.parse().unwrap()), text)
        );
        let shot = read(QueueName::Ingest, r#"{"shot":"01jd0000000000000000000000-0"}"#).unwrap();
        assert_eq!(shot.about(), wake_up.about());
        assert_eq!(read(QueueName::Lane(Lane::Master), r#""room""#).unwrap().about(), About::Nobody);
        for body in ["", "{", r#""room""#] {
            assert_eq!(read(QueueName::Ingest, body), None, "{body}");
        }
    }
}
