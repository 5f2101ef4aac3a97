//! The transitions. Each consumes a shot and returns the next, or says why that cannot be.

use jiff::{SignedDuration, Timestamp};

use super::{
    Attempt, AttemptOutcome, CancelAtProvider, Delivery, FalRequest, HeldUp, ProviderRequest, Rank, Shot, ShotState,
    Told, Unclear, Work,
    retry::{self, RetryDecision},
};
use crate::{
    failure::{Failure, FailureCode},
    fal_error::{FalError, FalErrorKind},
    id::MediaId,
    money::Usd,
    prompt::Wording,
};

/// How long the ingest function has before the reconciler reminds it.
const INGEST_PATIENCE: SignedDuration = SignedDuration::from_secs(120);

/// So many attempts that fal took nothing of are kept, the last ones: a callback for one may come all the same.
const MOST_TURNED_AWAY: usize = 8;

/// A transition that the present state does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// The step was taken before, with the same effect.
    #[error("already done")]
    AlreadyDone,
    /// The attempt is not, or no longer, the one under way.
    #[error("attempt {given} is not under way, attempt {current} is")]
    OtherAttempt {
        /// The attempt spoken of.
        given: u32,
        /// The attempt under way or last.
        current: u32,
    },
    /// The step needs another state.
    #[error("not possible while {state}")]
    State {
        /// The present state's name.
        state: &'static str,
    },
}

/// What came back from fal for an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrival {
    /// Images.
    Images(Delivery),
    /// A refusal or fault.
    Error(FalError),
    /// fal took nothing, and just now takes nothing from anybody, or not yet of this one.
    TurnedAway {
        /// What it answered.
        error: FalError,
        /// The least pause before the next try.
        after: SignedDuration,
        /// For how long it is tried.
        patience: SignedDuration,
    },
    /// fal does not say what became of it, and it is waited for no longer: it may still run.
    Abandoned(FalError),
    /// Nothing, for as long as it could have come.
    Silence,
}

/// Where an arrival has led.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterArrival {
    /// The images can be fetched.
    Delivered,
    /// Another attempt follows, after this time.
    Retrying(SignedDuration),
    /// No further attempt.
    Failed,
    /// It had been called off, and came to nothing.
    Canceled,
}

impl Shot {
    /// Takes the slot: the next attempt begins.
    ///
    /// # Errors
    /// It is not waiting, or its pause is not over.
    pub fn claim(mut self, in_flight: ProviderRequest, nonce: String, now: Timestamp) -> Result<Self, Illegal> {
        match self.state {
            ShotState::Waiting { not_before } if not_before.is_none_or(|end| end <= now) => {
                let number = self.attempt() + 1;
                self.forget_turned_away();
                self.attempts.push(Attempt {
                    number,
                    recipe: self.recipe.clone(),
                    nonce,
                    started_at: now,
                    request_id: None,
                    outcome: AttemptOutcome::UnderWay,
                    provider_cost: Some(Usd::ZERO),
                    refused: Usd::ZERO,
                    paid_twice: false,
                    left_at_fal: false,
                    surplus: 0,
                    categories: Vec::new(),
                });
                self.state = ShotState::Submitting(in_flight);
                Ok(self)
            }
            _ => Err(self.illegal()),
        }
    }

    /// The pause after a failed attempt is over: back among those that admission sees.
    ///
    /// # Errors
    /// It is not pausing.
    pub fn ready(mut self, now: Timestamp) -> Result<Self, Illegal> {
        match self.state {
            ShotState::Waiting { not_before: Some(end) } if end <= now => {
                self.state = ShotState::Waiting { not_before: None };
                Ok(self)
            }
            _ => Err(self.illegal()),
        }
    }

    /// fal has the request of `attempt`.
    ///
    /// # Errors
    /// The callback was faster (`AlreadyDone`), or the attempt was given up meanwhile.
    pub fn accepted(mut self, attempt: u32, request: FalRequest, check_at: Timestamp) -> Result<Self, Illegal> {
        let current = self.attempt();
        if current != attempt {
            return Err(Illegal::OtherAttempt { given: attempt, current });
        }
        match self.state {
            ShotState::Submitting(in_flight) => {
                self.set_request_id(attempt, &request.id);
                self.held_up = None;
                let in_flight = ProviderRequest { lease_until: in_flight.lease_until.max(check_at), ..in_flight };
                let request = Box::new(request);
                self.state = ShotState::Submitted { in_flight, request, check_at, told: None, unclear: None };
                Ok(self)
            }
            _ => Err(Illegal::AlreadyDone),
        }
    }

