//! Accepting a job: job, shots, idempotency key and reservation in one transaction, before any message is sent.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Item, Store, StoreError, if_it_held,
    jobs::JobItem,
    layout, number,
    shots::ShotItem,
    subjects::SubjectItem,
    to_item,
    transaction::{Outcome, Transaction},
};
use crate::{
    id::{JobId, ProjectId, WorkflowId},
    job::Job,
    shot::Shot,
    subject::Subject,
    workflow::Workflow,
};

/// How long an idempotency key is remembered.
const REMEMBER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Nobody used the idempotency key, or so long ago that it is forgotten (TTL deletes late, so expiry is checked here).
const KEY_IS_FREE: &str = "attribute_not_exists(pk) OR expires_at <= :now";

/// A job that is to be accepted.
#[derive(Debug, Clone)]
pub struct NewJob<'a> {
    /// The job.
    pub job: &'a Job,
    /// Its shots.
    pub shots: &'a [Shot],
    /// The subject to create with it, where there was none.
    pub subject: Option<&'a Subject>,
    /// The caller's key, if there is one.
    pub idempotency: Option<Idempotency>,
    /// The chain whose step it is, as it is once the step has begun, and the revision that was read.
    pub workflow: Option<(&'a Workflow, u64)>,
}

/// A caller's promise that two requests are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The key, hashed or plain, without `#`.
    pub key: String,
    /// A hash of the route and the body, to notice a key that is used for something else.
    pub fingerprint: String,
}

/// What became of a request for a job, or for something else with an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance<Id = JobId> {
    /// It is accepted.
    Accepted,
    /// It was accepted before, as this one.
    Replayed(Id),
    /// The key was used for another request.
    KeyReused,
    /// A record that was to be created exists: read again and plan anew.
    Conflict,
}

/// An idempotency key that was used.
#[derive(Serialize, Deserialize)]
pub(super) struct Remembered {
    #[serde(flatten)]
    key: layout::Key,
    fingerprint: String,
    #[serde(flatten)]
    stands_for: StandsFor,
    /// TTL, Unix seconds.
    expires_at: i64,
}

/// What an idempotency key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StandsFor {
    Job(JobId),
    Workflow(WorkflowId),
}

impl Store {
    /// What the idempotency key stands for, if it was used before.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn replay(
        &self,
        project: &ProjectId,
        idempotency: &Idempotency,
        now: Timestamp,
    ) -> Result<Option<Acceptance>, StoreError> {
        self.replay_of(project, idempotency, StandsFor::job, now).await
    }

    /// The same for a request whose `id` the key may stand for.
    pub(super) async fn replay_of<Id>(
        &self,
        project: &ProjectId,
        idempotency: &Idempotency,
        id: impl FnOnce(StandsFor) -> Option<Id>,
        now: Timestamp,
    ) -> Result<Option<Acceptance<Id>>, StoreError> {
        let item: Option<Remembered> = self.read(layout::idempotency(project, &idempotency.key)).await?;
        Ok(item.filter(|item| item.expires_at > now.as_second()).map(|item| item.answer(idempotency, id)))
    }

    /// Accepts a job, or finds that it was accepted before.
    ///
    /// # Errors
    /// The table was out of reach or refused; nothing was accepted unless a repetition says so.
    pub async fn accept_job(&self, new: &NewJob<'_>, now: Timestamp) -> Result<Acceptance, StoreError> {
        let mut transaction = Transaction::default();
        if let Some(idempotency) = &new.idempotency {
            let stands_for = StandsFor::Job(new.job.id);
            Remembered::new(&new.job.project, idempotency, stands_for, now).write(&mut transaction, now)?;
        }
        let first_record = transaction.len();
        transaction.create(to_item(&JobItem::new(new.job, 1))?);
        for shot in new.shots {
            transaction.create(to_item(&ShotItem::new(shot, 1))?);
        }
        if let Some(subject) = new.subject {
            transaction.create(to_item(&SubjectItem::new(subject, 1))?);
        }
        if let Some((workflow, seen)) = new.workflow {
            transaction.write_workflow(workflow, seen)?;
        }
        transaction.reserve(new.job);
        match self.commit(transaction).await? {
            Outcome::Committed => Ok(Acceptance::Accepted),
            Outcome::Refused(reasons) => {
                let used = reasons.into_iter().take(first_record).flatten().next();
                match (used, &new.idempotency) {
                    (Some(item), Some(idempotency)) => Remembered::answer_of(item, idempotency, StandsFor::job),
                    _ => Ok(Acceptance::Conflict),
                }
            }
        }
    }

    /// Takes the next `count` turns of a project among shots of `priority`, for one job; returns the first. `served` is the
    /// turn that admission serves now: a project that was idle begins there, not at the turns that it missed.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn take_turns(
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
        loop {
            // Two steps, as DynamoDB knows no maximum: count on where the project is ahead, else start at what is served.
            let ahead =
                update("ADD turns :count", "turns >= :served").expression_attribute_values(":count", number(count));
            let idle = update("SET turns = :first", "attribute_not_exists(turns) OR turns < :served")
                .expression_attribute_values(":first", number(served + u64::from(count)));
            for attempt in [ahead, idle] {
                if let Some(answer) = if_it_held(attempt.send().await)? {
                    return last_turn(answer.attributes).map(|last| last - u64::from(count) + 1);
                }
            }
        }
    }
}

