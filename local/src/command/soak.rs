//! `likeness soak`: many jobs of all kinds while everything goes wrong, and then whether anything was lost, doubled, left
//! hanging or held.

mod faults;
mod memory;

use std::{
    error::Error,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use futures_util::{StreamExt, stream};
use likeness_core::{clock::Clock, entropy::Entropy};

use self::{faults::Faults, memory::resident_megabytes};
use super::{
    data::DEMO,
    load::{Caller, Ended, Order, References, mixture},
};
use crate::{
    audit::{Audit, audit},
    fal::EmulatorOptions,
    stack::{Stack, StackOptions},
};

type Failed = Box<dyn Error + Send + Sync>;

/// How many jobs are under way at once. Many, as most of them wait: for a hidden message, for a window to pass.
const CALLERS: usize = 120;
/// How long what is left over may take after the last job: a lost submit is given up after a minute, and a hidden message
/// comes again after half of one.
const LAST_SWEEPS: Duration = Duration::from_secs(240);

#[derive(Debug, Args)]
pub(super) struct Soak {
    /// How many jobs.
    #[arg(long, default_value_t = 200)]
    jobs: usize,
    /// Which part of the requests to fal meets a fault; a tenth of that of all other calls, and as many invocations are
    /// stopped dead.
    #[arg(long, default_value_t = 0.2)]
    faults: f64,
    /// Which jobs, which faults.
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
        let caller = Arc::new(Caller::new(stack.url(), &token, Duration::from_secs(1))?);
        let references = References::make(&caller).await?;
        let made_before = References::JOBS;

        let orders = mixture(self.jobs, self.seed, &references);
        faults.begin(&stack, &orders);
        let (ended, memory) = tokio::select! {
            worked = self.work(&caller, orders) => worked?,
            never = faults.kill(&stack) => match never {},
        };
        faults.end(&stack);
        let found = look_at_the_end(&stack).await?;
        self.report(&ended, &found, &faults, &memory, began);
        let lost = self.jobs + made_before - found.jobs.min(self.jobs + made_before);
        let doubled = found.jobs.saturating_sub(self.jobs + made_before);
        println!(
            "lost {lost}, doubled {doubled}, violations {}, undecidable {}",
            found.violations.len(),
            found.undecidable.len()
        );
        for violation in &found.violations {
            println!("  {violation}");
        }
        stack.stop().await;
        if lost + doubled + found.violations.len() > 0 {
            return Err(format!("not sound; everything is kept in {}", self.data.display()).into());
        }
        std::fs::remove_dir_all(&self.data)?;
        Ok(())
    }

    async fn start(&self, faults: &Faults) -> Result<Stack, Failed> {
        let patience = [
            ("FAL_RATE_LIMIT_PER_MINUTE", "1000000"),
            // A slot whose shot was stopped is held for a minute.
            ("MAX_CONCURRENT_GENERATIONS", "30"),
            // A busy machine is late; what is late must not pass for lost.
            ("FAL_START_TIMEOUT_SECONDS", "30"),
            ("FAL_GENERATION_TIMEOUT_SECONDS", "30"),
        ];
        Ok(Stack::start(StackOptions {
            port: 0,
            data: Some(self.data.clone()),
            environment: patience.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            fal: EmulatorOptions { delay: Duration::from_millis(100), ..EmulatorOptions::default() },
            sweep_every: Some(Duration::from_secs(2)),
            clock: Clock::system(),
            entropy: Entropy::from_os(),
            wire: Some(faults.wire()),
            one_at_a_time: false,
        })
        .await?)
    }

    /// Has all jobs made; returns how they ended, and the memory in use after each tenth of them.
    async fn work(&self, caller: &Arc<Caller>, orders: Vec<Order>) -> Result<(Vec<Ended>, Vec<u64>), Failed> {
        let mut jobs = stream::iter(orders)
            .map(|order| {
                let caller = Arc::clone(caller);
                async move { caller.see_through(&order).await }
            })
            .buffer_unordered(CALLERS);
        let (mut ended, mut memory) = (Vec::new(), Vec::new());
        while let Some(job) = jobs.next().await {
            ended.push(job?);
            if ended.len() % self.jobs.div_ceil(10) == 0 {
                memory.push(resident_megabytes());
                eprintln!("{} of {} jobs, {} MB", ended.len(), self.jobs, memory.last().unwrap_or(&0));
            }
        }
        Ok((ended, memory))
    }

    fn report(&self, ended: &[Ended], found: &Audit, faults: &Faults, memory: &[u64], began: Instant) {
        let count = |status: &str| ended.iter().filter(|job| job.status == status).count();
        let sent: usize = ended.iter().map(|job| job.requests).sum();
        println!("soak: {} jobs, faults {}, seed {}", self.jobs, self.faults, self.seed);
        println!(
            "  jobs      {} completed, {} partial, {} failed, {} canceled; asked for {sent} times",
            count("completed"),
            count("partial"),
            count("failed"),
            count("canceled")
        );
        println!(
            "  pictures  {} stored in {} objects, {} requests at fal, {} paid twice",
            found.images, found.objects, found.requests, found.paid_twice
        );
        println!("  faults    {faults}");
        println!("  messages  {} given up to dead letters", found.dead_letters);
        println!("  memory    {memory:?} MB after each tenth of the jobs");
        println!("  time      {:.0} s", began.elapsed().as_secs_f64());
    }
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
