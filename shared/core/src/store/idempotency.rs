//! Idempotency keys: a request that comes again is answered with what it made when it first came. The key is written in
//! the transaction of what it stands for.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Item, Saved, Store, StoreError,
    condition::{Condition, Refused},
    error::{from_item, to_item},
    layout,
    transaction::{Outcome, Transaction, saved_unless},
};
use likeness_domain::id::{JobId, ProjectId, UserId, WorkflowId};

/// How long an idempotency key is remembered.
const REMEMBER: SignedDuration = SignedDuration::from_hours(7 * 24);

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
struct Remembered {
    #[serde(flatten)]
    key: layout::Key,
    fingerprint: String,
    #[serde(flatten)]
    stands_for: StandsFor,
    /// TTL, Unix seconds.
    expires_at: i64,
}

/// What an idempotency key stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StandsFor {
    Job(JobId),
    Workflow(WorkflowId),
    /// Something that is made under a name which was chosen before: that name, as the caller of the store spells it.
    Name(String),
}

/// The caller's key for what a transaction makes, where there is one.
pub(super) struct Once<'a>(Option<(&'a Idempotency, Remembered, Timestamp)>);

impl<'a> Once<'a> {
    pub(super) fn new(
        project: &ProjectId,
        idempotency: Option<&'a Idempotency>,
        stands_for: StandsFor,
        now: Timestamp,
    ) -> Self {
        let item = |key: &'a Idempotency| {
            let place = layout::idempotency(project, &key.key);
            (key, Remembered::new(place, key, stands_for, now), now)
        };
        Self(idempotency.map(item))
    }

    /// The transaction, which has the key as its first item: that the key was used is told before everything else.
    pub(super) fn begin(&self) -> Result<Transaction, StoreError> {
        let mut transaction = Transaction::default();
        if let Some((_, remembered, now)) = &self.0 {
            transaction.put_if(to_item(remembered)?, Condition::KeyIsFree { now: *now });
        }
        Ok(transaction)
    }
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

    /// Has a project's idempotency key stand for `name`, under which something is made after this. Where it was used
    /// before it stands for what it stood for then.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn claim_in(
        &self,
        project: &ProjectId,
        idempotency: &Idempotency,
        name: &str,
        now: Timestamp,
    ) -> Result<Acceptance<String>, StoreError> {
        self.claim_name(layout::idempotency(project, &idempotency.key), idempotency, name, now).await
    }

    /// The same for a key of a user, who makes something that is of no project.
    ///
    /// # Errors
    /// As above.
    pub async fn claim_of(
        &self,
        user: &UserId,
        idempotency: &Idempotency,
        name: &str,
        now: Timestamp,
    ) -> Result<Acceptance<String>, StoreError> {
        self.claim_name(layout::idempotency_of_user(user, &idempotency.key), idempotency, name, now).await
    }

    async fn claim_name(
        &self,
        key: layout::Key,
        idempotency: &Idempotency,
        name: &str,
        now: Timestamp,
    ) -> Result<Acceptance<String>, StoreError> {
        let stands_for = StandsFor::Name(name.to_owned());
        let mut transaction = Transaction::default();
        let item = to_item(&Remembered::new(key, idempotency, stands_for, now))?;
        transaction.put_if(item, Condition::KeyIsFree { now });
        match self.commit(transaction).await? {
            Outcome::Committed => Ok(Acceptance::Accepted),
            Outcome::Refused(Refused { item, .. }) => Remembered::answer_of(item, idempotency, StandsFor::name),
        }
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

    /// Commits what began with [`Once::begin`]; `id` reads what the request makes.
    pub(super) async fn commit_once<Id>(
        &self,
        once: Once<'_>,
        transaction: Transaction,
        id: impl FnOnce(StandsFor) -> Option<Id>,
    ) -> Result<Acceptance<Id>, StoreError> {
        match self.commit(transaction).await? {
            Outcome::Committed => Ok(Acceptance::Accepted),
            Outcome::Refused(Refused { condition: Condition::KeyIsFree { .. }, item }) => match once.0 {
                Some((idempotency, ..)) => Remembered::answer_of(item, idempotency, id),
                None => Ok(Acceptance::Conflict),
            },
            Outcome::Refused(refused) => match saved_unless(refused.condition)? {
                Saved::Yes | Saved::Conflict => Ok(Acceptance::Conflict),
            },
        }
    }
}

impl StandsFor {
    pub(super) fn job(self) -> Option<JobId> {
        match self {
            Self::Job(job) => Some(job),
            Self::Workflow(_) | Self::Name(_) => None,
        }
    }

    pub(super) fn workflow(self) -> Option<WorkflowId> {
        match self {
            Self::Workflow(workflow) => Some(workflow),
            Self::Job(_) | Self::Name(_) => None,
        }
    }

    fn name(self) -> Option<String> {
        match self {
            Self::Name(name) => Some(name),
            Self::Job(_) | Self::Workflow(_) => None,
        }
    }
}

impl Remembered {
    fn new(key: layout::Key, idempotency: &Idempotency, stands_for: StandsFor, now: Timestamp) -> Self {
        Self { key, fingerprint: idempotency.fingerprint.clone(), stands_for, expires_at: (now + REMEMBER).as_second() }
    }

    /// What the item in the way says about a request that came again; `id` reads what that request makes.
    fn answer_of<Id>(
        item: Item,
        idempotency: &Idempotency,
        id: impl FnOnce(StandsFor) -> Option<Id>,
    ) -> Result<Acceptance<Id>, StoreError> {
        Ok(from_item::<Self>(item)?.answer(idempotency, id))
    }

    fn answer<Id>(&self, idempotency: &Idempotency, id: impl FnOnce(StandsFor) -> Option<Id>) -> Acceptance<Id> {
        match id(self.stands_for.clone()) {
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
        let (project, now): (ProjectId, _) = ("isle".parse().unwrap(), Timestamp::from_second(1_795_000_000).unwrap());
        let idempotency = Idempotency { key: "take-1".to_owned(), fingerprint: "workflows 0a".to_owned() };
        let workflow: WorkflowId = "wf_01jd0000000000000000000000".parse().unwrap();
        let place = layout::idempotency(&project, &idempotency.key);
        let item = to_item(&Remembered::new(place, &idempotency, StandsFor::Workflow(workflow), now)).unwrap();
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
