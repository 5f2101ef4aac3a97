//! `likeness soak`: many jobs of all kinds while everything goes wrong, and then whether anything was lost, doubled, left
//! hanging or held.

mod at_fal;
mod faults;
mod memory;
mod report;

use std::{
    error::Error,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use futures_util::{StreamExt, stream};
use likeness_domain::{clock::Clock, rng::Rng};

use self::{faults::Faults, memory::Memory, report::Outcome};
use super::{
    data::DEMO,
    load::{Caller, Ended, Order, References, mixture},
};
use likeness_fal_emulator::EmulatorOptions;
use likeness_stack::{
    Stack, StackOptions,
    audit::{Audit, audit},
};

type Failed = Box<dyn Error + Send + Sync>;

/// How many jobs are under way at once. Many, as most of them wait: for a hidden message, for a window to pass.
const CALLERS: usize = 400;
/// A caller looks at its job after this pause, ...
const LOOK_AFTER: Duration = Duration::from_secs(1);
/// ... and in the end this often: a look takes milliseconds of processor.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How often the memory in use is looked at.
const SAMPLES: usize = 50;
/// How long what is left over may take after the last job: a lost submit is given up after a minute, and a hidden
/// message comes again after half of one.
const LAST_SWEEPS: Duration = Duration::from_secs(240);

#[derive(Debug, Args)]
pub(super) struct Soak {
    /// How many jobs; one in fifty is a workflow of two.
    #[arg(long, default_value_t = 200)]
    jobs: usize,
    /// Which part of the requests to fal meets a fault there; a tenth of that of all calls meets one on the way, and a
    /// quarter of that of the invocations is to be stopped dead.
    #[arg(long, default_value_t = 0.2)]
    faults: f64,
    /// Which jobs, which faults, and what is left to chance in the product and at fal. What meets what is up to the
    /// machine.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Where data is kept meanwhile; a folder that does not exist, and is removed after a good end.
    #[arg(long, default_value = ".likeness-soak")]
    data: PathBuf,
}

impl Soak {
    pub(super) async fn run(self) -> Result<(), Failed> {
        if self.data.exists() {
            return Err(format!("{} exists: choose another --data, or remove it", self.data.display()).into());
        }
        std::fs::create_dir_all(&self.data)?;
        let began = Instant::now();
        let faults = Faults::new(self.faults, self.seed);
        let stack = self.start(&faults).await?;
        let token = format!("soak-{}", self.seed);
        stack.create_tenant(DEMO, &token, Clock::system().now()).await?;
        let caller = Arc::new(Caller::new(stack.url(), &token, LOOK_AFTER, LOOK_EVERY)?);
        let references = References::make(&caller).await?;
        let orders = mixture(self.jobs, self.seed, &references);
        faults.begin(&stack, &orders);
        let worked = tokio::select! {
            worked = self.work(&caller, orders) => worked,
            never = faults.kill(&stack) => match never {},
        };
        let struck = faults.end(&stack);
        let found = look_at_the_end(&stack).await?;
        let outcome = Outcome {
            orders: self.jobs,
            faults: self.faults,
            before: References::JOBS,
            ended: worked.ended,
            unfinished: worked.unfinished,
            found,
            struck,
            memory: worked.memory.course(self.jobs),
            took: began.elapsed(),
        };
        println!("soak: {} jobs, faults {}, seed {}", self.jobs, self.faults, self.seed);
        outcome.print();
        stack.stop().await;
        let shortcomings = outcome.shortcomings();
        if !shortcomings.is_empty() {
            return Err(format!("{}; everything is kept in {}", shortcomings.join("; "), self.data.display()).into());
        }
        std::fs::remove_dir_all(&self.data)?;
        Ok(())
    }

    async fn start(&self, faults: &Faults) -> Result<Stack, Failed> {
        let patience = [
            ("FAL_RATE_LIMIT_PER_MINUTE", "1000000"),
            // A slot whose shot was stopped is held for a minute.
            ("MAX_CONCURRENT_GENERATIONS", "60"),
            // A busy machine is late; what is late must not pass for lost.
            ("FAL_START_TIMEOUT_SECONDS", "30"),
            ("FAL_GENERATION_TIMEOUT_SECONDS", "30"),
        ];
        Ok(Stack::start(StackOptions {
            data: Some(self.data.clone()),
            environment: patience.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            fal: EmulatorOptions {
                delay: Duration::from_millis(100),
                // What never finishes keeps its place at fal until it is called off, and the function that would may be
                // stopped.
                concurrency: 1000,
                rng: Rng::seeded(!self.seed),
                ..EmulatorOptions::default()
            },
            reconcile_every: Some(Duration::from_secs(2)),
            rng: Rng::seeded(self.seed),
            wire: Some(faults.wire()),
            ..StackOptions::default()
        })
        .await?)
    }

    /// Has everything made. What fails does not end the rest.
    async fn work(&self, caller: &Arc<Caller>, orders: Vec<Order>) -> Worked {
        let mut jobs = stream::iter(orders)
            .map(|order| {
                let caller = Arc::clone(caller);
                async move { caller.see_through(&order).await }
            })
            .buffer_unordered(CALLERS);
        let (began, mut worked) = (Instant::now(), Worked::default());
        while let Some(job) = jobs.next().await {
            match job {
                Ok(job) => worked.ended.push(job),
                Err(error) => {
                    eprintln!("{error}");
                    worked.unfinished.push(error.to_string());
                    continue;
                }
            }
            let ended = worked.ended.len();
            if ended % self.jobs.div_ceil(SAMPLES) == 0 {
                let megabytes = worked.memory.sample();
                eprintln!("{ended} of {} jobs after {} s, {megabytes} MB", self.jobs, began.elapsed().as_secs());
            }
        }
        worked
    }
}

/// What became of all requests.
#[derive(Default)]
struct Worked {
    ended: Vec<Ended>,
    /// Why each of the others did not end.
    unfinished: Vec<String>,
    memory: Memory,
}

/// Once nothing is left to do, or it should be.
async fn look_at_the_end(stack: &Stack) -> Result<Audit, Failed> {
    let until = Instant::now() + LAST_SWEEPS;
    loop {
        let found = audit(stack).await?;
        if found.violations.is_empty() || Instant::now() > until {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
}
