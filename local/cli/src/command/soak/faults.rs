//! What goes wrong: at fal, on the wires to everything, and with the functions themselves.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use super::at_fal::{at_fal, of_cancels};
use likeness_fal_emulator::{FaultRule, When};
use likeness_stack::{
    Invocation, Stack,
    wire::{Call, CallAction, Service, Wire},
};

use crate::command::load::Order;

/// How often it is looked for new invocations. Those that are over by then were not to be stopped.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// So many milliseconds after it was seen an invocation that is to be stopped has been.
const MOST_LIVED: u64 = 400;

/// The faults of a run.
#[derive(Clone)]
pub(super) struct Faults(Arc<Inner>);

struct Inner {
    share: f64,
    on: AtomicBool,
    state: Mutex<State>,
}

struct State {
    chance: StdRng,
    struck: Struck,
}

/// How often faults struck.
#[derive(Debug, Clone, Default)]
pub(super) struct Struck {
    at_fal: u64,
    /// Calls over the wires, by what became of them.
    calls: BTreeMap<&'static str, u64>,
    /// Invocations that were stopped dead, by function.
    stops: BTreeMap<&'static str, u64>,
}

impl Faults {
    pub(super) fn new(share: f64, seed: u64) -> Self {
        let state = Mutex::new(State { chance: StdRng::seed_from_u64(seed ^ 0xFA17), struck: Struck::default() });
        Self(Arc::new(Inner { share: share.clamp(0.0, 1.0), on: AtomicBool::new(false), state }))
    }

    /// The wires' part of it.
    pub(super) fn wire(&self) -> Wire {
        let faults = self.clone();
        Wire::new(move |call| faults.action(call))
    }

    /// From now on things go wrong. Which submits meet a fault at fal is drawn in advance.
    pub(super) fn begin(&self, stack: &Stack, orders: &[Order]) {
        let submits: usize = orders.iter().map(Order::shots).sum();
        let (at_fal, of_cancels) = (at_fal(), of_cancels().to_vec());
        let mut state = self.state();
        if let Some(emulator) = stack.emulator() {
            // Attempts that follow a fault may meet one too.
            for nth in 1..=u32::try_from(submits * 2).unwrap_or(u32::MAX) {
                // A submit meets one of them: what never ends and cannot be called off would never leave fal.
                let faults = match state.chance.random_range(0.0..1.0) {
                    drawn if drawn < self.0.share => &at_fal,
                    drawn if drawn < 2.0 * self.0.share => &of_cancels,
                    _ => continue,
                };
                if let Some(fault) = faults.choose(&mut state.chance) {
                    let when = When { nth: Some(nth), ..When::default() };
                    emulator.faults().add(FaultRule::always(fault.clone()).when(when));
                }
            }
        }
        self.0.on.store(true, Ordering::SeqCst);
    }

    /// Nothing goes wrong any more; returns what did.
    pub(super) fn end(&self, stack: &Stack) -> Struck {
        self.0.on.store(false, Ordering::SeqCst);
        let mut struck = self.state().struck.clone();
        if let Some(emulator) = stack.emulator() {
            // Most of those of cancels were never called off, so that nothing came of it.
            let (rules, unseen) = (emulator.faults().rules(), of_cancels());
            let seen = rules.iter().filter(|armed| !unseen.contains(&armed.rule.fault));
            struck.at_fal = seen.map(|armed| u64::from(armed.struck)).sum();
            emulator.faults().clear();
        }
        struck
    }

    /// Stops invocations dead until it is dropped: each has the same chance to be picked, and is spared if it is over
    /// sooner.
    pub(super) async fn kill(&self, stack: &Stack) -> Infallible {
        let (mut seen, mut stops) = (0, FuturesUnordered::new());
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                Some(()) = stops.next() => continue,
            }
            for invocation in stack.invocations().running() {
                if invocation.number <= seen {
                    continue;
                }
                seen = invocation.number;
                let mut state = self.state();
                if state.chance.random_bool(self.0.share / 4.0) {
                    let after = Duration::from_millis(state.chance.random_range(0..MOST_LIVED));
                    stops.push(self.stop(stack, invocation, after));
                }
            }
        }
    }

    async fn stop(&self, stack: &Stack, invocation: Invocation, after: Duration) {
        tokio::time::sleep(after).await;
        if stack.invocations().running().contains(&invocation) {
            stack.invocations().kill(invocation.number).await;
            *self.state().struck.stops.entry(invocation.function).or_default() += 1;
        }
    }

    fn action(&self, call: &Call) -> CallAction {
        if !self.0.on.load(Ordering::SeqCst) || call.by.is_none() {
            return CallAction::Forward;
        }
        let mut state = self.state();
        if !state.chance.random_bool(self.0.share / 10.0) {
            return CallAction::Forward;
        }
        let late = Duration::from_millis(state.chance.random_range(50..1500));
        let (name, action) = match (state.chance.random_range(0..5), call.service) {
            (0, _) => ("late calls", CallAction::Delay(late)),
            (1, _) => ("throttled calls", CallAction::Throttle),
            (2, _) => ("calls cut off", CallAction::Disconnect),
            // Together with a callback that never comes such a request could not be known of: fal's own faults hold the
            // lost answers.
            (3, Service::Fal) => ("late calls", CallAction::Delay(late)),
            (3, _) => ("answers lost", CallAction::DropAnswer),
            (_, _) => ("broken calls", CallAction::Fail),
        };
        *state.struck.calls.entry(name).or_default() += 1;
        action
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Struck {
    /// The families of faults of which none struck.
    pub(super) fn idle(&self) -> impl Iterator<Item = &'static str> {
        let families = [
            ("at fal", self.at_fal == 0),
            ("on the wires", self.calls.is_empty()),
            ("with the functions", self.stops.is_empty()),
        ];
        families.into_iter().filter_map(|(family, idle)| idle.then_some(family))
    }
}

impl fmt::Display for Struck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at fal", self.at_fal)?;
        for (name, count) in &self.calls {
            write!(f, ", {count} {name}")?;
        }
        for (function, count) in &self.stops {
            write!(f, ", {count} stops of {function}")?;
        }
        Ok(())
    }
}
