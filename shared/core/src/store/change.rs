//! The one door through which a record changes: read it, decide with a pure function, write it under the revision that
//! was read. A write that came second is decided anew on what stands there now, a bounded number of times.

use std::{fmt::Display, future::Future};

use super::{Saved, Store, StoreError, Versioned, transaction::Transaction};
use crate::store::JobView;
use likeness_domain::{
    id::{JobId, ShotId, WorkflowId},
    job::Job,
    shot::Shot,
    workflow::Workflow,
};

/// How often a change is decided anew before it is given up as contended.
const TRIES: u32 = 24;

/// What came of a change.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub enum Changed<T, E> {
    /// The record stands as it was decided: written, or so before.
    Done(Versioned<T>),
    /// The transition does not apply to the record as it stands; nothing was written.
    Unchanged(E),
    /// There is no such record.
    Gone,
}

/// A record with a revision, as the door reads and writes it.
pub(super) trait Revised: Clone + PartialEq + Send + Sync + Sized {
    /// What it is found by.
    type Id: Copy + Display + Send + Sync;

    fn id(&self) -> Self::Id;

    fn load(store: &Store, id: Self::Id) -> impl Future<Output = Result<Option<Versioned<Self>>, StoreError>> + Send;

    /// Writes `after` over `before`, and `more` in the same transaction.
    fn save(
        store: &Store,
        before: &Versioned<Self>,
        after: &Self,
        more: Transaction,
    ) -> impl Future<Output = Result<Saved, StoreError>> + Send;
}

impl Store {
    /// Changes a shot: reads it, applies the transition, and writes the outcome unless the shot changed meanwhile; then
    /// it is decided anew, so that `transition` may run several times. An outcome that equals the shot is not written.
    ///
    /// # Errors
    /// The table was out of reach or refused; or other writes came first, many times.
    pub async fn change_shot<E>(
        &self,
        id: ShotId,
        transition: impl FnMut(Shot) -> Result<Shot, E>,
    ) -> Result<Changed<Shot, E>, StoreError> {
        self.change(id, transition).await
    }

    /// The same for a shot that was just read, which saves a read.
    ///
    /// # Errors
    /// As above.
    pub async fn change_shot_from<E>(
        &self,
        read: Versioned<Shot>,
        transition: impl FnMut(Shot) -> Result<Shot, E>,
    ) -> Result<Changed<Shot, E>, StoreError> {
        self.change_from(read, &Transaction::default(), transition).await
    }

    /// Changes a job by itself, as [`Store::change_shot`] does a shot.
    ///
    /// # Errors
    /// The table was out of reach or refused; or other writes came first, many times.
    pub async fn change_job<E>(
        &self,
        id: JobId,
        transition: impl FnMut(Job) -> Result<Job, E>,
    ) -> Result<Changed<Job, E>, StoreError> {
        self.change(id, transition).await
    }

    /// The same for a job that was just read.
    ///
    /// # Errors
    /// As above.
    pub async fn change_job_from<E>(
        &self,
        read: Versioned<Job>,
        transition: impl FnMut(Job) -> Result<Job, E>,
    ) -> Result<Changed<Job, E>, StoreError> {
        self.change_from(read, &Transaction::default(), transition).await
    }

    /// Changes a workflow by itself, as [`Store::change_shot`] does a shot.
    ///
    /// # Errors
    /// The table was out of reach or refused; or other writes came first, many times.
    pub async fn change_workflow<E>(
        &self,
        id: WorkflowId,
        transition: impl FnMut(Workflow) -> Result<Workflow, E>,
    ) -> Result<Changed<Workflow, E>, StoreError> {
        self.change(id, transition).await
    }

    /// Changes the shots of a job for which `transition` gives another, each decided with the job beside it: after a
    /// conflict job and shots are read again. Returns them as they stand then; `None` where there is no such job.
    ///
    /// # Errors
    /// The table was out of reach or refused, or other writes came first, many times; what was written stands.
    pub async fn change_shots_of(
        &self,
        id: JobId,
        mut transition: impl FnMut(&Job, &Shot) -> Option<Shot>,
    ) -> Result<Option<JobView>, StoreError> {
        let mut tries = self.tries(id);
        loop {
            let Some(mut view) = self.job(id).await? else { return Ok(None) };
            let mut conflict = false;
            for shot in &mut view.shots {
                let Some(after) = transition(&view.job.value, &shot.value) else { continue };
                match Shot::save(self, shot, &after, Transaction::default()).await? {
                    Saved::Yes => *shot = shot.replaced_by(after),
                    Saved::Conflict => conflict = true,
                }
            }
            if !conflict {
                return Ok(Some(view));
            }
            tries.again().await?;
        }
    }

    async fn change<T: Revised, E>(
        &self,
        id: T::Id,
        transition: impl FnMut(T) -> Result<T, E>,
    ) -> Result<Changed<T, E>, StoreError> {
        match T::load(self, id).await? {
            Some(read) => self.change_from(read, &Transaction::default(), transition).await,
            None => Ok(Changed::Gone),
        }
    }

    /// `more` is written in the same transaction, or not at all.
    pub(super) async fn change_from<T: Revised, E>(
        &self,
        read: Versioned<T>,
        more: &Transaction,
        mut transition: impl FnMut(T) -> Result<T, E>,
    ) -> Result<Changed<T, E>, StoreError> {
        let id = read.value.id();
        let (mut before, mut tries) = (read, self.tries(id));
        loop {
            let after = match transition(before.value.clone()) {
                Ok(after) => after,
                Err(error) => return Ok(Changed::Unchanged(error)),
            };
            if after == before.value {
                return Ok(Changed::Done(before));
            }
            if T::save(self, &before, &after, more.clone()).await? == Saved::Yes {
                return Ok(Changed::Done(before.replaced_by(after)));
            }
            tries.again().await?;
            match T::load(self, id).await? {
                Some(read) => before = read,
                None => return Ok(Changed::Gone),
            }
        }
    }

    /// The tries of a change that is decided with more than one record, or by asking others: see [`Tries::again`].
    #[must_use]
    pub fn tries(&self, record: impl Display) -> Tries {
        Tries { store: self.clone(), record: record.to_string(), made: 0 }
    }
}

/// Counts the tries of one change.
#[derive(Debug)]
pub struct Tries {
    store: Store,
    record: String,
    made: u32,
}

impl Tries {
    /// Another write came first: stands aside for a random time, longer with each try, after which the change is to be
    /// decided anew on what is read then.
    ///
    /// # Errors
    /// [`StoreError::Contended`] after too many tries.
    pub async fn again(&mut self) -> Result<(), StoreError> {
        self.made += 1;
        if self.made >= TRIES {
            return Err(StoreError::Contended { record: self.record.clone() });
        }
        self.store.step_aside(self.made).await;
        Ok(())
    }

    /// A write succeeded: the next one has all its tries before it.
    pub fn start_over(&mut self) {
        self.made = 0;
    }
}
