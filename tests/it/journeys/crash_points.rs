//! Crash points: a journey is made once, undisturbed, and every call that a function makes to the table, the queues,
//! the bucket and fal is noted. Then it is made again for each of them: the function is stopped dead right before the call,
//! and for the last call of an invocation also right after it (the call has its effect, its answer is lost). After any other
//! call there is nothing to stop at that is not before the next one: a function keeps nothing between two calls. Whatever AWS
//! would deliver again is delivered again. Each time it must come to the same end, and nothing may be lost, doubled, held or
//! left over.

mod journey;
mod script;

use std::{fmt::Write as _, io::Write as _};

use futures_util::{StreamExt, stream};
use likeness_stack::audit::audit;

use self::{
    journey::{Ground, Journey, Outcome, Run},
    script::{Point, When},
};

/// How many runs at once.
const TOGETHER: usize = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_survives_a_stop_at_any_call() {
    reconcile(Journey::Master, 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_survives_a_stop_at_any_call() {
    reconcile(Journey::Profile, 40).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_composite_survives_a_stop_at_any_call() {
    reconcile(Journey::Composite, 25).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portrait_survives_a_stop_at_any_call() {
    reconcile(Journey::Portrait, 25).await;
}

/// Here the reconciler does the work, and is stopped at its own calls too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_without_a_callback_survives_a_stop_at_any_call() {
    reconcile(Journey::Unheard, 25).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_survives_a_stop_at_any_call() {
    reconcile(Journey::Canceled, 15).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_survives_a_stop_at_any_call() {
    reconcile(Journey::Retried, 20).await;
}

/// Makes `journey` with a stop at each of its calls, of which there must be `at_least` so many: a recording that missed calls
/// would prove nothing.
async fn reconcile(journey: Journey, at_least: usize) {
    let ground = Ground::of(journey).await;
    let (undisturbed, calls) = record(&ground).await;
    let points = stops(&calls);
    let runs = stream::iter(&points).map(|(point, when)| stopped_at(&ground, point, *when, &undisturbed));
    let runs: Vec<Stopped> = runs.buffer_unordered(TOGETHER).collect().await;
    let violations: Vec<&String> = runs.iter().flat_map(|run| &run.violations).collect();
    let undecidable = runs.iter().filter(|run| run.undecidable).count();
    let mut report = format!(
        "crash points | {:<10} | {:>3} calls | {:>3} points | {undecidable:>2} undecidable | {} violations\n",
        journey.name(),
        calls.len(),
        points.len(),
        violations.len()
    );
    for violation in &violations {
        let _ = writeln!(report, "  {violation}");
    }
    // Past the test runner, which would keep it to itself.
    let _ = std::io::stderr().write_all(report.as_bytes());
    assert!(violations.is_empty(), "{report}");
    assert!(calls.len() >= at_least, "{report}");
}

/// Before each call, and after the last of each invocation.
fn stops(calls: &[Point]) -> Vec<(Point, When)> {
    let mut stops = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        stops.push((call.clone(), When::Before));
        if !calls[at + 1..].iter().any(|later| later.is_in_invocation_of(call)) {
            stops.push((call.clone(), When::After));
        }
    }
    stops
}

async fn record(ground: &Ground) -> (Outcome, Vec<Point>) {
    let run = Run::prepare(ground, None).await;
    let outcome = run.go().await;
    let found = audit(run.stack()).await.unwrap();
    assert_eq!(found.violations, [], "{} is not sound undisturbed", ground.journey.name());
    (outcome, run.end().await)
}

/// How a run with a stop ended.
struct Stopped {
    violations: Vec<String>,
    /// fal took a request of which it never told: see [`Journey::may_be_undecidable`].
    undecidable: bool,
}

async fn stopped_at(ground: &Ground, point: &Point, when: When, undisturbed: &Outcome) -> Stopped {
    let journey = ground.journey;
    let run = Run::prepare(ground, Some((point.clone(), when))).await;
    let mut outcome = run.go().await;
    let found = audit(run.stack()).await.unwrap();
    let mut wrong: Vec<String> = found.violations.iter().map(ToString::to_string).collect();
    let undecidable = journey.may_be_undecidable() && !found.undecidable.is_empty();
    if undecidable {
        outcome.requests -= found.undecidable.len();
    }
    if outcome != *undisturbed {
        wrong.push(format!("ended as {outcome:?}, undisturbed as {undisturbed:?}"));
    }
    if !run.was_stopped() {
        wrong.push("was not reached".to_owned());
    }
    run.end().await;
    let violations = wrong.into_iter().map(|what| format!("{} {when:?} {point}: {what}", journey.name()));
    Stopped { violations: violations.collect(), undecidable }
}
