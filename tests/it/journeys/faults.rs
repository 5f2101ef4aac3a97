//! Everything that fal is known to answer: the job ends with a named error, or succeeds after a retry; nothing hangs.

use likeness_fal_emulator::{
    ErrorBody, Fault, FaultRule, FileFault, GenerationFault, RetryHeader, SubmitFault, WebhookFault,
};
use serde_json::{Value, json};

use crate::harness::Product;

/// What a fault, struck this often, leads to.
struct Case {
    fault: Fault,
    times: Option<u32>,
    /// `completed`, or the code of the failure.
    ends: &'static str,
    /// How often fal accepted a request.
    paid: usize,
}

fn case(fault: Fault, times: Option<u32>, ends: &'static str, paid: usize) -> Case {
    Case { fault, times, ends, paid }
}

fn submit(status: u16, body: ErrorBody) -> Fault {
    Fault::Submit(SubmitFault::Answer { status, body })
}

fn model(kind: &str, status: u16) -> Fault {
    let (kind, body) = (kind.to_owned(), ErrorBody::DetailList);
    Fault::Generation(GenerationFault::ModelError { kind, status, billed: false, retry: None, body })
}

fn request(error_type: &str, user_deadline: bool) -> Fault {
    Fault::Generation(GenerationFault::RequestError { error_type: error_type.to_owned(), user_deadline })
}

