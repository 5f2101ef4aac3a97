//! `likeness bench`: how fast jobs go through, what each calls, and what that costs on AWS. The emulator is a process of its
//! own, so that what it takes to draw is not counted as ours.

mod emulator;
mod meter;
mod prices;

use std::{
    collections::BTreeMap,
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use futures_util::{StreamExt, stream};
use likeness_core::{
    config::StoreConfig,
    store::{JobView, Store},
};
use likeness_domain::{clock::Clock, id::JobId, job::JobStatus, money::Usd, rng::Rng};

use self::{
    emulator::EmulatorProcess,
    meter::Meter,
    prices::{Prices, Use},
};
use likeness_stack::{Stack, StackOptions, Total};

use super::{
    data::DEMO,
    load::{Caller, Ended, Kind, References, of_kind},
    process::{cpu_time, peak_megabytes},
};

type Failed = Box<dyn Error + Send + Sync>;

#[derive(Debug, Args)]
pub(super) struct Bench {
    /// How many jobs.
    #[arg(long, default_value_t = 20)]
    jobs: usize,
    /// What they make.
    #[arg(long, value_enum, default_value_t = Kind::Master)]
    kind: Kind,
    /// How many are under way at once; one shows how long a job takes that is alone.
    #[arg(long, default_value_t = 1)]
    together: usize,
    /// How long the emulator takes for a picture.
    #[arg(long, default_value_t = 0, value_name = "MILLISECONDS")]
    fal_delay: u64,
}

/// How often a job is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What was counted between the first request and the last end.
struct Counted {
    took: Duration,
    cpu: Duration,
    views: Vec<JobView>,
    /// For each job that came to an end the time from accept to completed, in milliseconds, shortest first.
    whole: Vec<i64>,
    /// The same without the time in which fal had something of it.
    ours: Vec<i64>,
}

impl Bench {
    pub(super) async fn run(self) -> Result<(), Failed> {
        let emulator = EmulatorProcess::start(self.fal_delay)?;
        let meter = Meter::default();
        let stack = start(&emulator, &meter).await?;
        let token = "bench";
        stack.create_tenant(DEMO, token, Clock::system().now()).await?;
        let caller = Arc::new(Caller::new(stack.url(), token, LOOK_EVERY, LOOK_EVERY)?);
        let references = References::make(&caller).await?;
        stack.settle().await;
        let before = stack.invocations().totals();
        meter.reset();

        let counted = self.work(&stack, &emulator, &caller, &references).await?;
        stack.settle().await;
        self.report(&counted, &meter, &stack, &before)?;
        stack.stop().await;
        Ok(())
    }

    async fn work(
        &self,
        stack: &Stack,
        emulator: &EmulatorProcess,
        caller: &Arc<Caller>,
        references: &References,
    ) -> Result<Counted, Failed> {
        let (began, cpu) = (Instant::now(), cpu_time());
        let orders = of_kind(self.kind, self.jobs, references);
        let jobs = stream::iter(orders).map(|order| {
            let caller = Arc::clone(caller);
            async move { caller.see_through(&order).await }
        });
        let ended: Vec<Result<Ended, Failed>> = jobs.buffer_unordered(self.together.max(1)).collect().await;
        let (took, cpu) = (began.elapsed(), cpu_time().saturating_sub(cpu));
        let store = Store::new(StoreConfig::from_env(stack.env())?, Rng::from_os());
        let fal = emulator.time_by_job().await?;
        let (mut views, mut whole, mut ours) = (Vec::new(), Vec::new(), Vec::new());
        for job in ended {
            let id: JobId = job?.id.parse()?;
            let view = store.job(id).await?.ok_or("a job is gone")?;
            if let Some(ending) = view.job.value.ending() {
                let took = i64::try_from(ending.at.duration_since(view.job.value.created_at).as_millis())?;
                whole.push(took);
                ours.push(took - fal.get(&id).copied().unwrap_or_default());
            }
            views.push(view);
        }
        whole.sort_unstable();
        ours.sort_unstable();
        Ok(Counted { took, cpu, views, whole, ours })
    }

    fn report(
        &self,
        counted: &Counted,
        meter: &Meter,
        stack: &Stack,
        before: &BTreeMap<&'static str, Total>,
    ) -> Result<(), Failed> {
        let shots = || counted.views.iter().flat_map(|view| &view.shots);
        let images = shots().map(|shot| shot.value.media().len()).sum::<usize>().max(1);
        let good =
            counted.views.iter().filter(|view| view.job.value.status(&view.plain_shots()) == JobStatus::Completed);
        let seconds = counted.took.as_secs_f64();
        let at =
            |times: &[i64], share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
        println!(
            "bench: {} jobs ({:?}), {} at once, fal takes {} ms; {} completed, {images} images",
            self.jobs,
            self.kind,
            self.together,
            self.fal_delay,
            good.count()
        );
        println!("  {:.2} jobs/s, {:.2} images/s", self.jobs as f64 / seconds, images as f64 / seconds);
        for (what, times) in [("", &counted.whole), (" without fal's own time", &counted.ours)] {
            println!("  accept to completed{what}: p50 {} ms, p95 {} ms", at(times, 0.5), at(times, 0.95));
        }
        println!(
            "  {:.0} ms of processor per image, {} MB at most (functions, engines and triggers in one process)",
            counted.cpu.as_secs_f64() * 1000.0 / images as f64,
            peak_megabytes()
        );
        meter.print(self.jobs, images);
        let mut used = meter.used();
        for (function, total) in stack.invocations().totals() {
            let earlier = before.get(function).copied().unwrap_or_default();
            let (invocations, time) = (total.invocations - earlier.invocations, total.time - earlier.time);
            used.add_function(function, invocations, time);
            println!(
                "  {function:<9} {:>6.2} invocations and {:>6.0} ms per image",
                invocations as f64 / images as f64,
                time.as_secs_f64() * 1000.0 / images as f64
            );
        }
        print_money(&used, images, shots().filter_map(|shot| shot.value.charge()).sum())
    }
}

fn print_money(used: &Use, images: usize, fal: Usd) -> Result<(), Failed> {
    let prices = Prices::load()?;
    let per_thousand = |dollars: f64| dollars / images as f64 * 1000.0;
    let mut sum = 0.0;
    println!("  cost of 1,000 images on AWS and R2 ({}, prices of {}):", prices.region, prices.read);
    for (name, dollars) in used.cost(&prices) {
        sum += dollars;
        println!("    {name:<22} {:>8.4} USD", per_thousand(dollars));
    }
    let fal = per_thousand(fal.dollars());
    let sum = per_thousand(sum);
    println!("    {:<22} {sum:>8.4} USD, {:.2} % of what fal charges ({fal:.2} USD)", "together", sum / fal * 100.0);
    Ok(())
}

async fn start(emulator: &EmulatorProcess, meter: &Meter) -> Result<Stack, Failed> {
    let mut environment = emulator.environment();
    environment.push(("FAL_RATE_LIMIT_PER_MINUTE".to_owned(), "1000000".to_owned()));
    Ok(Stack::start(StackOptions {
        environment,
        reconcile_every: Some(Duration::from_secs(60)),
        wire: Some(meter.wire()),
        ..StackOptions::default()
    })
    .await?)
}