fn last_turn(attributes: Option<Item>) -> Result<u64, StoreError> {
    #[derive(Deserialize)]
    struct Turns {
        turns: u64,
    }
    Ok(serde_dynamo::from_item::<_, Turns>(attributes.unwrap_or_default())?.turns)
}

impl StandsFor {
    pub(super) fn job(self) -> Option<JobId> {
        match self {
            Self::Job(job) => Some(job),
            Self::Workflow(_) => None,
        }
    }

    pub(super) fn workflow(self) -> Option<WorkflowId> {
        match self {
            Self::Workflow(workflow) => Some(workflow),
            Self::Job(_) => None,
        }
    }
}

impl Remembered {
    pub(super) fn new(project: &ProjectId, idempotency: &Idempotency, stands_for: StandsFor, now: Timestamp) -> Self {
        Self {
            key: layout::idempotency(project, &idempotency.key),
            fingerprint: idempotency.fingerprint.clone(),
            stands_for,
            expires_at: (now + REMEMBER).as_second(),
        }
    }

    pub(super) fn write(&self, transaction: &mut Transaction, now: Timestamp) -> Result<(), StoreError> {
        transaction.put(to_item(self)?, Some(KEY_IS_FREE), &[(":now", number(now.as_second()))]);
        Ok(())
    }

    /// What the item in the way says about a request that came again; `id` reads what that request makes.
    pub(super) fn answer_of<Id>(
        item: Item,
        idempotency: &Idempotency,
        id: impl FnOnce(StandsFor) -> Option<Id>,
    ) -> Result<Acceptance<Id>, StoreError> {
        Ok(serde_dynamo::from_item::<_, Self>(item)?.answer(idempotency, id))
    }

    fn answer<Id>(&self, idempotency: &Idempotency, id: impl FnOnce(StandsFor) -> Option<Id>) -> Acceptance<Id> {
        match id(self.stands_for) {
            Some(id) if self.fingerprint == idempotency.fingerprint => Acceptance::Replayed(id),
            Some(_) | None => Acceptance::KeyReused,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_key_of_a_workflow_is_never_taken_for_a_job() {
        let (project, now) = ("isle".parse().unwrap(), Timestamp::from_second(1_795_000_000).unwrap());
        let idempotency = Idempotency { key: "take-1".to_owned(), fingerprint: "workflows 0a".to_owned() };
        let workflow: WorkflowId = "wf_01jd0000000000000000000000".parse().unwrap();
        let item = to_item(&Remembered::new(&project, &idempotency, StandsFor::Workflow(workflow), now)).unwrap();
        assert_eq!(serde_dynamo::from_item::<_, Value>(item.clone()).unwrap()["workflow"], json!(workflow));
        let answer = Remembered::answer_of(item.clone(), &idempotency, StandsFor::workflow).unwrap();
        assert_eq!(answer, Acceptance::Replayed(workflow));
        let answer = Remembered::answer_of(item.clone(), &idempotency, StandsFor::job).unwrap();
        assert_eq!(answer, Acceptance::KeyReused);
        let other = Idempotency { fingerprint: "workflows 0b".to_owned(), ..idempotency };
        assert_eq!(Remembered::answer_of(item, &other, StandsFor::workflow).unwrap(), Acceptance::KeyReused);
    }

    #[test]
    fn a_key_that_was_written_for_a_job_is_read_as_before() {
        let item = json!({
            "pk": "PROJECT#isle", "sk": "IDEMPOTENCY#take-1", "fingerprint": "generate/master 0a",
            "job": "job_01jd0000000000000000000000", "expires_at": 1_795_600_000
        });
        let remembered: Remembered = serde_dynamo::from_item(to_item(&item).unwrap()).unwrap();
        assert_eq!(remembered.stands_for, StandsFor::Job("job_01jd0000000000000000000000".parse().unwrap()));
    }
}