    /// fal still works on it: ask again at `check_at`, keep the slot until then.
    ///
    /// # Errors
    /// It is not submitted.
    pub fn still_running(mut self, check_at: Timestamp) -> Result<Self, Illegal> {
        match self.state {
            ShotState::Submitted { in_flight, request, told, .. } => {
                let in_flight = ProviderRequest { lease_until: in_flight.lease_until.max(check_at), ..in_flight };
                self.state = ShotState::Submitted { in_flight, request, check_at, told, unclear: None };
                self.look_at = None;
                Ok(self)
            }
            _ => Err(self.illegal()),
        }
    }

    /// fal still works on it, for longer than it is given, and was asked to drop it: what became of it is asked at
    /// `check_at`. One that was taken back stays so.
    ///
    /// # Errors
    /// It is not submitted.
    pub fn too_late(self, check_at: Timestamp) -> Result<Self, Illegal> {
        let mut asked = self.still_running(check_at)?;
        if let ShotState::Submitted { in_flight, .. } = &mut asked.state
            && in_flight.cancel_at_provider == CancelAtProvider::No
        {
            in_flight.cancel_at_provider = CancelAtProvider::Late;
        }
        Ok(asked)
    }

    /// fal was asked, and its answer is no outcome: ask again at `check_at`. Answers of one sort are counted; `doubt`
    /// is the sort that says something.
    ///
    /// # Errors
    /// It is not submitted.
    pub fn unanswered(mut self, doubt: bool, now: Timestamp, check_at: Timestamp) -> Result<Self, Illegal> {
        match self.state {
            ShotState::Submitted { in_flight, request, told, unclear, .. } => {
                let unclear = Some(Unclear::and_another(unclear, doubt, now));
                self.state = ShotState::Submitted { in_flight, request, check_at, told, unclear };
                self.look_at = None;
                Ok(self)
            }
            _ => Err(self.illegal()),
        }
    }

    /// fal says that `attempt` is done: the result is to be fetched at once. What it has `told` of it already is kept,
    /// for the result may not be had.
    ///
    /// # Errors
    /// The attempt is not under way, or its result is to be fetched already (`AlreadyDone`): what fal says again, and a
    /// replay, ask for nothing more.
    pub fn to_be_fetched(
        mut self,
        attempt: u32,
        request_id: &str,
        told: Option<Told>,
        now: Timestamp,
    ) -> Result<Self, Illegal> {
        let current = self.attempt();
        if current != attempt {
            return Err(Illegal::OtherAttempt { given: attempt, current });
        }
        let told = told.map(Box::new);
        match self.state {
            ShotState::Submitting(in_flight) => {
                self.set_request_id(attempt, request_id);
                self.held_up = None;
                let endpoint = self.recipe.model().map(|model| model.endpoint.clone()).unwrap_or_default();
                let request = Box::new(FalRequest::documented(request_id, endpoint));
                self.state = ShotState::Submitted { in_flight, request, check_at: now, told, unclear: None };
                Ok(self)
            }
            ShotState::Submitted { in_flight, request, check_at, told: before, unclear }
                if check_at > now || (before.is_none() && told.is_some()) =>
            {
                let (told, check_at) = (before.or(told), check_at.min(now));
                self.state = ShotState::Submitted { in_flight, request, check_at, told, unclear };
                Ok(self)
            }
            ShotState::Submitted { .. } => Err(Illegal::AlreadyDone),
            _ => Err(self.illegal()),
        }
    }

