//! Runs requests: takes them out of the line while there is a place, waits out their time, files what came of it.

use std::sync::Arc;

use jiff::SignedDuration;
use tokio::time::{Duration, sleep};

use super::{
    answer::request_error_body,
    emulation::Emulation,
    generate::generate,
    request::{Call, Completed, Delivery, Failure, Request, State},
    store::StoreError,
    webhook_sender::deliver,
};

/// Goes on where the last run of this database stopped.
pub(super) fn resume(emulation: &Arc<Emulation>) {
    let (waiting, owed): (Vec<_>, Vec<_>) = {
        let book = emulation.book();
        let waiting = book.iter().filter(|request| matches!(request.state, State::Queued)).cloned().collect();
        let owed = book.iter().filter(|request| owes_a_call(request)).map(|request| request.id.clone()).collect();
        (waiting, owed)
    };
    for request in &waiting {
        watch_deadline(emulation, request);
    }
    for id in owed {
        conclude(emulation, &id);
    }
    start_waiting(emulation);
}

/// Starts as many of the waiting requests as there are places.
pub(super) fn start_waiting(emulation: &Arc<Emulation>) {
    loop {
        let next = emulation.book().start_next(emulation.options.concurrency, emulation.clock.now());
        let Some(request) = next else { break };
        start(emulation, request);
    }
    emulation.tell();
}

/// Starts a request ahead of the line.
pub(super) fn start_now(emulation: &Arc<Emulation>, mut request: Request) -> Result<(), StoreError> {
    emulation.record(&request)?;
    request.state = State::Running { started_at: emulation.clock.now() };
    emulation.book().add_running(request.clone());
    start(emulation, request);
    Ok(())
}

/// Ends a request whose start deadline passes while it waits.
pub(super) fn watch_deadline(emulation: &Arc<Emulation>, request: &Request) {
    let Some(deadline) = request.start_deadline else { return };
    let left = deadline.duration_since(emulation.clock.now()).max(SignedDuration::ZERO);
    let left = Duration::try_from(left).unwrap_or(Duration::MAX);
    let (shared, id) = (Arc::clone(emulation), request.id.clone());
    emulation.spawn(async move {
        sleep(left).await;
        if shared.book().expire(&id, missed_deadline(&shared)) {
            conclude(&shared, &id);
        }
    });
}

fn start(emulation: &Arc<Emulation>, request: Request) {
    let shared = Arc::clone(emulation);
    emulation.spawn(async move {
        let id = request.id.clone();
        tokio::select! {
            completed = generate(&shared, &request) => {
                shared.book().complete(&id, completed);
            }
            // Cancelled: the result is filed already.
            () = shared.until(|emulation| is_completed(emulation, &id)) => {}
        }
        shared.book().leave();
        conclude(&shared, &id);
        start_waiting(&shared);
    });
}

/// Saves a request that is completed, and sees to its webhook.
pub(super) fn conclude(emulation: &Arc<Emulation>, id: &str) {
    let (saved, call) = {
        let mut book = emulation.book();
        let Some(request) = book.get_mut(id) else { return };
        let call = owes_a_call(request) && request.call == Call::NotStarted;
        if call {
            request.call = Call::Due;
        }
        (emulation.record(request), call)
    };
    if let Err(error) = saved {
        tracing::error!(error = &error as &dyn std::error::Error, "the fal emulator could not save a result");
    }
    if call {
        deliver(emulation, id.to_owned());
    }
}

fn owes_a_call(request: &Request) -> bool {
    matches!(request.state, State::Completed(_)) && request.delivery == Delivery::Pending
}

fn is_completed(emulation: &Emulation, id: &str) -> bool {
    emulation.book().get(id).is_none_or(|request| matches!(request.state, State::Completed(_)))
}

fn missed_deadline(emulation: &Emulation) -> Completed {
    let text = "Request timed out before a runner started it";
    Completed {
        at: emulation.clock.now(),
        status: 504,
        body: request_error_body("startup_timeout", text),
        headers: vec![
            ("x-fal-error-type".to_owned(), "startup_timeout".to_owned()),
            ("x-fal-request-timeout-type".to_owned(), "user".to_owned()),
        ],
        failure: Some(Failure { message: text.to_owned(), error_type: Some("startup_timeout".to_owned()) }),
        billable_units: 0.0,
        inference_seconds: None,
    }
}
