//! A long backlog costs nothing: what admission reads and writes for a shot does not grow with the number of those that
//! wait.

use std::{
    io::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::SignedDuration;
use likeness_core::store::{Acceptance, JobView, NewJob, Saved, Store};
use likeness_domain::{
    admission::Stop,
    id::{JobId, ShotId},
    job::Job,
    lane::Lane,
    recipe::Recipe,
    rng::Rng,
    shot::{Rank, Shot},
};
use likeness_stack::wire::{Service, Wire};

use crate::harness::{Product, unlimited};

const SLOTS: usize = 200;
/// Ten minutes, and the time of the looks themselves: some fifty times what it takes.
const MOST_LOOKS: usize = 12_000;
/// A transaction holds a hundred items.
const SHOTS_OF_A_JOB: u16 = 90;

/// What the table was asked for: calls and capacity units.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    calls: f64,
    units: f64,
}

/// What filling all slots costs, per shot, while `backlog` shots wait.
async fn admission_cost(backlog: usize) -> Spent {
    let spent = Arc::new(Mutex::new(Spent::default()));
    let counted = Arc::clone(&spent);
    let wire = Wire::metered(move |call, cost| {
        if call.service == Service::Table {
            let mut spent = counted.lock().unwrap();
            spent.calls += 1.0;
            spent.units += cost.units;
        }
    });
    let product = Product::with(|options| {
        options.wire = Some(wire);
        options.environment.push(("MAX_CONCURRENT_GENERATIONS".to_owned(), SLOTS.to_string()));
        // Nothing comes back while it is counted.
        options.environment.push(("FAL_GENERATION_TIMEOUT_SECONDS".to_owned(), "500".to_owned()));
        options.fal.delay = Duration::from_secs(600);
        options.fal.concurrency = SLOTS;
        options.one_at_a_time = true;
    })
    .await;
    let store = product.store();
    let stop = Stop::new(product.test_clock.now() + SignedDuration::from_hours(1), "filling up");
    let Saved::Yes = store.stop_lanes(stop, product.test_clock.now()).await.unwrap() else {
        panic!("nothing stops yet")
    };
    let sample = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    let sample = store.job(sample.parse().unwrap()).await.unwrap().unwrap();
    let rng = Rng::seeded(3);
    let mut waiting = 1;
    while waiting < backlog {
        let id = JobId::new(product.test_clock.now(), &rng);
        let job = Job { id, shots: SHOTS_OF_A_JOB, cache_key: None, ..sample.job.value.clone() };
        let shots: Vec<Shot> = (0..SHOTS_OF_A_JOB)
            .map(|ordinal| {
                let rank = Rank { priority: 0, turn: waiting as u64 + u64::from(ordinal) };
                Shot::new(id.shot(ordinal), job.project.clone(), Lane::Master, rank, first_recipe(&sample))
            })
            .collect();
        let reading = unlimited(&job);
        let new =
            NewJob { job: &job, shots: &shots, subject: None, idempotency: None, workflow: None, reading: &reading };
        assert_eq!(store.accept_job(&new, product.test_clock.now()).await.unwrap(), Acceptance::Accepted);
        waiting += usize::from(SHOTS_OF_A_JOB);
    }
    store.open_lanes().await.unwrap();
    *spent.lock().unwrap() = Spent::default();
    // The reconciler wakes admission, which goes on until every slot is taken.
    product.stack().reconcile().await.unwrap();
    let mut looks = 0;
    loop {
        let (taken, running) = (
            store.admission_state().await.unwrap().in_flight(product.test_clock.now()),
            product.stack().invocations().running(),
        );
        if taken == SLOTS && running.is_empty() {
            break;
        }
        looks += 1;
        assert!(looks < MOST_LOOKS, "{taken} of {SLOTS} slots are taken, and {running:?} are at work");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(store.backlog(Lane::Master, u64::MAX).await.unwrap() as usize >= backlog - SLOTS);
    let Spent { calls, units } = *spent.lock().unwrap();
    product.crash().await;
    Spent { calls: calls / SLOTS as f64, units: units / SLOTS as f64 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lanes_are_one_line_by_rank_over_all_their_pages() {
    let product = Product::start().await;
    let (store, now) = (product.store(), product.test_clock.now());
    let stop = Stop::new(now + SignedDuration::from_hours(1), "filling up");
    let Saved::Yes = store.stop_lanes(stop, now).await.unwrap() else { panic!("nothing stops yet") };
    let sample = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    let sample = store.job(sample.parse().unwrap()).await.unwrap().unwrap();
    let first = sample.shots[0].value.id;
    let rng = Rng::seeded(3);
    // So many that pages end within lanes, at their ends, and before lanes that are not read yet.
    for counts in [[25, 25, 25, 25], [3, 0, 40, 1], [0, 10, 10, 0]] {
        let mut line = store_line(&store).await;
        let id = JobId::new(now, &rng);
        let lanes = Lane::ALL.into_iter().zip(counts).flat_map(|(lane, count)| (0..count).map(move |nth| (lane, nth)));
        let shots: Vec<Shot> = lanes
            .zip(0..)
            .map(|((lane, nth), ordinal)| {
                // Interleaved: the nth of each lane stand side by side.
                let rank = Rank { priority: 1, turn: 10 + nth };
                Shot::new(id.shot(ordinal), sample.job.value.project.clone(), lane, rank, first_recipe(&sample))
            })
            .collect();
        for (number, some) in shots.chunks(usize::from(SHOTS_OF_A_JOB)).enumerate() {
            let job = Job { id: JobId::new(now, &rng), cache_key: None, ..sample.job.value.clone() };
            let job = if number == 0 { Job { id, ..job } } else { job };
            let reading = unlimited(&job);
            let new =
                NewJob { job: &job, shots: some, subject: None, idempotency: None, workflow: None, reading: &reading };
            assert_eq!(store.accept_job(&new, now).await.unwrap(), Acceptance::Accepted);
        }
        line.extend(shots.iter().map(|shot| (shot.rank.sort_key(shot.id), shot.id)));
        line.sort();
        let told: Vec<_> = store_line(&store).await;
        assert_eq!(told, line, "{counts:?}");
        assert_eq!(told[0].1, first, "a master goes first");
    }
    product.crash().await;
}

fn first_recipe(view: &JobView) -> Recipe {
    view.shots[0].value.recipe.clone()
}

/// All shots that wait, as the store lists them, with their places.
async fn store_line(store: &Store) -> Vec<(String, ShotId)> {
    let (mut told, mut waiting) = (Vec::new(), store.waiting(10));
    while let Some(id) = waiting.next().await.unwrap() {
        let shot = store.shot(id).await.unwrap().unwrap().value;
        told.push((shot.rank.sort_key(id), id));
    }
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_waiting_shots_make_admission_no_dearer() {
    let few = admission_cost(300).await;
    let many = admission_cost(10_000).await;
    for (waiting, Spent { calls, units }) in [(300, few), (10_000, many)] {
        let line = format!("admission | {waiting:>6} waiting | {calls:.2} calls, {units:.1} units a shot\n");
        // Past the test runner, which would keep it to itself.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
    assert!(many.calls < few.calls * 1.1 && many.units < few.units * 1.1, "{few:?} per shot, then {many:?}");
    assert!(few.calls > 1.0, "nothing was counted: {few:?}");
}
