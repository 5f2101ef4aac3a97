//! `POST /run/{endpoint}`: the synchronous API, which on fal is a host of its own (`https://fal.run/{endpoint}`).
//!
//! It does not wait for a free place: over the concurrency limit it answers 429.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use super::{
    answer::{insert, json_answer, request_error},
    emulation::Emulation,
    fault::{Fault, SubmitFault},
    faults::Submission,
    request::{State, prompt_of},
    result::answer,
    runner::start_now,
    submit::{Submit, check, new_request, refusal},
};
use crate::connection::Line;

pub(super) async fn run(emulation: Arc<Emulation>, line: Line, submit: Submit) -> Response {
    let checked = match check(&emulation, submit) {
        Ok(checked) => checked,
        Err(answer) => return *answer,
    };
    let faults = emulation.faults.draw(&Submission {
        endpoint: &checked.endpoint,
        prompt: prompt_of(&checked.input),
        webhook_url: None,
    });
    let refused = faults.iter().find_map(|fault| match fault {
        Fault::Submit(submit) => refusal(submit, &line),
        Fault::Generation(_) | Fault::Drawing(_) | Fault::File(_) | Fault::Webhook(_) | Fault::Question(_) => None,
    });
    if let Some(refused) = refused {
        return refused;
    }
    if emulation.book().running() >= emulation.options.concurrency {
        return over_the_limit();
    }
    let lost = faults.contains(&Fault::Submit(SubmitFault::DropAfterAccept));
    let request = new_request(&emulation, checked, faults);
    let id = request.id.clone();
    if let Err(error) = start_now(&emulation, request) {
        tracing::error!(error = &error as &dyn std::error::Error, "the fal emulator could not accept a run");
        return request_error("internal_error", "Internal server error");
    }
    emulation.until(|emulation| completed(emulation, &id)).await;
    if lost {
        line.cut();
    }
    match emulation.book().get(&id).map(|request| &request.state) {
        Some(State::Completed(completed)) => answer(&id, completed),
        Some(State::Queued | State::Running { .. }) | None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn completed(emulation: &Emulation, id: &str) -> bool {
    emulation.book().get(id).is_none_or(|request| matches!(request.state, State::Completed(_)))
}

fn over_the_limit() -> Response {
    let text = "Concurrent requests limit reached";
    let mut answer = json_answer(
        StatusCode::TOO_MANY_REQUESTS,
        &json!({ "detail": text, "error_type": "concurrent_requests_limit" }),
    );
    insert(&mut answer, "x-fal-error-type", "concurrent_requests_limit");
    insert(&mut answer, "x-fal-needs-retry", "1");
    answer
}
