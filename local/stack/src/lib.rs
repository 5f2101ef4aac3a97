//! The whole of Likeness in one process: engines, emulator, functions, triggers.
//!
//! Only endpoints and credentials differ from AWS: the functions are started with an environment, as Lambda starts
//! them. [`wire`] lies between functions and engines where calls are to be cut or counted; [`audit`] reads the
//! invariants off table, bucket, queues and ledger.

pub mod audit;
mod clients;
mod engines;
mod environment;
mod functions;
mod listeners;
mod resources;
mod tenant;
mod triggers;
pub mod wire;

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use likeness_cleanup::Report;
use likeness_core::config::{ConfigError, Env};
use likeness_domain::{clock::Clock, rng::Rng};
use likeness_engines::{
    EngineError,
    dynamodb::DynamoDb,
    folder,
    s3::S3,
    sqs::{Depth, Sqs},
};
use likeness_fal_emulator::{Emulator, EmulatorError, EmulatorOptions};
use tokio::{sync::watch, task::JoinSet};

use self::{engines::Engines, functions::Functions};
use crate::{
    triggers::sqs::{Allowance, Polling},
    wire::{Proxy, Wire},
};

pub use self::clients::{dynamodb_client, s3_client, sqs_client};
pub use self::{
    resources::ResourceError,
    tenant::{Tenant, TenantError},
};
pub use crate::triggers::{
    invocations::{Died, Invocation, Invocations, Total},
    schedule::NotReconciled,
};

/// How a stack is started.
#[derive(Clone)]
pub struct StackOptions {
    /// The port of the API; 0 takes the one that `data` had, or a free one.
    pub port: u16,
    /// Where data is kept; `None` keeps it in memory.
    pub data: Option<PathBuf>,
    /// What the functions are told beside what the stack tells them. With `FAL_KEY` there is no emulator, with
    /// `R2_ENDPOINT` no S3.
    pub environment: Vec<(String, String)>,
    /// How the emulator behaves.
    pub fal: EmulatorOptions,
    /// How often the reconciler runs; `None` leaves it to [`Stack::reconcile`].
    pub reconcile_every: Option<Duration>,
    /// Where the functions take the time from.
    pub clock: Clock,
    /// Where the functions take chance from.
    pub rng: Rng,
    /// What becomes of the functions' calls; without it they go straight to where they go.
    pub wire: Option<Wire>,
    /// A project that is there before the API answers for the first time.
    pub tenant: Option<Tenant>,
    /// No function works while another does, and each takes one message at a time: so the same happens every time.
    pub one_at_a_time: bool,
}

impl Default for StackOptions {
    /// At a free port, in memory, with the machine's own clock and chance and undisturbed wires; nothing sweeps by
    /// itself.
    fn default() -> Self {
        Self {
            port: 0,
            data: None,
            environment: Vec::new(),
            fal: EmulatorOptions::default(),
            reconcile_every: None,
            clock: Clock::system(),
            rng: Rng::from_os(),
            wire: None,
            tenant: None,
            one_at_a_time: false,
        }
    }
}

