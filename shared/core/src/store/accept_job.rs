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
    id::{JobId, ProjectId},
    job::Job,
    shot::Shot,
    subject::Subject,
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
}

/// A caller's promise that two requests are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The key, hashed or plain, without `#`.
    pub key: String,
    /// A hash of the route and the body, to notice a key that is used for something else.
    pub fingerprint: String,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance {
    /// It is accepted.
    Accepted,
    /// It was accepted before, as this job.
    Replayed(JobId),
    /// The key was used for another request.
    KeyReused,
    /// A record that was to be created exists: read again and plan anew.
    Conflict,
}

#[derive(Serialize, Deserialize)]
struct IdempotencyItem {
    #[serde(flatten)]
    key: layout::Key,
    fingerprint: String,
    job: JobId,
    /// TTL, Unix seconds.
    expires_at: i64,
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
        let item: Option<IdempotencyItem> = self.read(layout::idempotency(project, &idempotency.key)).await?;
        Ok(item.filter(|item| item.expires_at > now.as_second()).map(|item| item.answer(idempotency)))
    }

    /// Accepts a job, or finds that it was accepted before.
    ///
    /// # Errors
    /// The table was out of reach or refused; nothing was accepted unless a repetition says so.
    pub async fn accept_job(&self, new: &NewJob<'_>, now: Timestamp) -> Result<Acceptance, StoreError> {
        let mut transaction = Transaction::default();
        if let Some(idempotency) = &new.idempotency {
            let item = IdempotencyItem {
                key: layout::idempotency(&new.job.project, &idempotency.key),
                fingerprint: idempotency.fingerprint.clone(),
                job: new.job.id,
                expires_at: (now + REMEMBER).as_second(),
            };
            transaction.put(to_item(&item)?, Some(KEY_IS_FREE), &[(":now", number(now.as_second()))]);
        }
        let first_record = transaction.len();
        transaction.create(to_item(&JobItem::new(new.job, 1))?);
        for shot in new.shots {
            transaction.create(to_item(&ShotItem::new(shot, 1))?);
        }
        if let Some(subject) = new.subject {
            transaction.create(to_item(&SubjectItem::new(subject, 1))?);
        }
        transaction.reserve(new.job);
        match self.commit(transaction).await? {
            Outcome::Committed => Ok(Acceptance::Accepted),
            Outcome::Refused(reasons) => {
                let used = reasons.into_iter().take(first_record).flatten().next();
                match (used, &new.idempotency) {
                    (Some(item), Some(idempotency)) => stored_answer(item, idempotency),
                    _ => Ok(Acceptance::Conflict),
                }
            }
        }
    }

    /// Takes the next `count` turns of a project for shots of the same job; returns the first. `served` is the turn
    /// that admission serves now: a project that was idle begins there, not at the turns that it missed.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn take_turns(&self, project: &ProjectId, count: u16, served: u64) -> Result<u64, StoreError> {
        let update = |expression: &str, condition: &str| {
            self.client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(layout::turn(project).into_item()))
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

fn stored_answer(item: Item, idempotency: &Idempotency) -> Result<Acceptance, StoreError> {
    Ok(serde_dynamo::from_item::<_, IdempotencyItem>(item)?.answer(idempotency))
}

impl IdempotencyItem {
    fn answer(&self, idempotency: &Idempotency) -> Acceptance {
        if self.fingerprint == idempotency.fingerprint { Acceptance::Replayed(self.job) } else { Acceptance::KeyReused }
    }
}