    /// The outcome of `attempt` has come, by whichever way. A retry's pause has `jitter` (0 to 1) mixed in, and
    /// `wording` says what is taken out of a refused prompt.
    ///
    /// # Errors
    /// It came before (`AlreadyDone`), or the attempt was given up and another is under way (`OtherAttempt`: see
    /// [`Shot::arrived_late`]).
    pub fn arrived(
        mut self,
        attempt: u32,
        arrival: Arrival,
        jitter: f64,
        wording: &Wording,
        now: Timestamp,
    ) -> Result<(Self, AfterArrival), Illegal> {
        let current = self.attempt();
        if attempt == 0 || attempt > current {
            return Err(Illegal::OtherAttempt { given: attempt, current });
        }
        match self.state {
            ShotState::Submitting(_) | ShotState::Submitted { .. } if attempt == current => {}
            // Given up, but nothing was sent in its place yet: what was paid for is welcome.
            ShotState::Waiting { .. } if matches!(arrival, Arrival::Images(_)) && self.was_given_up(attempt) => {}
            ShotState::Submitting(_) | ShotState::Submitted { .. } | ShotState::Waiting { .. } if attempt < current => {
                return Err(Illegal::OtherAttempt { given: attempt, current });
            }
            // Not needed any more, also where an older attempt was adopted in its place; but billed.
            ShotState::Delivered { .. } | ShotState::Stored { .. } | ShotState::Failed(_) | ShotState::Canceled
                if self.was_given_up(attempt) && matches!(arrival, Arrival::Images(_)) =>
            {
                return Err(Illegal::OtherAttempt { given: attempt, current });
            }
            _ if attempt < current && self.was_given_up(attempt) => {
                return Err(Illegal::OtherAttempt { given: attempt, current });
            }
            _ => return Err(Illegal::AlreadyDone),
        }
        // Whatever comes for this attempt from now on has to be of the same request.
        if let Arrival::Error(error) | Arrival::Abandoned(error) = &arrival
            && let Some(id) = &error.request_id
        {
            self.set_request_id(attempt, id);
        }
        let provider_cancel_asked = self.is_cancel_requested();
        let arrival = self.as_meant(attempt, arrival);
        let after_arrival = match arrival {
            Arrival::Images(delivery) => self.deliver(attempt, delivery, now),
            Arrival::Error(error) | Arrival::Abandoned(error) | Arrival::TurnedAway { error, .. }
                if provider_cancel_asked =>
            {
                self.reject(attempt, &error);
                self.state = ShotState::Canceled;
                AfterArrival::Canceled
            }
            Arrival::Silence if provider_cancel_asked => {
                self.set_outcome(attempt, AttemptOutcome::Lost);
                self.state = ShotState::Canceled;
                AfterArrival::Canceled
            }
            Arrival::Error(error) | Arrival::Abandoned(error) => {
                self.reject(attempt, &error);
                let next = retry::after_error(&error, &self.recipe, &self.counted(), jitter, wording);
                self.go_on(next, now)
            }
            Arrival::TurnedAway { error, after, patience } => {
                self.set_outcome(attempt, AttemptOutcome::TurnedAway(error.kind));
                let HeldUp { since, times } = self.held_up.unwrap_or(HeldUp { since: now, times: 0 });
                let held_up = HeldUp { since, times: times.saturating_add(1) };
                let next = match since + patience <= now {
                    true => RetryDecision::GiveUp(retry::give_up(&error, &self.recipe.prompt)),
                    false => retry::after_turning_away(held_up.times, after, jitter),
                };
                let after_arrival = self.go_on(next, now);
                self.held_up = Some(held_up).filter(|_| after_arrival != AfterArrival::Failed);
                after_arrival
            }
            Arrival::Silence => {
                self.set_outcome(attempt, AttemptOutcome::Lost);
                let next = retry::after_silence(&self.counted());
                self.go_on(next, now)
            }
        };
        Ok((self, after_arrival))
    }

    /// fal delivered `attempt` after it had been given up and replaced: it is billed, so it must be seen.
    ///
    /// # Errors
    /// It was noted before, or there is no such attempt.
    pub fn arrived_late(mut self, attempt: u32, delivery: &Delivery) -> Result<Self, Illegal> {
        let cost = self.provider_cost(attempt, delivery);
        let current = self.attempt();
        let Some(late) = self.attempts.iter_mut().find(|tried| tried.number == attempt) else {
            return Err(Illegal::OtherAttempt { given: attempt, current });
        };
        if late.paid_twice || !late.was_given_up() {
            return Err(Illegal::AlreadyDone);
        }
        late.paid_twice = true;
        late.provider_cost = cost;
        late.request_id = Some(delivery.request_id.clone());
        Ok(self)
    }