/// Why a stack did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port or directory.
    #[error("{what}")]
    Io {
        /// What was tried, and what to do.
        what: String,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Emulator(#[from] EmulatorError),
    #[error(transparent)]
    Resource(#[from] ResourceError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The first project and its key.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    #[error("a function did not start")]
    Function(#[from] likeness_core::start::StartError),
}

/// The emulator's database in the data folder.
const EMULATOR_FILE: &str = "fal.sqlite";

/// A running stack.
pub struct Stack {
    url: String,
    env: Env,
    dynamodb: DynamoDb,
    s3: S3,
    sqs: Sqs,
    emulator: Option<Emulator>,
    cleanup: Arc<likeness_cleanup::App>,
    allowance: Arc<Allowance>,
    invocations: Invocations,
    _wires: Vec<Proxy>,
    stopping: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Stack {
    /// Starts everything and returns once it answers.
    ///
    /// # Errors
    /// A port is taken, a file is unusable or a value malformed.
    pub async fn start(options: StackOptions) -> Result<Self, StartError> {
        let StackOptions { port, data, environment, fal, clock, rng, one_at_a_time, .. } = options;
        let delay = fal.delay;
        let fal_is_given = fal_is_given(&environment);
        if let Some(data) = &data {
            let emulator: &[&str] = if fal_is_given { &[] } else { &[EMULATOR_FILE] };
            folder::check(data, emulator, &rng)?;
        }
        let engines = Engines::start(port, data.as_deref(), fal_is_given, fal, &clock).await?;
        let env = environment::of(&engines, delay, environment);
        resources::create(&env, &engines.s3).await?;
        if let Some(tenant) = options.tenant {
            tenant.create(&env, clock.now()).await?;
        }
        let invocations = Invocations::new(one_at_a_time);
        let (functions, wires) = match &options.wire {
            None => (env.clone(), Vec::new()),
            Some(wire) => {
                let what = "no port is free for a wire".to_owned();
                let over = environment::over(wire, &env, &invocations).await;
                over.map_err(|source| StartError::Io { what, source })?
            }
        };
        let functions = Functions::start(&functions, &clock, &rng)?;
        let cleanup = Arc::clone(&functions.cleanup);
        let (stopping, stop) = watch::channel(false);
        let allowance = Arc::new(Allowance::default());
        let polling = Polling { env: &env, allowance: &allowance, invocations: &invocations, stop: &stop };
        let Engines { url, api, dynamodb, s3, sqs, emulator } = engines;
        let tasks = functions.trigger(api, &polling, options.reconcile_every, one_at_a_time)?;
        Ok(Self {
            url,
            env,
            dynamodb,
            s3,
            sqs,
            emulator,
            cleanup,
            allowance,
            invocations,
            _wires: wires,
            stopping,
            tasks,
        })
    }

    /// `http://127.0.0.1:port`, the base of the API.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What the functions were started with.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// The emulator, unless another fal is used.
    #[must_use]
    pub fn emulator(&self) -> Option<&Emulator> {
        self.emulator.as_ref()
    }

    /// The queues' engine.
    #[must_use]
    pub fn sqs(&self) -> &Sqs {
        &self.sqs
    }

    /// From now on only so many messages reach a function and all others are lost; `None` loses none.
    pub fn deliver_only(&self, messages: Option<u32>) {
        self.allowance.set(messages);
    }

    /// One sweep now, as the schedule would start it.
    ///
    /// # Errors
    /// The table was out of reach or refused, or the function was stopped.
    pub async fn reconcile(&self) -> Result<Report, NotReconciled> {
        triggers::schedule::reconcile(&self.invocations, &self.cleanup).await
    }

    /// The functions at work.
    #[must_use]
    pub fn invocations(&self) -> &Invocations {
        &self.invocations
    }

    /// What every queue holds, by name, those of dead letters too.
    pub async fn depths(&self) -> Vec<(String, Depth)> {
        let mut depths = Vec::new();
        for queue in resources::queues().flat_map(|(_, name)| [format!("{name}-dead-letters"), name]) {
            let depth = self.sqs.depth(&queue).await;
            depths.push((queue, depth));
        }
        depths
    }

    /// Resolves when no message can be received or is being worked on, no function works and fal is idle. What comes
    /// later does not count: delayed messages, and those that a function which died or failed has left.
    pub async fn settle(&self) {
        // Twice in a row, as one look at each is no look at all of them at one moment.
        let mut quiet = 0;
        while quiet < 3 {
            if let Some(emulator) = &self.emulator {
                emulator.idle().await;
            }
            let (mut busy, mut in_flight) = (!self.invocations.running().is_empty(), 0);
            for (_, queue) in resources::queues() {
                let depth = self.sqs.depth(&queue).await;
                busy |= depth.visible > 0;
                in_flight += depth.in_flight;
            }
            busy |= in_flight > self.invocations.messages_left();
            quiet = if busy { 0 } else { quiet + 1 };
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }

    /// Lets what is under way finish and stops.
    pub async fn stop(mut self) {
        let _ = self.stopping.send(true);
        while self.tasks.join_next().await.is_some() {}
        if let Some(emulator) = self.emulator {
            emulator.stop().await;
        }
        tokio::join!(self.dynamodb.stop(), self.s3.stop(), self.sqs.stop());
    }
}

/// Whether the functions are told of another fal than the emulator.
fn fal_is_given(environment: &[(String, String)]) -> bool {
    environment.iter().any(|(name, value)| name.starts_with("FAL_KEY") && !value.trim().is_empty())
}
