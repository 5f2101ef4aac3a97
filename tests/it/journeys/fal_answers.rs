//! The table of `docs/design/fal-answers.md`, as a user and an accountant see it: whatever fal answers, a callback and
//! a question lead to the same end, nothing that an outage says ends a job, and nothing keeps one open for ever.

use http::{Method, StatusCode};
use likeness_fal_emulator::{
    Asked, ErrorBody, Fault, FaultRule, FileFault, GenerationFault, LedgerEntry, LedgerOutcome, Oddity, QuestionFault,
    RetryHeader, SubmitFault, WebhookFault, When,
};
use likeness_stack::audit::audit;
use serde_json::{Value, json};

use super::profile;
use crate::harness::{Product, answer};

/// What makes one request of each kind, and its path.
struct Kind {
    path: &'static str,
    body: Value,
}

/// A product, and a request of each kind that makes one picture, always the same.
async fn kinds() -> (Product, [Kind; 4]) {
    let product = Product::start().await;
    let master = profile::master(&product).await;
    product.put_person("ada").await;
    product.lora_of("ada").await;
    let scene = json!({ "characters": [{ "referenceId": master }] });
    let kind = |path, body| Kind { path, body };
    let kinds = [
        kind(
            "master",
            json!({
                "subjectType": "character", "subjectId": "keeper", "description": "a lighthouse keeper", "seed": 5
            }),
        ),
        kind("profile360", json!({ "masterReferenceId": master, "subjectId": "keeper", "angles": [90] })),
        kind("composite", json!({ "description": "the keeper on the quay", "references": scene, "seed": 5 })),
        kind("portrait", json!({ "personId": "ada", "prompt": "she smiles", "seed": 5 })),
    ];
    (product, kinds)
}

async fn post(product: &Product, kind: &Kind) -> String {
    let path = format!("/api/v1/projects/demo/images/generate/{}", kind.path);
    let request = product.request(Method::POST, &path).header("cache-control", "no-cache").json(&kind.body);
    let (status, job) = answer(request).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    job["jobId"].as_str().unwrap().to_owned()
}

/// How a job ended: its status, the code of its error, how often fal was paid or asked, what it cost and what was
/// tried.
#[derive(Debug, PartialEq)]
struct End {
    status: Value,
    code: Value,
    requests: usize,
    settled: Value,
    outcomes: Vec<Value>,
}

/// Time passes, with runs of the reconciler, until the job has ended; at most `seconds`.
async fn within(product: &Product, id: &str, seconds: i64) -> Value {
    for _ in 0..=seconds / 5 {
        let job = product.settled(id).await;
        if !job["completedAt"].is_null() {
            return job;
        }
        product.pass(5);
        product.stack().reconcile().await.unwrap();
    }
    panic!("not within {seconds} s: {}", product.job(id).await);
}

async fn end(product: &Product, kind: &Kind, faults: &[(Fault, Option<u32>)], silent: bool) -> End {
    let before = product.fal().ledger().len();
    product.fal().faults().clear();
    for (fault, times) in faults {
        product.fal().faults().add(FaultRule { times: *times, ..FaultRule::always(fault.clone()) });
    }
    if silent {
        product.fal().faults().add(FaultRule::always(Fault::Webhook(WebhookFault::Never)));
    }
    let id = post(product, kind).await;
    let job = within(product, &id, 400).await;
    product.assert_nothing_left().await;
    let attempts = job["shots"].as_array().unwrap().iter().flat_map(|shot| shot["attempts"].as_array().unwrap());
    End {
        status: job["status"].clone(),
        code: job["error"]["code"].clone(),
        requests: product.fal().ledger().len() - before,
        settled: job["cost"]["settled"].clone(),
        outcomes: attempts.map(|attempt| attempt["outcome"].clone()).collect(),
    }
}

fn model(kind: &str, status: u16, billed: bool, retry: Option<RetryHeader>) -> Fault {
    let (kind, body) = (kind.to_owned(), ErrorBody::DetailList);
    Fault::Generation(GenerationFault::ModelError { kind, status, billed, retry, body })
}

fn odd(asked: Asked, answer: Oddity, times: Option<usize>) -> Fault {
    Fault::Question(QuestionFault { asked, answer, times })
}

fn error(status: u16, body: ErrorBody) -> Oddity {
    Oddity::Error { status, body }
}