    /// Ingest was reminded: remind it again later.
    ///
    /// # Errors
    /// It is not delivered.
    pub fn reminded(mut self, now: Timestamp) -> Result<Self, Illegal> {
        match self.state {
            ShotState::Delivered { delivery, reminders, .. } => {
                let (check_at, reminders) = (now + INGEST_PATIENCE, reminders + 1);
                self.state = ShotState::Delivered { delivery, check_at, reminders };
                self.look_at = None;
                Ok(self)
            }
            _ => Err(self.illegal()),
        }
    }

    /// Its images are in the bucket and recorded; `left_out` says why it is not all that were delivered, if so.
    ///
    /// # Errors
    /// It is not delivered.
    pub fn stored(mut self, media: Vec<MediaId>, left_out: Option<Failure>) -> Result<Self, Illegal> {
        match &self.state {
            ShotState::Delivered { delivery, .. } => {
                let (flagged, all) = (delivery.flagged(), delivery.images.len());
                self.note_refused(flagged, all);
                self.left_out = left_out;
                self.state = ShotState::Stored { media };
                Ok(self)
            }
            _ => Err(self.illegal()),
        }
    }

    /// What was delivered cannot be used.
    ///
    /// # Errors
    /// It is not delivered.
    pub fn unusable(mut self, failure: Failure) -> Result<Self, Illegal> {
        match &self.state {
            ShotState::Delivered { delivery, .. } => {
                let (flagged, all) = (delivery.flagged(), delivery.images.len());
                self.note_refused(flagged, all);
                if let Some(brought) = self.brought() {
                    brought.outcome = AttemptOutcome::Unusable(failure.code);
                }
                self.state = ShotState::Failed(failure);
                Ok(self)
            }
            _ => Err(self.illegal()),
        }
    }

    /// Taken back: canceled while it waits, called off while it is in flight.
    ///
    /// # Errors
    /// It was called off before (`AlreadyDone`), fal is done with it, or it is settled.
    pub fn cancel_requested(mut self, now: Timestamp) -> Result<Self, Illegal> {
        match &mut self.state {
            ShotState::Waiting { .. } => {
                self.state = ShotState::Canceled;
                Ok(self)
            }
            ShotState::Submitting(in_flight) | ShotState::Submitted { in_flight, .. }
                if matches!(in_flight.cancel_at_provider, CancelAtProvider::Due | CancelAtProvider::Asked) =>
            {
                Err(Illegal::AlreadyDone)
            }
            ShotState::Submitting(in_flight) => {
                in_flight.cancel_at_provider = CancelAtProvider::Due;
                Ok(self)
            }
            // Due now, so that the reconciler asks fal where no message did.
            ShotState::Submitted { in_flight, check_at, .. } => {
                (in_flight.cancel_at_provider, *check_at) = (CancelAtProvider::Due, now);
                Ok(self)
            }
            ShotState::Delivered { .. } | ShotState::Stored { .. } | ShotState::Failed(_) | ShotState::Canceled => {
                Err(self.illegal())
            }
        }
    }

    /// fal was asked to drop the request that was called off: what became of it is asked at `check_at`, as fal does not
    /// promise to tell.
    ///
    /// # Errors
    /// Nothing at fal is to be called off, or fal was asked before (`AlreadyDone`).
    pub fn provider_cancel_asked(mut self, check_at: Timestamp) -> Result<Self, Illegal> {
        match self.state {
            ShotState::Submitted { in_flight, request, told, unclear, .. }
                if in_flight.cancel_at_provider == CancelAtProvider::Due =>
            {
                let lease_until = in_flight.lease_until.max(check_at);
                let in_flight =
                    ProviderRequest { lease_until, cancel_at_provider: CancelAtProvider::Asked, ..in_flight };
                self.state = ShotState::Submitted { in_flight, request, check_at, told, unclear };
                self.look_at = None;
                Ok(self)
            }
            ShotState::Submitted { in_flight, .. } if in_flight.cancel_at_provider == CancelAtProvider::Asked => {
                Err(Illegal::AlreadyDone)
            }
            _ => Err(self.illegal()),
        }
    }

