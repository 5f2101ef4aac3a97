//! Which call a function is stopped at.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use likeness_stack::wire::{Call, CallAction, Service, Wire};

/// One call of a journey. Named by what makes it and not by its place among all calls, because what happens side by
/// side (three callbacks, three files) has no order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Point {
    function: &'static str,
    /// The how-manyeth invocation of the function, from 1.
    invocation: usize,
    service: Service,
    operation: String,
    /// The how-manyeth such call of the invocation, from 1.
    occurrence: usize,
}

impl Point {
    pub(super) fn is_in_invocation_of(&self, other: &Self) -> bool {
        (self.function, self.invocation) == (other.function, other.invocation)
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, invocation, service, operation, occurrence } = self;
        write!(f, "{function}#{invocation} {} {operation}#{occurrence}", service.name())
    }
}

/// On which side of the call's effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Before,
    After,
}

/// Notes calls, and ends a function at one of them, once.
#[derive(Debug, Clone, Default)]
pub(super) struct Script(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    recording: bool,
    stop: Option<(Point, When)>,
    stopped: bool,
    calls: Vec<Point>,
    /// The invocations of each function, in the order in which they were heard of.
    invocations: HashMap<&'static str, Vec<u64>>,
}

impl Script {
    pub(super) fn stopping_at(stop: Option<(Point, When)>) -> Self {
        Self(Arc::new(Mutex::new(State { stop, ..State::default() })))
    }

    pub(super) fn wire(&self) -> Wire {
        let script = self.clone();
        Wire::new(move |call| script.state().action(call))
    }

    /// From now on calls are of the journey.
    pub(super) fn begin(&self) {
        self.state().recording = true;
    }

    pub(super) fn was_stopped(&self) -> bool {
        self.state().stopped
    }

    pub(super) fn calls(&self) -> Vec<Point> {
        self.state().calls.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn action(&mut self, call: &Call) -> CallAction {
        let Some(by) = call.by.filter(|_| self.recording) else { return CallAction::Forward };
        let known = self.invocations.entry(by.function).or_default();
        let invocation = match known.iter().position(|number| *number == by.number) {
            Some(at) => at + 1,
            None => {
                known.push(by.number);
                known.len()
            }
        };
        let (function, service, operation) = (by.function, call.service, call.operation.clone());
        let mut point = Point { function, invocation, service, operation, occurrence: 1 };
        while self.calls.contains(&point) {
            point.occurrence += 1;
        }
        self.calls.push(point.clone());
        match &self.stop {
            Some((at, when)) if *at == point && !self.stopped => {
                self.stopped = true;
                match when {
                    When::Before => CallAction::KillBefore,
                    When::After => CallAction::KillAfter,
                }
            }
            Some(_) | None => CallAction::Forward,
        }
    }
}