/// A row of the table: what goes wrong, how often, and how a master that meets it ends.
type Row = (&'static str, Fault, Option<u32>, &'static str, usize);

fn rows() -> Vec<Row> {
    use Asked::{Cancel, Result as Of, Status};
    use ErrorBody::{DetailList, DetailString, Html, Status as Word};
    vec![
        ("good", Fault::Generation(GenerationFault::Slow { ms: 0 }), None, "completed", 1),
        ("the app crashed once", Fault::Generation(GenerationFault::Crash), Some(1), "completed", 2),
        ("the app always crashes", Fault::Generation(GenerationFault::Crash), None, "provider_error", 4),
        ("a model's own 404", model("path_not_found", 404, false, None), None, "provider_protocol", 2),
        (
            "fal wants no retry",
            model("internal_server_error", 500, false, Some(RetryHeader::NeedsRetry(false))),
            None,
            "provider_error",
            1,
        ),
        ("a refusal that is billed", model("less_than_equal", 422, true, None), None, "invalid_input", 1),
        ("content policy", model("content_policy_violation", 422, false, None), None, "content_refused", 1),
        ("unknown once", odd(Status, error(404, Word), Some(1)), None, "completed", 1),
        ("an outage of the status", odd(Status, error(500, Html), Some(4)), None, "completed", 1),
        ("a typed fault of the status", odd(Status, error(500, DetailList), Some(2)), None, "completed", 1),
        ("a typed fault of the result", odd(Of, error(500, DetailList), Some(1)), None, "completed", 1),
        ("a missing result once", odd(Of, error(404, DetailString), Some(1)), None, "completed", 1),
        ("a redirect", odd(Of, error(302, Html), Some(2)), None, "completed", 1),
        ("no list of images", odd(Of, Oddity::Json(json!({ "images": null })), Some(2)), None, "completed", 1),
        ("another name", odd(Of, Oddity::Json(json!({ "output": [{ "url": "x" }] })), Some(1)), None, "completed", 1),
        ("cut off", odd(Of, Oddity::Cut, Some(2)), None, "completed", 1),
        ("a refused key", odd(Of, error(401, DetailString), Some(2)), None, "completed", 1),
        ("a cancel that is not asked for", odd(Cancel, error(500, Html), None), None, "completed", 1),
    ]
}

