//! Accepting a request, in steps that can be called alone: [resolve](Acceptor::resolve) what it names,
//! [plan](Acceptor::plan) it, look for an earlier job that answers it ([reuse](Acceptor::reuse)) and for
//! [room](Acceptor::room) in its lane, and [create](Acceptor::create) its job. Only the last one writes: the others
//! together are the dry run, which says what a request would become and cost. The API takes these steps for requests,
//! and ingest for the next step of a workflow.

mod allow;
mod create;
mod dry_run_workflow;
mod plan;
mod resolve;
mod reuse;
mod room;

pub use create::Created;
pub use dry_run_workflow::{PlannedStep, StepDeclined};
pub use plan::Planned;
pub use resolve::{Foreseen, Resolved};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    clients::queue::Queues,
    config::{ConfigError, Env, LaneBacklog, Planning, QueueConfig, StoreConfig},
    store::{JobView, MeterReading, Store, StoreError},
};
use likeness_domain::{
    field::Field,
    id::WorkflowId,
    kind::{Kind, Unfit},
    lane::Lane,
    limit::{Account, Allowance, Exceeded},
    money::Usd,
    rng::Rng,
};

/// What accepting requests touches.
#[derive(Debug, Clone)]
pub struct Acceptor {
    pub store: Store,
    pub queues: Queues,
    /// How requests are planned.
    pub planning: Planning,
    /// How much a lane takes.
    pub backlog: LaneBacklog,
    /// For ids and seeds.
    pub rng: Rng,
}

/// A valid request of an authorised caller.
#[derive(Debug, Clone)]
pub struct Order {
    /// Who pays.
    pub account: Account,
    /// Every limit that holds for it.
    pub allowance: Allowance,
    /// What for.
    pub kind: Kind,
    /// The caller's own, given back as it is.
    pub metadata: Option<Value>,
    /// Whether an earlier job may answer it.
    pub may_be_cached: bool,
    /// Whether its job may answer later ones: not where that keeps something of the caller's own.
    pub may_answer: bool,
    /// The chain that it is a step of.
    pub step_of: Option<StepOf>,
    /// How long it may take from when it is accepted.
    pub cancel_after: Option<SignedDuration>,
}

/// The workflow of a step that begins.
#[derive(Debug, Clone, Copy)]
pub struct StepOf {
    pub workflow: WorkflowId,
    /// What was set aside for the step; `None` where its price was unknown.
    pub held: Option<Usd>,
    /// When the workflow was.
    pub accepted_at: Timestamp,
}

/// What an order would become.
#[derive(Debug, Clone)]
pub enum DryRun {
    /// An earlier job answers it.
    Reused(Box<JobView>),
    /// A job is to be created for it, within the limits as they were read.
    New(Box<Planned>, Box<MeterReading>),
}

/// Why an order cannot be accepted.
#[derive(Debug, thiserror::Error)]
pub enum Declined {
    /// It asks for what cannot be.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// It names an image that is still being made.
    #[error("{field} {detail}")]
    NotReady {
        /// What of the request.
        field: Field,
        /// What to wait for.
        detail: String,
    },
    /// Its lane has as much waiting as it takes.
    #[error("too much waits in the {} lane", lane.name())]
    LaneFull {
        lane: Lane,
        /// When there may be room, if admission goes on as in the last minute.
        room_in: SignedDuration,
    },
    /// It passes a limit.
    #[error("a limit is reached")]
    Exceeded { exceeded: Exceeded, reading: Box<MeterReading> },
    /// The table was out of reach or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Acceptor {
    /// From the configuration of a function that may touch the table and the queues.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn from_env(env: &Env, rng: Rng) -> Result<Self, ConfigError> {
        Ok(Self {
            store: Store::new(StoreConfig::from_env(env)?, rng.clone()),
            queues: Queues::new(QueueConfig::from_env(env)?),
            planning: Planning::from_env(env)?,
            backlog: LaneBacklog::from_env(env)?,
            rng,
        })
    }

    /// Resolves and plans an order, and looks for an earlier job that answers it. Writes nothing.
    ///
    /// # Errors
    /// The order cannot be accepted; see [`Declined`].
    pub async fn prepare(&self, order: &Order, now: Timestamp) -> Result<(Planned, Option<JobView>), Declined> {
        let resolved = self.resolve(&order.account.project, order.kind.clone(), None).await?;
        let planned = self.plan(&order.account.project, resolved, now)?;
        let earlier = match order.may_be_cached {
            true => self.reuse(&order.account.project, &planned, now).await?,
            false => None,
        };
        Ok((planned, earlier))
    }

    /// Takes every step but the last, and so writes nothing.
    ///
    /// # Errors
    /// The order cannot be accepted; see [`Declined`].
    pub async fn dry_run(&self, order: &Order, now: Timestamp) -> Result<DryRun, Declined> {
        let (planned, earlier) = self.prepare(order, now).await?;
        if let Some(earlier) = earlier {
            return Ok(DryRun::Reused(Box::new(earlier)));
        }
        let reading = self.allowed(order.taking(planned.plan.quote, now), now).await?;
        self.room(&planned.kind, order.step_of.is_some(), now).await?;
        Ok(DryRun::New(Box::new(planned), Box::new(reading)))
    }
}