    /// Opened again, at another place in the queue: it waits as it did at first, and goes by what was asked for.
    ///
    /// # Errors
    /// It brought an image, or is under way.
    pub fn reopened(mut self, rank: Rank) -> Result<Self, Illegal> {
        if !self.made_nothing() {
            return Err(self.illegal());
        }
        self.recipe = self.asked().clone();
        self.before = self.attempt();
        self.rank = rank;
        self.state = ShotState::Waiting { not_before: None };
        self.look_at = None;
        self.held_up = None;
        Ok(self)
    }

    /// As much as was asked for is kept; what comes beyond it is noted, and not charged.
    fn deliver(&mut self, attempt: u32, mut delivery: Delivery, now: Timestamp) -> AfterArrival {
        let cost = self.provider_cost(attempt, &delivery);
        self.set_request_id(attempt, &delivery.request_id);
        self.held_up = None;
        if let Some(tried) = self.attempts.iter_mut().find(|tried| tried.number == attempt) {
            tried.outcome = if delivery.images.is_empty() {
                AttemptOutcome::Unusable(FailureCode::ProviderProtocol)
            } else {
                AttemptOutcome::Delivered
            };
            tried.provider_cost = cost;
            let asked = tried.recipe.images.max(1) as usize;
            tried.surplus = u32::try_from(delivery.images.len().saturating_sub(asked)).unwrap_or(u32::MAX);
            tried.refused = tried.not_asked_for();
            delivery.images.truncate(asked);
            delivery.surplus = tried.surplus;
            self.recipe = tried.recipe.clone();
        }
        if delivery.images.is_empty() {
            self.state = ShotState::Failed(Failure::new(FailureCode::ProviderProtocol, "fal delivered no image"));
            return AfterArrival::Failed;
        }
        self.state = ShotState::Delivered { delivery, check_at: now + INGEST_PATIENCE, reminders: 0 };
        AfterArrival::Delivered
    }

    fn go_on(&mut self, next: RetryDecision, now: Timestamp) -> AfterArrival {
        match next {
            RetryDecision::Again { recipe, after } => {
                self.recipe = *recipe.unwrap_or_else(|| Box::new(self.recipe.clone()));
                self.forget_turned_away();
                self.state = ShotState::Waiting { not_before: (!after.is_zero()).then(|| now + after) };
                self.look_at = None;
                AfterArrival::Retrying(after)
            }
            RetryDecision::GiveUp(failure) => {
                self.state = ShotState::Failed(failure);
                AfterArrival::Failed
            }
        }
    }

    /// What fal bills for `attempt`: its own count of units where it told one, the table's otherwise.
    fn provider_cost(&self, attempt: u32, delivery: &Delivery) -> Option<Usd> {
        let recipe = &self.attempts.iter().find(|tried| tried.number == attempt)?.recipe;
        let model = recipe.model().ok()?;
        match delivery.billable_units {
            Some(units) => model.cost_of_units(units),
            None => {
                let images = u32::try_from(delivery.images.len()).unwrap_or(u32::MAX);
                model.cost(recipe.purchase(images))
            }
        }
    }

    /// A refusal costs nothing unless fal counted units for the work before it.
    fn bill_rejection(&mut self, attempt: u32, error: &FalError) {
        let Some(tried) = self.attempts.iter_mut().find(|tried| tried.number == attempt) else { return };
        if let Some(units) = error.billable_units {
            tried.provider_cost = tried.recipe.model().ok().and_then(|model| model.cost_of_units(units));
        }
    }

    /// The attempt whose images came. Not always the last one: an older one may have been adopted.
    fn brought(&mut self) -> Option<&mut Attempt> {
        self.attempts.iter_mut().find(|tried| tried.outcome == AttemptOutcome::Delivered)
    }