async fn run(product: &Product, case: Case) -> Value {
    let before = product.fal().ledger().len();
    product.fal().faults().clear();
    product.fal().faults().add(FaultRule { times: case.times, ..FaultRule::always(case.fault.clone()) });
    let id = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    let mut job = product.settled(&id).await;
    // Some are given minutes.
    for _ in 0..180 {
        if !job["completedAt"].is_null() {
            break;
        }
        product.pass(5);
        product.stack().reconcile().await.unwrap();
        job = product.settled(&id).await;
    }
    let ends = if job["status"] == "completed" { "completed" } else { job["error"]["code"].as_str().unwrap() };
    assert_eq!(ends, case.ends, "{:?}: {job}", case.fault);
    let paid = product.fal().ledger().len() - before;
    assert_eq!(paid, case.paid, "{:?} was accepted {paid} times: {job}", case.fault);
    product.assert_nothing_left().await;
    // A stop of the lanes is over before the next case.
    product.pass(61);
    job
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_to_a_submit() {
    let product = Product::start().await;
    for body in [ErrorBody::DetailString, ErrorBody::Pydantic, ErrorBody::Status, ErrorBody::Html] {
        run(&product, case(submit(422, body), None, "invalid_input", 0)).await;
    }
    for case in [
        // A list whose `type` is that of a fault at fal: the type decides, whatever the status.
        case(submit(422, ErrorBody::DetailList), Some(1), "completed", 1),
        case(Fault::Submit(SubmitFault::Unauthorized), Some(1), "completed", 1),
        case(Fault::Submit(SubmitFault::Locked), Some(1), "completed", 1),
        case(Fault::Submit(SubmitFault::RateLimited), Some(5), "completed", 1),
        case(submit(500, ErrorBody::DetailString), Some(3), "completed", 1),
        case(submit(503, ErrorBody::DetailString), Some(1), "completed", 1),
        case(submit(404, ErrorBody::DetailString), Some(1), "completed", 1),
        case(submit(404, ErrorBody::DetailString), None, "provider_protocol", 0),
        case(submit(302, ErrorBody::Html), Some(2), "completed", 1),
        case(submit(504, ErrorBody::DetailString), Some(2), "completed", 1),
        case(Fault::Submit(SubmitFault::BadGateway), Some(1), "completed", 1),
        case(Fault::Submit(SubmitFault::TruncatedAnswer), Some(1), "completed", 1),
        case(Fault::Submit(SubmitFault::DropBeforeAccept), Some(1), "completed", 1),
        case(Fault::Submit(SubmitFault::DropAfterAccept), Some(1), "completed", 1),
        case(Fault::Submit(SubmitFault::SlowBody { ms: 300 }), Some(1), "completed", 1),
    ] {
        run(&product, case).await;
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_becomes_of_a_generation() {
    let product = Product::start().await;
    for case in [
        case(model("content_policy_violation", 422), None, "content_refused", 1),
        case(model("no_media_generated", 422), None, "content_refused", 1),
        case(model("less_than_equal", 422), None, "invalid_input", 1),
        case(model("a_type_of_tomorrow", 422), None, "invalid_input", 1),
        case(model("internal_server_error", 500), Some(2), "completed", 3),
        case(model("internal_server_error", 500), None, "provider_error", 4),
        case(model("generation_timeout", 504), Some(1), "completed", 2),
        case(model("generation_timeout", 504), None, "generation_timeout", 3),
        case(model("file_download_error", 422), Some(3), "completed", 4),
        case(request("request_timeout", false), Some(2), "completed", 3),
        case(request("request_timeout", true), None, "generation_timeout", 3),
        case(request("runner_scheduling_failure", false), Some(1), "completed", 2),
        case(request("runner_scheduling_failure", false), None, "provider_unavailable", 4),
        case(request("runner_server_error", false), Some(1), "completed", 2),
        case(Fault::Webhook(WebhookFault::ErrorDetailList), None, "content_refused", 1),
        case(Fault::Generation(GenerationFault::NeverFinish), Some(1), "completed", 2),
    ] {
        run(&product, case).await;
    }
    let told_not_to = Fault::Generation(GenerationFault::ModelError {
        kind: "internal_server_error".to_owned(),
        status: 500,
        billed: false,
        retry: Some(RetryHeader::NeedsRetry(false)),
        body: ErrorBody::DetailList,
    });
    // The header comes with the result alone: a callback, which does not carry it, leads to a poll.
    for silent in [false, true] {
        product.fal().faults().clear();
        product.fal().faults().add(FaultRule::always(told_not_to.clone()));
        if silent {
            product.fal().faults().add(FaultRule::always(Fault::Webhook(WebhookFault::Never)));
        }
        let job = product.post_master("a lighthouse keeper in a yellow raincoat").await;
        let job = product.ended(&job).await;
        assert_eq!(job["shots"][0]["attempts"].as_array().unwrap().len(), 1, "{job}");
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reference_that_fal_can_never_fetch_is_no_fault_of_the_callers_input() {
    let product = Product::start().await;
    let job = run(&product, case(model("file_download_error", 422), None, "reference_unreachable", 6)).await;
    assert_eq!((&job["error"]["retryable"], &job["cost"]["settled"]), (&json!(true), &json!(0.0)), "{job}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stand_in_and_fewer_steps_leave_their_trace() {
    let product = Product::start().await;
    let unavailable = case(request("runner_scheduling_failure", false), Some(1), "completed", 2);
    let job = run(&product, unavailable).await;
    let models: Vec<_> =
        job["shots"][0]["attempts"].as_array().unwrap().iter().map(|attempt| &attempt["model"]).collect();
    assert_eq!(models, ["flux-dev", "flux-schnell"]);
    assert_eq!((&job["cost"]["reserved"], &job["cost"]["settled"]), (&json!(0.025), &json!(0.003)));
    let slow = case(model("generation_timeout", 504), Some(1), "completed", 2);
    let job = run(&product, slow).await;
    let steps: Vec<_> =
        job["shots"][0]["attempts"].as_array().unwrap().iter().map(|attempt| &attempt["steps"]).collect();
    assert_eq!(steps, [50, 33]);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_behind_an_image_address() {
    let product = Product::start().await;
    for case in [
        case(Fault::File(FileFault::Html), None, "not_an_image", 1),
        case(Fault::File(FileFault::HugePng), None, "too_many_pixels", 1),
        case(Fault::File(FileFault::HeavyJpeg), None, "image_too_large", 1),
        case(Fault::File(FileFault::TruncatedJpeg), None, "corrupt_image", 1),
        case(Fault::File(FileFault::Missing), None, "image_unreachable", 1),
        case(
            Fault::File(FileFault::Redirect { to: Some("http://169.254.169.254/".to_owned()) }),
            None,
            "image_unreachable",
            1,
        ),
        case(Fault::File(FileFault::Slow { ms: 300 }), None, "completed", 1),
    ] {
        let job = run(&product, case).await;
        assert_eq!(job["cost"]["settled"], 0.025, "it was generated, and fal bills it");
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flagged_image_is_a_refusal_that_costs_nothing() {
    let product = Product::start().await;
    let flagged = Fault::Drawing(likeness_fal_emulator::DrawingFault::BlackFrame);
    let job = run(&product, case(flagged, None, "content_refused", 1)).await;
    assert_eq!((&job["status"], &job["error"]["retryable"]), (&json!("failed"), &json!(false)));
    assert_eq!(job["cost"]["settled"], 0.0);
    assert_eq!(job["shots"][0]["attempts"][0]["providerCost"], 0.025, "what fal bills stays visible");
    assert_eq!(product.get("/api/v1/projects/demo/images").await["total"], 0, "not stored as a result");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_variations_the_good_ones_stay() {
    let product = Product::start().await;
    product.fault(Fault::File(FileFault::Html));
    let job = product.post_master_with(json!({ "variations": 3 })).await;
    let job = product.ended(&job).await;
    assert_eq!((&job["status"], &job["error"]["code"]), (&json!("partial"), &json!("not_an_image")), "{job}");
    assert_eq!(job["result"]["images"].as_array().unwrap().len(), 2);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_account_stops_the_lane_and_it_opens_by_itself() {
    let product = Product::start().await;
    product.fault(Fault::Submit(SubmitFault::Locked));
    let first = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    let waiting = product.settled(&first).await;
    assert_eq!(waiting["waitsFor"]["reason"], "fal has locked the account", "{waiting}");
    let second = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    assert_eq!(product.settled(&second).await["status"], "queued");
    let queues = product.get("/api/v1/queues").await;
    assert_eq!((&queues["stopped"]["reason"], &queues["queueSize"]), (&json!("fal has locked the account"), &json!(1)));
    assert!(product.fal().ledger().is_empty(), "not one more submit");
    product.pass(61);
    assert_eq!(product.settled(&second).await["status"], "completed");
    assert_eq!(product.ended(&first).await["status"], "completed");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_lasts_costs_no_job() {
    let product = Product::start().await;
    product.fal().faults().add(FaultRule { times: Some(3), ..FaultRule::always(Fault::Submit(SubmitFault::Locked)) });
    let first = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    product.settled(&first).await;
    let mut waiting = Vec::new();
    for _ in 0..6 {
        waiting.push(product.post_master("a lighthouse keeper in a yellow raincoat").await);
    }
    for _ in 0..2 {
        product.pass(61);
        product.stack().settle().await;
    }
    product.pass(61);
    let mut failed = 0;
    for job in &waiting {
        failed += usize::from(product.ended(job).await["status"] == "failed");
    }
    assert_eq!((failed, product.fal().ledger().len()), (0, 7), "probes were refused, and all wait for one that is not");
    assert_eq!(product.ended(&first).await["status"], "completed");
    assert!(product.get("/api/v1/queues").await["stopped"].is_null());
    product.finish().await;
}
