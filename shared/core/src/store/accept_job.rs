//! Accepting a job: job, shots, idempotency key and reservation in one transaction, before any message is sent.

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Acceptance, Idempotency, Item, Store, StoreError,
    condition::Record,
    error::{from_item, if_it_held, to_item},
    idempotency::{Once, StandsFor},
    jobs::JobItem,
    layout,
    meters::MeterReading,
    number,
    shots::ShotItem,
    subjects::SubjectItem,
};
use likeness_domain::{id::ProjectId, job::Job, shot::Shot, subject::Subject, workflow::Workflow};

/// A job that is to be accepted.
#[derive(Debug, Clone)]
pub struct NewJob<'a> {
    pub job: &'a Job,
    pub shots: &'a [Shot],
    /// The subject to create with it, where there was none.
    pub subject: Option<&'a Subject>,
    /// The caller's key, if there is one.
    pub idempotency: Option<Idempotency>,
    /// The chain whose step it is, as it is once the step has begun, and the revision that was read.
    pub workflow: Option<(&'a Workflow, u64)>,
    /// What it takes of what is allowed.
    pub reading: &'a MeterReading,
}

impl Store {
    /// Accepts a job, or finds that it was accepted before.
    ///
    /// # Errors
    /// The table was out of reach or refused; nothing was accepted unless a repetition says so.
    pub async fn accept_job(&self, new: &NewJob<'_>, now: Timestamp) -> Result<Acceptance, StoreError> {
        let once = Once::new(&new.job.project, new.idempotency.as_ref(), StandsFor::Job(new.job.id), now);
        let mut transaction = once.begin()?;
        transaction.create(Record::Job, to_item(&JobItem::new(new.job, 1))?);
        for shot in new.shots {
            transaction.create(Record::Shot, to_item(&ShotItem::new(shot, 1))?);
        }
        if let Some(subject) = new.subject {
            transaction.create(Record::Subject, to_item(&SubjectItem::new(subject, 1))?);
        }
        if let Some((workflow, seen)) = new.workflow {
            transaction.write_workflow(workflow, seen)?;
        }
        transaction.reserve(new.job, &new.reading.taking);
        transaction.take(new.reading, now);
        self.commit_once(once, transaction, StandsFor::job).await
    }

    /// Takes the next `count` turns of a project among shots of `priority`, for one job; returns the first. `served` is
    /// the turn that admission serves now: a project that was idle begins there, not at the turns that it missed.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub(crate) async fn take_turns(
        &self,
        project: &ProjectId,
        priority: u8,
        count: u16,
        served: u64,
    ) -> Result<u64, StoreError> {
        let update = |expression: &str, condition: &str| {
            self.client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(layout::turn(project, priority).into_item()))
                .update_expression(expression)
                .condition_expression(condition)
                .expression_attribute_values(":served", number(served))
                .return_values(aws_sdk_dynamodb::types::ReturnValue::UpdatedNew)
        };
        let mut tries = self.tries("the turns of the project");
        loop {
            // Two steps, as DynamoDB knows no maximum: count on where the project is ahead, else start at what is
            // served.
            let ahead =
                update("ADD turns :count", "turns >= :served").expression_attribute_values(":count", number(count));
            let idle = update("SET turns = :first", "attribute_not_exists(turns) OR turns < :served")
                .expression_attribute_values(":first", number(served + u64::from(count)));
            for attempt in [ahead, idle] {
                if let Some(answer) = if_it_held(attempt.send().await, "UpdateItem", layout::turn(project, priority))? {
                    return last_turn(answer.attributes).map(|last| last - u64::from(count) + 1);
                }
            }
            tries.again().await?;
        }
    }
}

fn last_turn(attributes: Option<Item>) -> Result<u64, StoreError> {
    #[derive(Deserialize)]
    struct Turns {
        turns: u64,
    }
    Ok(from_item::<Turns>(attributes.unwrap_or_default())?.turns)
}