    /// `flagged` of `all` delivered images are billed to us, and not charged.
    fn note_refused(&mut self, flagged: usize, all: usize) {
        if let Some(brought) = self.brought() {
            let surplus = brought.not_asked_for();
            let asked_for = brought.provider_cost.unwrap_or_default() - surplus;
            brought.refused = surplus + asked_for.share(flagged, all);
        }
    }

    /// A request that was dropped for being late did not end by our wish, but for want of time; and one that is waited
    /// for no longer stays where it is.
    fn as_meant(&mut self, attempt: u32, arrival: Arrival) -> Arrival {
        let late = self.in_flight().is_some_and(|in_flight| in_flight.cancel_at_provider == CancelAtProvider::Late);
        match arrival {
            Arrival::Error(error) if late && error.kind == FalErrorKind::Cancelled => {
                let late = FalError::new(FalErrorKind::TimedOut, "fal took longer than it is given");
                Arrival::Error(FalError { billable_units: error.billable_units, request_id: error.request_id, ..late })
            }
            Arrival::Abandoned(error) => {
                if let Some(tried) = self.attempts.iter_mut().find(|tried| tried.number == attempt) {
                    tried.left_at_fal = tried.request_id.is_some();
                }
                Arrival::Abandoned(error)
            }
            arrival @ (Arrival::Images(_) | Arrival::Error(_) | Arrival::TurnedAway { .. } | Arrival::Silence) => {
                arrival
            }
        }
    }

    /// An attempt that was turned away has left nothing at fal, so that only the last ones are worth their place, and
    /// only while they share their recipe.
    fn forget_turned_away(&mut self) {
        let turned_away = |tried: &Attempt| matches!(tried.outcome, AttemptOutcome::TurnedAway(_)) && !tried.paid_twice;
        let mut spare =
            self.attempts.iter().filter(|tried| turned_away(tried)).count().saturating_sub(MOST_TURNED_AWAY);
        self.attempts.retain(|tried| {
            let (one_of_them, other) = (turned_away(tried), tried.recipe != self.recipe);
            let forget = one_of_them && (spare > 0 || other);
            spare = spare.saturating_sub(usize::from(forget));
            !forget
        });
    }

    fn reject(&mut self, attempt: u32, error: &FalError) {
        self.set_outcome(attempt, AttemptOutcome::Rejected(error.kind));
        self.bill_rejection(attempt, error);
        self.held_up = None;
        if let Some(tried) = self.attempts.iter_mut().find(|tried| tried.number == attempt) {
            tried.categories.clone_from(&error.categories);
        }
    }

    /// Whether we stopped waiting for `attempt`, so that fal may still deliver it.
    fn was_given_up(&self, attempt: u32) -> bool {
        let tried = self.attempts.iter().find(|tried| tried.number == attempt);
        tried.is_some_and(Attempt::was_given_up)
    }

    fn set_request_id(&mut self, attempt: u32, id: &str) {
        if let Some(tried) = self.attempts.iter_mut().find(|tried| tried.number == attempt) {
            tried.request_id = Some(id.to_owned());
        }
    }

    fn set_outcome(&mut self, attempt: u32, outcome: AttemptOutcome) {
        if let Some(tried) = self.attempts.iter_mut().find(|tried| tried.number == attempt) {
            tried.outcome = outcome;
        }
    }

    fn illegal(&self) -> Illegal {
        match (&self.state, self.work()) {
            (_, Work::None) => Illegal::AlreadyDone,
            (state, _) => Illegal::State { state: state.name() },
        }
    }
}

impl Unclear {
    /// The run that `before` is, with one more; one of the other sort begins anew.
    pub(crate) fn and_another(before: Option<Self>, doubt: bool, now: Timestamp) -> Self {
        match before.filter(|run| run.doubt == doubt) {
            Some(run) => Self { times: run.times.saturating_add(1), ..run },
            None => Self { doubt, since: now, times: 1 },
        }
    }
}

impl ShotState {
    /// The state's name, for logs, conditions and answers.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Submitting(_) => "submitting",
            Self::Submitted { .. } => "submitted",
            Self::Delivered { .. } => "delivered",
            Self::Stored { .. } => "stored",
            Self::Failed(_) => "failed",
            Self::Canceled => "canceled",
        }
    }
}
