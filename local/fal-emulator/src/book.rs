//! All requests, and the line in which they wait for a free place: normal priority before low, then first come.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;

use super::request::{Call, Completed, Delivery, Request, State};

/// The requests of one emulator. Guarded by one lock; nothing here waits.
#[derive(Default)]
pub(super) struct Book {
    requests: HashMap<String, Request>,
    order: Vec<String>,
    normal: VecDeque<String>,
    low: VecDeque<String>,
    running: usize,
}

/// What a cancel did.
pub(super) enum Cancelled {
    Unknown,
    TooLate,
    /// Taken out of the line.
    Removed,
    /// The run was told to stop; whether it does is its own affair.
    Signalled,
    /// A fault keeps it from having an effect.
    Refused,
}

impl Book {
    /// Files an accepted request; one that is still to run joins the line.
    pub(super) fn add(&mut self, request: Request) {
        if matches!(request.state, State::Queued) {
            let line = if is_low(&request) { &mut self.low } else { &mut self.normal };
            line.push_back(request.id.clone());
        }
        self.order.push(request.id.clone());
        self.requests.insert(request.id.clone(), request);
    }

    /// Files a request that runs already, ahead of the line.
    pub(super) fn add_running(&mut self, request: Request) {
        self.running += 1;
        self.add(request);
    }

    pub(super) fn get(&self, id: &str) -> Option<&Request> {
        self.requests.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Request> {
        self.requests.get_mut(id)
    }

    /// In the order of their accept.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Request> {
        self.order.iter().filter_map(|id| self.requests.get(id))
    }

    pub(super) fn waiting(&self) -> usize {
        self.normal.len() + self.low.len()
    }

    pub(super) fn running(&self) -> usize {
        self.running
    }

    /// The requests in front of this one.
    pub(super) fn position(&self, id: &str) -> usize {
        self.normal.iter().chain(&self.low).position(|waiting| waiting == id).unwrap_or(0)
    }

    /// Takes the next request out of the line and marks it as running, if there is a place.
    pub(super) fn start_next(&mut self, places: usize, now: Timestamp) -> Option<Request> {
        if self.running >= places {
            return None;
        }
        let id = self.normal.pop_front().or_else(|| self.low.pop_front())?;
        let request = self.requests.get_mut(&id)?;
        request.state = State::Running { started_at: now };
        self.running += 1;
        Some(request.clone())
    }

    /// Gives the place of a run back.
    pub(super) fn leave(&mut self) {
        self.running = self.running.saturating_sub(1);
    }

    /// Completes a request, unless it is completed already.
    pub(super) fn complete(&mut self, id: &str, completed: Completed) {
        self.normal.retain(|waiting| waiting != id);
        self.low.retain(|waiting| waiting != id);
        let Some(request) = self.requests.get_mut(id) else { return };
        match request.state {
            State::Completed(_) => {}
            State::Queued | State::Running { .. } => request.state = State::Completed(completed),
        }
    }

    /// Completes a request that still waits, and says whether it did.
    pub(super) fn expire(&mut self, id: &str, completed: Completed) -> bool {
        let waits = self.requests.get(id).is_some_and(|request| matches!(request.state, State::Queued));
        if waits {
            self.complete(id, completed);
        }
        waits
    }

    /// Cancels: `completed` becomes the result, unless the run ignores cancels.
    pub(super) fn cancel(&mut self, id: &str, completed: Completed) -> Cancelled {
        let Some(request) = self.requests.get(id) else { return Cancelled::Unknown };
        if request.refuses_cancel() {
            return Cancelled::Refused;
        }
        match &request.state {
            State::Completed(_) => Cancelled::TooLate,
            State::Queued => {
                if let Some(request) = self.requests.get_mut(id) {
                    request.delivery = Delivery::Unwanted;
                }
                self.complete(id, completed);
                Cancelled::Removed
            }
            State::Running { .. } => {
                if !request.ignores_cancel() {
                    self.complete(id, completed);
                }
                Cancelled::Signalled
            }
        }
    }

    /// Notes what a cancel was answered with.
    pub(super) fn note_cancel(&mut self, id: &str, status: u16) {
        if let Some(request) = self.requests.get_mut(id) {
            request.cancels.push(status);
        }
    }

    /// Whether a request waits or runs that can be expected to end, or owes a webhook call that is due.
    pub(super) fn is_busy(&self) -> bool {
        self.requests.values().any(|request| match &request.state {
            State::Queued | State::Running { .. } => !request.never_finishes(),
            State::Completed(_) => request.delivery == Delivery::Pending && request.call != Call::Pausing,
        })
    }
}

fn is_low(request: &Request) -> bool {
    request.hints.priority.as_deref() == Some("low")
}