/// Every row by callback and by question: the same end, the same money, the same trace.
async fn every_row_of(kind: usize) {
    let (product, kinds) = kinds().await;
    let kind = &kinds[kind];
    for (name, fault, times, ends, requests) in rows() {
        let faults = [(fault, times)];
        let told = end(&product, kind, &faults, false).await;
        let asked = end(&product, kind, &faults, true).await;
        assert_eq!(told, asked, "{name}, of a {}", kind.path);
        // A profile tries its failed angles otherwise.
        if kind.path != "profile360" {
            let how = if asked.status == "completed" { &asked.status } else { &asked.code };
            assert_eq!((how, asked.requests), (&json!(ends), requests), "{name}, of a {}: {asked:?}", kind.path);
        }
        if name == "a refusal that is billed" {
            assert_ne!(asked.settled, json!(0.0), "{asked:?}");
        }
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_of_the_table_by_callback_and_by_question_of_a_master() {
    every_row_of(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_of_the_table_by_callback_and_by_question_of_a_profile() {
    every_row_of(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_of_the_table_by_callback_and_by_question_of_a_composite() {
    every_row_of(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_of_the_table_by_callback_and_by_question_of_a_portrait() {
    every_row_of(3).await;
}

fn silent(product: &Product) {
    product.fal().faults().add(FaultRule::always(Fault::Webhook(WebhookFault::Never)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_that_only_the_status_tells_of_ends_within_seconds_and_gives_its_slot_back() {
    let product = Product::with(|options| {
        options.environment.push(("MAX_CONCURRENT_GENERATIONS".to_owned(), "2".to_owned()));
    })
    .await;
    silent(&product);
    let rule = FaultRule::always(Fault::Generation(GenerationFault::Crash));
    let when = When { prompt_contains: Some("crash".to_owned()), ..Default::default() };
    product.fal().faults().add(rule.when(when));
    let mut jobs = Vec::new();
    for name in ["a knight who will crash", "a wizard who will crash", "a lighthouse keeper"] {
        jobs.push(product.post_master(name).await);
    }
    assert_eq!(within(&product, &jobs[2], 60).await["status"], "completed", "the third does not wait for minutes");
    for job in &jobs[..2] {
        let job = within(&product, job, 60).await;
        assert_eq!(job["error"]["code"], "provider_error", "{job}");
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_can_never_be_read_ends_within_the_window_and_so_does_a_cancel() {
    let product = Product::start().await;
    silent(&product);
    product.fal().faults().add(FaultRule::always(odd(Asked::Result, error(500, ErrorBody::Html), None)));
    let job = product.post_master("a lighthouse keeper").await;
    let ended = within(&product, &job, 200).await;
    assert_eq!((&ended["error"]["code"], &ended["error"]["retryable"]), (&json!("provider_error"), &json!(true)));
    let job = product.post_master("a lighthouse keeper").await;
    product.settled(&job).await;
    let (status, _) = answer(product.request(Method::POST, &format!("/api/v1/jobs/{job}/cancel"))).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert_eq!(within(&product, &job, 60).await["status"], "canceled");
    product.finish().await;
}

/// fal's edge answers every submit with this.
async fn outage(fault: SubmitFault, seconds: i64, jobs: usize) {
    let product = Product::start().await;
    product.fal().faults().add(FaultRule::always(Fault::Submit(fault.clone())));
    let mut ids = Vec::new();
    for number in 0..jobs {
        ids.push(product.post_master(&format!("a keeper with {number} buttons")).await);
    }
    let step = (seconds / 20).max(5);
    let mut told = false;
    for _ in 0..seconds / step {
        product.stack().settle().await;
        told |= product.get("/api/v1/queues").await["stopped"]["reason"].is_string();
        product.pass(step);
        product.stack().reconcile().await.unwrap();
    }
    assert!(told, "{fault:?}: the queue view says why it waits");
    product.fal().faults().clear();
    for id in &ids {
        // One of unknown fate may have been paid: in the end it pauses for half an hour.
        let job = within(&product, id, 3600).await;
        assert_eq!(job["status"], "completed", "{seconds} s of {fault:?}: {job}");
    }
    assert_eq!(product.fal().ledger().len(), jobs, "{seconds} s of {fault:?}: none is paid twice");
    assert!(product.get("/api/v1/queues").await["stopped"].is_null());
    // Messages that were held back for when the lanes open.
    for _ in 0..2 {
        product.pass(901);
        product.stack().settle().await;
    }
    let found = audit(product.stack()).await.unwrap();
    assert_eq!((found.violations, found.jobs, found.images, found.paid_twice), (vec![], jobs, jobs, 0));
    product.finish().await;
}

fn typed(status: u16) -> SubmitFault {
    SubmitFault::Answer { status, body: ErrorBody::DetailString }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_seconds_without_fal_fail_none_of_thirty_jobs() {
    outage(typed(500), 20, 30).await;
    for fault in [typed(503), SubmitFault::RateLimited, SubmitFault::BadGateway, SubmitFault::DropBeforeAccept] {
        outage(fault, 20, 4).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_minutes_without_fal_fail_none_of_thirty_jobs() {
    outage(typed(503), 300, 30).await;
    let redirect = SubmitFault::Answer { status: 302, body: ErrorBody::Html };
    let page = SubmitFault::Answer { status: 503, body: ErrorBody::Html };
    for fault in [typed(500), SubmitFault::RateLimited, SubmitFault::BadGateway, redirect, page] {
        outage(fault, 300, 4).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_minutes_without_fal_fail_none_of_thirty_jobs() {
    outage(typed(503), 2400, 30).await;
    for fault in [typed(500), SubmitFault::RateLimited, SubmitFault::BadGateway, SubmitFault::DropBeforeAccept] {
        outage(fault, 2400, 4).await;
    }
}

fn unfinished(product: &Product) -> usize {
    let open = |entry: &LedgerEntry| matches!(entry.outcome, LedgerOutcome::Queued | LedgerOutcome::Running);
    product.fal().ledger().iter().filter(|entry| open(entry)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_requests_are_at_fal_than_slots_while_its_status_cannot_be_read() {
    let product = Product::with(|options| {
        options.environment.push(("MAX_CONCURRENT_GENERATIONS".to_owned(), "2".to_owned()));
    })
    .await;
    silent(&product);
    product.fal().faults().add(FaultRule::always(Fault::Generation(GenerationFault::NeverFinish)));
    product.fal().faults().add(FaultRule::always(odd(Asked::Status, error(500, ErrorBody::Html), None)));
    let mut jobs = Vec::new();
    for _ in 0..4 {
        jobs.push(product.post_master("a lighthouse keeper").await);
    }
    for _ in 0..20 {
        product.stack().settle().await;
        assert_eq!(unfinished(&product), 2);
        assert_eq!(product.get("/api/v1/queues").await["inFlight"], 2, "what may still run is counted");
        product.pass(60);
        product.stack().reconcile().await.unwrap();
    }
    for job in &jobs {
        answer(product.request(Method::POST, &format!("/api/v1/jobs/{job}/cancel"))).await;
    }
    for job in &jobs {
        assert_eq!(within(&product, job, 60).await["status"], "canceled", "a cancel waits for no outage");
    }
    product.crash().await;
}

/// fal goes on with what it was asked to drop: the job is tried otherwise, and the slot stays taken until fal says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_fal_does_not_drop_keeps_its_slot_until_it_is_over() {
    let product = Product::start().await;
    silent(&product);
    for fault in [GenerationFault::Held, GenerationFault::IgnoreCancel] {
        product.fal().faults().add(FaultRule::once(Fault::Generation(fault)));
    }
    let id = product.post_master("a lighthouse keeper").await;
    // The held one counts as work that ends by itself, so that nothing here waits for the stack to settle.
    let mut in_flight = Vec::new();
    for _ in 0..400 {
        let job = product.job(&id).await;
        if !job["completedAt"].is_null() {
            break;
        }
        in_flight.push(product.get("/api/v1/queues").await["inFlight"].as_u64().unwrap());
        product.pass(1);
        product.stack().reconcile().await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let job = product.job(&id).await;
    assert_eq!(job["status"], "completed", "{job}");
    assert_eq!(job["shots"][0]["attempts"][0]["outcome"]["rejected"], "timed_out", "{job}");
    assert!(in_flight.contains(&2), "both are counted: {in_flight:?}");
    assert_eq!(product.get("/api/v1/queues").await["inFlight"], 1, "the first may still run");
    product.fal().release();
    product.fal().idle().await;
    product.stack().reconcile().await.unwrap();
    let job = product.settled(&id).await;
    assert_eq!((&job["cost"]["settled"], &job["cost"]["paidTwice"]), (&json!(0.025), &json!(0.025)), "{job}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_answers_that_hang_hold_up_neither_the_sweep_nor_the_others() {
    let product = Product::with(|options| {
        options.environment.push(("MAX_CONCURRENT_GENERATIONS".to_owned(), "250".to_owned()));
        options.fal.concurrency = 250;
    })
    .await;
    silent(&product);
    product
        .fal()
        .faults()
        .add(FaultRule { times: Some(50), ..FaultRule::always(odd(Asked::Status, Oddity::Hang, None)) });
    product.fal().faults().add(FaultRule::always(model("content_policy_violation", 422, false, None)));
    let mut jobs = Vec::new();
    for _ in 0..50 {
        jobs.push(product.post_master_with(json!({ "variations": 4 })).await);
    }
    product.stack().settle().await;
    product.pass(6);
    let started = std::time::Instant::now();
    let mut reached = 0;
    for _ in 0..3 {
        let began = std::time::Instant::now();
        let report = product.stack().reconcile().await.unwrap();
        assert!(began.elapsed() < std::time::Duration::from_secs(30), "{:?}", began.elapsed());
        reached += report.recovered;
    }
    assert_eq!(reached, 150, "all that fal answered for, in {:?}", started.elapsed());
    product.crash().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paid_picture_survives_a_file_host_that_says_it_is_not_there() {
    let product = Product::start().await;
    for (status, times) in [(404, 1), (404, 3), (410, 2), (302, 1), (503, 6)] {
        product.fault(Fault::File(FileFault::Answer { status, times }));
        let job = product.post_master("a lighthouse keeper").await;
        let job = within(&product, &job, 1800).await;
        assert_eq!((&job["status"], &job["cost"]["settled"]), (&json!("completed"), &json!(0.025)), "{status} {job}");
    }
    assert_eq!(product.fal().ledger().len(), 5, "each was paid once");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_images_than_asked_for_are_neither_kept_nor_charged_and_not_hidden() {
    let product = Product::start().await;
    for ask in [false, true] {
        product.fal().faults().clear();
        product.fal().faults().add(FaultRule::always(Fault::Generation(GenerationFault::MoreImages { images: 3 })));
        if ask {
            silent(&product);
        }
        let job = product.post_master_with(json!({ "variations": 2, "seed": 100 })).await;
        let job = product.ended(&job).await;
        assert_eq!((&job["status"], &job["cost"]["reserved"]), (&json!("completed"), &json!(0.05)), "{job}");
        assert_eq!((&job["cost"]["settled"], &job["cost"]["aboveReserved"]), (&json!(0.05), &Value::Null), "{job}");
        assert_eq!(job["result"]["images"].as_array().unwrap().len(), 2, "{job}");
        let attempt = &job["shots"][0]["attempts"][0];
        assert_eq!((&attempt["surplusImages"], &attempt["providerCost"]), (&json!(2), &json!(0.075)), "{job}");
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fal_really_bills_is_looked_up_and_a_drift_is_reported() {
    for (sample, ask) in [("100", false), ("0", true)] {
        let product = Product::with(|options| {
            options.environment.push(("FAL_BILL_SAMPLE_PERCENT".to_owned(), sample.to_owned()));
        })
        .await;
        if ask {
            silent(&product);
        }
        product.fal().faults().add(FaultRule::always(Fault::Generation(GenerationFault::Billed { units: 2.0 })));
        let job = product.post_master("a lighthouse keeper").await;
        let job = product.ended(&job).await;
        assert_eq!((&job["cost"]["reserved"], &job["cost"]["settled"]), (&json!(0.025), &json!(0.025)), "{job}");
        assert_eq!(job["cost"]["aboveReserved"], 0.025, "billed, and not charged: {job}");
        let models = product.get("/api/v1/models").await;
        let dev = models["models"].as_array().unwrap().iter().find(|model| model["id"] == "flux-dev").unwrap();
        let drift = &dev["price"]["drift"];
        assert_eq!(
            (&drift["units"], &drift["expectedUsd"], &drift["billedUsd"]),
            (&json!(2.0), &json!(0.025), &json!(0.05))
        );
        product.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_models_own_filter_refuses_goes_to_the_stand_in_only_where_the_project_allows_it() {
    let product = Product::start().await;
    let body = json!({ "detail": [{
        "loc": ["body", "prompt"], "msg": "refused", "type": "content_policy_violation",
        "ctx": { "categories": ["violence", "model_moderated"] }
    }] });
    let refusal = Fault::Generation(GenerationFault::ModelError {
        kind: "content_policy_violation".to_owned(),
        status: 422,
        billed: false,
        retry: None,
        body: ErrorBody::Json(body),
    });
    product.fault(refusal.clone());
    let job = product.post_master("a lighthouse keeper").await;
    let job = product.ended(&job).await;
    assert_eq!(job["error"]["code"], "content_refused", "{job}");
    assert!(job["error"]["detail"].as_str().unwrap().contains("violence"), "{job}");
    assert_eq!(job["shots"][0]["attempts"][0]["categories"], json!(["violence", "model_moderated"]), "{job}");

    let allow = json!({ "moderationFallback": true });
    let (status, project) = answer(product.request(Method::PATCH, "/api/v1/projects/demo").json(&allow)).await;
    assert_eq!((status, &project["moderationFallback"]), (StatusCode::OK, &json!(true)), "{project}");
    product.fault(refusal);
    let job = product.post_master("a lighthouse keeper").await;
    let job = product.ended(&job).await;
    let models: Vec<_> =
        job["shots"][0]["attempts"].as_array().unwrap().iter().map(|one| one["model"].as_str()).collect();
    let expected = vec![Some("flux-dev"), Some("flux-schnell")];
    assert_eq!((&job["status"], models), (&json!("completed"), expected), "{job}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_names_the_input_fals_words_and_what_to_do() {
    let product = Product::start().await;
    product.fault(model("less_than_equal", 422, false, None));
    let job = product.post_master("a lighthouse keeper").await;
    let job = product.ended(&job).await;
    assert_eq!(
        job["error"]["detail"],
        "fal answered 422, less_than_equal, for `prompt`: \"The request failed: less than equal.\"; change that input and \
         send the request again"
    );
    product.finish().await;
}
