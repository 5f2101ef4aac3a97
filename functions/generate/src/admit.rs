//! Admission: a slot, a token and the best waiting shot, in one transaction, until one of the three is missing.

use std::{collections::HashSet, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use likeness_core::{
    clients::queue::LaneWakeUp,
    steps::cancel::cancel_unwanted,
    store::{Claim, Saved, StoreError, Versioned, Waiting},
    telemetry::causes,
};
use likeness_domain::{
    admission::{AdmissionState, Held},
    id::{JobId, ShotId},
    lane::Lane,
    shot::{CancelAtProvider, ProviderRequest, Shot, ShotState},
};
use tokio::{task::JoinSet, time::Instant};

use crate::{
    app::App,
    submit::{Errand, submit},
};

/// How many waiting shots are looked at together; some may have been taken by others, or may not go yet.
const LOOK_AT: u16 = 10;

/// How long one invocation admits. Where room is made as fast as it is taken it would never end by itself, and the end
/// of its time would find it with requests on their way to fal.
const ADMIT_FOR: Duration = Duration::from_secs(20);

/// How long at most one that lost the admission state to another stands aside, in milliseconds.
const STAND_ASIDE: u64 = 60;

/// So many shots with a record that is at fault may stand in the way of the others.
const MOST_PASSED_OVER: usize = 20;

/// Submits as much as there is room for. `hinted` wait, as was just read: the index may not show them yet.
pub(crate) async fn admit(app: &Arc<App>, hinted: Vec<Versioned<Shot>>) -> Result<(), StoreError> {
    let mut submits = JoinSet::new();
    let admitted = Admission::new(app, hinted).run(&mut submits).await;
    // What was claimed is submitted whatever happened to the others.
    while let Some(submitted) = submits.join_next().await {
        match submitted {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(error = causes(&error), "left to the reconciler"),
            Err(panic) => tracing::error!(error = causes(&panic), "a submit panicked"),
        }
    }
    admitted
}

/// One pass over the shots that wait, best first. A shot that begins to wait meanwhile, at whatever rank, has a wake-up
/// message of its own, and so a pass: this one need not begin anew.
struct Admission<'a> {
    app: &'a Arc<App>,
    hinted: Vec<Versioned<Shot>>,
    listed: Waiting<'a>,
    /// Read off the list, and still to be admitted.
    aside: Option<Versioned<Shot>>,
    /// Not to be looked at again in this pass.
    gone: HashSet<ShotId>,
    /// Jobs that have as much in flight as they may, or were taken back: their other shots need not be looked at.
    closed: HashSet<JobId>,
    passed_over: usize,
}

enum Step {
    Submit { shot: Box<Shot>, errand: Errand },
    Next,
    Enough,
}

/// No shot can be admitted; where the fault may be one shot's, which.
struct NotAdmitted {
    shot: Option<ShotId>,
    error: StoreError,
}

impl From<StoreError> for NotAdmitted {
    fn from(error: StoreError) -> Self {
        Self { shot: None, error }
    }
}

impl<'a> Admission<'a> {
    fn new(app: &'a Arc<App>, hinted: Vec<Versioned<Shot>>) -> Self {
        let listed = app.recorder.store.waiting(LOOK_AT);
        let (gone, closed) = (HashSet::new(), HashSet::new());
        Self { app, hinted, listed, aside: None, gone, closed, passed_over: 0 }
    }

    async fn run(&mut self, submits: &mut JoinSet<Result<(), StoreError>>) -> Result<(), StoreError> {
        let until = Instant::now() + ADMIT_FOR;
        while Instant::now() < until {
            match self.admit_best().await {
                Ok(Step::Submit { shot, errand }) => {
                    submits.spawn(submit(Arc::clone(self.app), *shot, errand));
                    if errand == Errand::Probe {
                        return Ok(());
                    }
                }
                Ok(Step::Next) => {}
                Ok(Step::Enough) => return Ok(()),
                Err(NotAdmitted { shot: Some(shot), error }) if self.may_pass_over(&error) => {
                    tracing::error!(shot.id = %shot, error = causes(&error), "a shot cannot be admitted and is passed over");
                    self.passed_over += 1;
                    self.gone.insert(shot);
                }
                Err(NotAdmitted { error, .. }) => return Err(error),
            }
        }
        self.come_back(SignedDuration::ZERO).await;
        Ok(())
    }

    /// A shot whose own record is at fault is left where it is: the others are not to wait behind it for ever. Where it
    /// lies with many, it lies with the table.
    fn may_pass_over(&self, error: &StoreError) -> bool {
        error.is_lasting() && self.passed_over < MOST_PASSED_OVER
    }

