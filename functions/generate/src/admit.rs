//! Admission: a slot, a token and the best waiting shot, in one transaction, until one of the three is missing.

use std::{collections::HashSet, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use likeness_core::{
    admission::{Gate, Held},
    id::{JobId, ShotId},
    lane::Lane,
    queue::LaneHint,
    shot::{CallOff, Flight, Shot, ShotState},
    store::{Claim, StoreError, Versioned},
    take_back::take_back_unwanted,
    telemetry::causes,
};
use tokio::{task::JoinSet, time::Instant};

use crate::{app::App, submit::submit};

/// How many waiting shots of a lane are looked at together; some may have been taken by others, or may not go yet.
const LOOK_AT: u16 = 10;

/// How long one invocation admits. Where room is made as fast as it is taken it would never end by itself, and the end of
/// its time would find it with requests on their way to fal.
const ADMIT_FOR: Duration = Duration::from_secs(20);

/// How long at most one that lost the gate to another stands aside, in milliseconds.
const STAND_ASIDE: u64 = 60;

/// So many shots with a record that is at fault may stand in the way of the others.
const MOST_PASSED_OVER: u16 = 20;

/// How long admission waits for the one shot that finds out whether fal takes requests again.
const PROBE_PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// Submits as much as there is room for. `jobs` were just hinted at: the index may not show their shots yet.
pub(crate) async fn admit(app: &Arc<App>, jobs: &[JobId]) -> Result<(), StoreError> {
    let mut submits = JoinSet::new();
    let mut gone = HashSet::new();
    let admitted = admit_all(app, jobs, &mut gone, &mut submits).await;
    // What was claimed is submitted whatever happened to the others.
    while let Some(submitted) = submits.join_next().await {
        match submitted {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(error = causes(&error), "left to the sweep"),
            Err(panic) => tracing::error!(error = causes(&panic), "a submit panicked"),
        }
    }
    admitted
}

async fn admit_all(
    app: &Arc<App>,
    jobs: &[JobId],
    gone: &mut HashSet<ShotId>,
    submits: &mut JoinSet<Result<(), StoreError>>,
) -> Result<(), StoreError> {
    let hinted = hinted_shots(app, jobs).await?;
    let (mut passed_over, until) = (0, Instant::now() + ADMIT_FOR);
    loop {
        if Instant::now() > until {
            return come_back(app, SignedDuration::ZERO).await;
        }
        let now = app.clock.now();
        let gate = app.recorder.store.gate().await?;
        let Some(slot) = gate.free_slot(app.limits, now, &app.recorder.entropy) else { return Ok(()) };
        let shot = match best(app, &hinted, gone, &gate, now).await {
            Ok(Some(shot)) => shot,
            Ok(None) => return Ok(()),
            Err(NotRead { shot: Some(shot), error }) if pass_over(gone, &mut passed_over, shot, &error) => continue,
            Err(NotRead { error, .. }) => return Err(error),
        };
        // fal refuses us: nobody until the time is up, and then one shot alone, until fal takes one.
        let probe = match &gate.stopped {
            None => false,
            Some(stop) if stop.until > now => return come_back(app, stop.until.duration_since(now)).await,
            Some(_) if gate.in_flight(now) > 0 => return come_back(app, PROBE_PAUSE).await,
            Some(_) => true,
        };
        let recent = match gate.recent.with_one_more(app.limits, now) {
            Ok(recent) => recent,
            Err(wait) => return come_back(app, wait).await,
        };
        // Read after the shot was seen to wait: a shot that comes back from fal after its job was marked is not sent again.
        match take_back_unwanted(&app.recorder.store, &app.recorder.queues, shot.value.id.job, now).await {
            Ok(false) => {}
            Ok(true) => {
                gone.insert(shot.value.id);
                continue;
            }
            Err(error) if pass_over(gone, &mut passed_over, shot.value.id, &error) => continue,
            Err(error) => return Err(error),
        }
        let Some((claimed, held)) = claimed(app, &shot, slot, now) else {
            gone.insert(shot.value.id);
            continue;
        };
        let claim = match app.recorder.store.claim(&shot, &claimed, &held, &gate, recent, now).await {
            Ok(claim) => claim,
            Err(error) if pass_over(gone, &mut passed_over, shot.value.id, &error) => continue,
            Err(error) => return Err(error),
        };
        match claim {
            Claim::Taken | Claim::ShotGone => {
                gone.insert(shot.value.id);
            }
            Claim::GateMoved => {
                tokio::time::sleep(Duration::from_millis(app.recorder.entropy.range(1..=STAND_ASIDE))).await;
            }
        }
        if claim == Claim::Taken {
            submits.spawn(submit(Arc::clone(app), claimed, probe));
            if probe {
                return Ok(());
            }
        }
    }
}

/// The waiting shots of the jobs that were hinted at, read from the table itself.
async fn hinted_shots(app: &App, jobs: &[JobId]) -> Result<Vec<Versioned<Shot>>, StoreError> {
    let mut shots = Vec::new();
    for job in jobs {
        let view = app.recorder.store.job(*job).await?;
        let waiting = view.into_iter().flat_map(|view| view.shots);
        shots.extend(waiting.filter(|shot| matches!(shot.value.state, ShotState::Waiting { not_before: None })));
    }
    Ok(shots)
}

/// Leaves `shot` where it is, with a line in the log, if the fault lies with its own record: the others are not to wait
/// behind it for ever. Where it lies with many, it lies with the table.
fn pass_over(gone: &mut HashSet<ShotId>, passed_over: &mut u16, shot: ShotId, error: &StoreError) -> bool {
    if !error.is_lasting() || *passed_over == MOST_PASSED_OVER {
        return false;
    }
    tracing::error!(shot.id = %shot, error = causes(error), "a shot cannot be admitted and is passed over");
    *passed_over += 1;
    gone.insert(shot)
}

/// What waits cannot be read; where it is one shot that cannot, which.
struct NotRead {
    shot: Option<ShotId>,
    error: StoreError,
}

impl From<StoreError> for NotRead {
    fn from(error: StoreError) -> Self {
        Self { shot: None, error }
    }
}

/// The best shot that waits and whose job may have one more in flight: of those in the index and those hinted at.
async fn best(
    app: &App,
    hinted: &[Versioned<Shot>],
    gone: &HashSet<ShotId>,
    gate: &Gate,
    now: Timestamp,
) -> Result<Option<Versioned<Shot>>, NotRead> {
    let may_go = |shot: &Shot| shot.together.is_none_or(|most| gate.in_flight_of(shot.id.job, now) < usize::from(most));
    let hinted = hinted.iter().filter(|shot| !gone.contains(&shot.value.id) && may_go(&shot.value));
    let hinted = hinted.min_by_key(|shot| shot.value.rank.sort_key(shot.value.id));
    let sort_key = |shot: &Versioned<Shot>| shot.value.rank.sort_key(shot.value.id);
    // Jobs that have as much in flight as they may: their other shots need not be read. Each holds slots, so there are few.
    let mut full = HashSet::new();
    let mut waiting = app.recorder.store.waiting(LOOK_AT);
    while let Some(id) = waiting.next().await? {
        if gone.contains(&id) || full.contains(&id.job) {
            continue;
        }
        let read = app.recorder.store.shot(id).await.map_err(|error| NotRead { shot: Some(id), error })?;
        let Some(shot) = read else { continue };
        if !matches!(shot.value.state, ShotState::Waiting { .. }) {
            continue;
        }
        if !may_go(&shot.value) {
            full.insert(id.job);
            continue;
        }
        return Ok(match hinted {
            Some(hinted) if sort_key(hinted) < sort_key(&shot) => Some(hinted.clone()),
            Some(_) | None => Some(shot),
        });
    }
    Ok(hinted.cloned())
}

fn claimed(app: &App, shot: &Versioned<Shot>, slot: u16, now: Timestamp) -> Option<(Shot, Held)> {
    let lease_until = now + app.fal.patience().window();
    let nonce = nonce(app);
    let claimed = shot.value.clone().claim(Flight { slot, lease_until, call_off: CallOff::No }, nonce, now).ok()?;
    let held = Held { slot, shot: claimed.id, attempt: claimed.attempt(), lease_until };
    Some((claimed, held))
}

fn nonce(app: &App) -> String {
    app.recorder.entropy.bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// There is work and no token for it, or fal refuses us: a message brings us back in time.
async fn come_back(app: &App, after: SignedDuration) -> Result<(), StoreError> {
    app.recorder.queues.hint_lane(Lane::Master, LaneHint::Room, after).await;
    Ok(())
}