    async fn admit_best(&mut self) -> Result<Step, NotAdmitted> {
        let (app, now) = (self.app, self.app.clock.now());
        let admission_state = app.recorder.store.admission_state().await?;
        let Some(slot) = admission_state.free_slot(app.limits, now, &app.recorder.rng) else {
            return Ok(Step::Enough);
        };
        let Some(shot) = self.best(&admission_state, now).await? else { return Ok(Step::Enough) };
        // fal takes nothing: no shot until the time is up, and then one alone, until fal takes one.
        let errand = match &admission_state.weather.stop {
            None if admission_state.weather.is_foul() => Errand::AfterRefusal,
            None => Errand::Usual,
            Some(stop) if stop.until > now => return Ok(self.come_back(stop.until.duration_since(now)).await),
            Some(_) => Errand::Probe,
        };
        let recent = match admission_state.recent.with_one_more(app.limits, now) {
            Ok(recent) => recent,
            Err(wait) => return Ok(self.come_back(wait).await),
        };
        let id = shot.value.id;
        let by_this_shot = |error| NotAdmitted { shot: Some(id), error };
        // Read after the shot was seen to wait: a shot that comes back from fal after its job was marked is not sent
        // again.
        let unwanted = cancel_unwanted(&app.recorder.store, &app.recorder.queues, id.job, now).await;
        if unwanted.map_err(by_this_shot)? {
            self.closed.insert(id.job);
            return Ok(Step::Next);
        }
        let Some((claimed, held)) = claimed(app, &shot.value, slot, now) else {
            self.gone.insert(id);
            return Ok(Step::Next);
        };
        if errand == Errand::Probe
            && app.recorder.store.take_probe(&admission_state.weather, now).await? == Saved::Conflict
        {
            self.aside.get_or_insert(shot);
            return Ok(Step::Next);
        }
        let claim = app.recorder.store.claim(&shot, &claimed, &held, &admission_state, recent, now).await;
        match claim.map_err(by_this_shot)? {
            Claim::Taken => {
                self.gone.insert(id);
                return Ok(Step::Submit { shot: Box::new(claimed), errand });
            }
            Claim::ShotGone => {
                self.gone.insert(id);
            }
            Claim::StateMoved => {
                self.aside.get_or_insert(shot);
                tokio::time::sleep(Duration::from_millis(app.recorder.rng.range(1..=STAND_ASIDE))).await;
            }
        }
        Ok(Step::Next)
    }

    /// The best shot that waits and whose job may have one more in flight: of those listed and those hinted at.
    async fn best(
        &mut self,
        admission_state: &AdmissionState,
        now: Timestamp,
    ) -> Result<Option<Versioned<Shot>>, NotAdmitted> {
        let listed = self.next_listed(admission_state, now).await?;
        let hinted =
            self.hinted.iter().filter(|shot| !self.is_out(shot.value.id) && may_go(&shot.value, admission_state, now));
        let hinted = hinted.min_by_key(|shot| place(shot)).cloned();
        Ok(match (hinted, listed) {
            (Some(hinted), Some(listed)) if place(&hinted) < place(&listed) => {
                self.aside = Some(listed);
                Some(hinted)
            }
            (Some(hinted), None) => Some(hinted),
            (_, listed) => listed,
        })
    }

    async fn next_listed(
        &mut self,
        admission_state: &AdmissionState,
        now: Timestamp,
    ) -> Result<Option<Versioned<Shot>>, NotAdmitted> {
        loop {
            let shot = match self.aside.take() {
                Some(shot) => shot,
                None => {
                    let Some(id) = self.listed.next().await? else { return Ok(None) };
                    if self.is_out(id) {
                        continue;
                    }
                    match self.read(id).await? {
                        Some(shot) => shot,
                        None => continue,
                    }
                }
            };
            let id = shot.value.id;
            let waits = matches!(shot.value.state, ShotState::Waiting { .. });
            if !waits || self.is_out(id) {
                continue;
            }
            if may_go(&shot.value, admission_state, now) {
                return Ok(Some(shot));
            }
            self.closed.insert(id.job);
        }
    }

    fn is_out(&self, id: ShotId) -> bool {
        self.gone.contains(&id) || self.closed.contains(&id.job)
    }

    async fn read(&self, id: ShotId) -> Result<Option<Versioned<Shot>>, NotAdmitted> {
        // A claim of what has changed since it was hinted at comes to nothing.
        if let Some(hinted) = self.hinted.iter().find(|shot| shot.value.id == id) {
            return Ok(Some(hinted.clone()));
        }
        self.app.recorder.store.shot(id).await.map_err(|error| NotAdmitted { shot: Some(id), error })
    }

    /// There is work and no token for it, or fal refuses us, or the time is up: a message brings us back.
    async fn come_back(&self, after: SignedDuration) -> Step {
        self.app.recorder.queues.wake_lane(Lane::Master, LaneWakeUp::Room, after).await;
        Step::Enough
    }
}

fn place(shot: &Versioned<Shot>) -> String {
    shot.value.rank.sort_key(shot.value.id)
}

fn may_go(shot: &Shot, admission_state: &AdmissionState, now: Timestamp) -> bool {
    shot.together.is_none_or(|most| admission_state.in_flight_of(shot.id.job, now) < usize::from(most))
}

fn claimed(app: &App, shot: &Shot, slot: u16, now: Timestamp) -> Option<(Shot, Held)> {
    let lease_until = now + app.fal.patience().window();
    let claimed = shot
        .clone()
        .claim(ProviderRequest { slot, lease_until, cancel_at_provider: CancelAtProvider::No }, nonce(app), now)
        .ok()?;
    let slot_until = claimed.slot_lease().unwrap_or(lease_until);
    let held = Held { slot, shot: claimed.id, attempt: claimed.attempt(), lease_until: slot_until, left: None };
    Some((claimed.looked_at(now + app.fal.patience().check), held))
}

fn nonce(app: &App) -> String {
    app.recorder.rng.bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect()
}
