//! `Cancel-After`: a job that is not done by then is taken back, and says why.

use http::{Method, StatusCode};
use likeness_fal_emulator::{FaultRule, When};
use serde_json::{Value, json};

use super::cancel::{cancel, money, never, one_at_a_time, shots};
use crate::harness::{Product, answer};

async fn post(product: &Product, fields: Value, cancel_after: &str) -> Value {
    let request = product.master(&fields).header("cancel-after", cancel_after);
    let (status, job) = answer(request).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    job
}

fn id(job: &Value) -> &str {
    job["jobId"].as_str().unwrap()
}

fn assert_expired(job: &Value) {
    assert_eq!((&job["status"], &job["error"]["code"]), (&json!("canceled"), &json!("deadline")), "{job}");
    assert_eq!((&job["error"]["retryable"], &job["cost"]["settled"]), (&json!(true), &json!(0.0)), "{job}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_its_deadline_a_job_is_canceled_and_what_it_has_at_fal_is_called_off() {
    let product = one_at_a_time().await;
    product.fault(never());
    let job = post(&product, json!({ "variations": 2 }), "1m").await;
    let deadline: jiff::Timestamp = job["deadline"].as_str().unwrap().parse().unwrap();
    assert_eq!(deadline.duration_since(product.test_clock.now()).as_secs(), 60);
    // Before time passes, or the first one's slot is free again for the second.
    product.settled(id(&job)).await;
    product.pass(59);
    assert_eq!(shots(&product.settled(id(&job)).await), ["submitted", "waiting"]);
    product.pass(1);
    let job = product.settled(id(&job)).await;
    assert_expired(&job);
    assert_eq!((shots(&job), product.fal().ledger()[0].cancels.as_slice()), (vec!["canceled"; 2], &[202][..]));
    let money = money(&product).await;
    assert_eq!((money.reserved.micros(), money.settled.micros(), money.jobs), (0, 0, 1));
    assert_eq!(cancel(&product, id(&job)).await.0, StatusCode::OK);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_by_then_is_kept() {
    let product = one_at_a_time().await;
    let second = FaultRule::always(never()).when(When { nth: Some(2), ..When::default() });
    product.fal().faults().add(second);
    let job = post(&product, json!({ "variations": 3 }), "90").await;
    assert_eq!(shots(&product.settled(id(&job)).await), ["stored", "submitted", "waiting"]);
    product.pass(90);
    let job = product.settled(id(&job)).await;
    assert_eq!((&job["status"], &job["error"]["code"]), (&json!("partial"), &json!("deadline")), "{job}");
    assert_eq!((shots(&job), &job["cost"]["settled"]), (vec!["stored", "canceled", "canceled"], &json!(0.025)));
    assert_eq!(job["result"]["images"].as_array().unwrap().len(), 1);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_is_done_in_time_stays_done() {
    let product = Product::start().await;
    let job = post(&product, json!({}), "5s").await;
    let done = product.settled(id(&job)).await;
    assert_eq!(done["status"], "completed", "{done}");
    product.pass(6);
    product.stack().reconcile().await.unwrap();
    assert_eq!(product.settled(id(&job)).await, done);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_lost_is_made_up_for_by_the_sweep() {
    let product = Product::start().await;
    product.stack().deliver_only(Some(0));
    let job = post(&product, json!({}), "30s").await;
    product.pass(29);
    product.stack().reconcile().await.unwrap();
    assert_eq!(product.settled(id(&job)).await["status"], "queued");
    product.pass(1);
    product.stack().settle().await;
    product.stack().deliver_only(None);
    product.stack().reconcile().await.unwrap();
    assert_expired(&product.settled(id(&job)).await);
    assert!(product.fal().ledger().is_empty());
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_beyond_what_a_message_waits_is_kept_too() {
    let product = Product::start().await;
    product.fault(never());
    let job = post(&product, json!({}), "20m").await;
    product.settled(id(&job)).await;
    for seconds in [900, 299] {
        product.pass(seconds);
        assert_eq!(shots(&product.settled(id(&job)).await), ["submitted"]);
    }
    product.pass(1);
    assert_expired(&product.settled(id(&job)).await);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_cancels_first_is_the_reason() {
    let product = Product::start().await;
    product.stack().deliver_only(Some(0));
    let job = post(&product, json!({}), "30s").await;
    assert_eq!(cancel(&product, id(&job)).await.0, StatusCode::ACCEPTED);
    product.pass(121);
    product.stack().settle().await;
    product.stack().deliver_only(None);
    product.stack().reconcile().await.unwrap();
    let job = product.settled(id(&job)).await;
    assert_eq!((&job["status"], &job["error"]), (&json!("canceled"), &Value::Null), "{job}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repetition_answers_with_the_first_deadline_and_a_bad_one_is_refused() {
    let product = Product::start().await;
    let with = |after: &'static str| {
        let request = product.master(&json!({})).header("idempotency-key", "take-1");
        answer(request.header("cancel-after", after))
    };
    let (_, first) = with("1h30m").await;
    let (status, again) = with("2h").await;
    assert_eq!((status, &again["jobId"]), (StatusCode::ACCEPTED, &first["jobId"]));
    assert_eq!(again["deadline"], first["deadline"]);
    product.ended(id(&first)).await;
    for bad in ["4s", "soon", "", "1.5h", "25h", "5m 3s"] {
        let (status, problem) = answer(product.master(&json!({})).header("cancel-after", bad)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}: {problem}");
        assert_eq!(
            (&problem["errors"][0]["in"], &problem["errors"][0]["pointer"]),
            (&json!("header"), &json!("/Cancel-After"))
        );
    }
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workflow_passes_its_deadline_on_and_begins_no_step_after_it() {
    let product = Product::start().await;
    let step = |name: &str, after: &[&str]| {
        let description = "a lighthouse keeper in a yellow raincoat";
        let input = json!({ "subjectType": "character", "subjectId": name, "description": description });
        json!({ "id": name, "type": "master", "input": input, "after": after })
    };
    let path = "/api/v1/projects/demo/workflows";
    let start = async |steps: Value| {
        let request = product.request(Method::POST, path).header("cancel-after", "60s");
        let request = request.header("cache-control", "no-cache").json(&json!({ "steps": steps }));
        let (status, workflow) = answer(request).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{workflow}");
        workflow["workflowId"].as_str().unwrap().to_owned()
    };
    let read = async |id: &str| product.get(&format!("{path}/{id}")).await;
    // The first step is under way at the deadline.
    product.fault(never());
    let id = start(json!([step("first", &[]), step("second", &["first"])])).await;
    product.stack().settle().await;
    let job = product.job(read(&id).await["steps"][0]["jobId"].as_str().unwrap()).await;
    assert_eq!(job["deadline"], read(&id).await["deadline"]);
    product.pass(60);
    product.stack().settle().await;
    let workflow = read(&id).await;
    assert_eq!((&workflow["status"], &workflow["steps"][0]["status"]), (&json!("canceled"), &json!("canceled")));
    assert!(!workflow["endedAt"].is_null() && workflow["steps"][1]["jobId"].is_null(), "{workflow}");

    // It was made in time, and that was noticed too late for the second.
    product.stack().deliver_only(Some(1));
    let id = start(json!([step("third", &[]), step("fourth", &["third"])])).await;
    product.stack().settle().await;
    product.pass(121);
    product.stack().settle().await;
    product.stack().deliver_only(None);
    product.stack().reconcile().await.unwrap();
    product.stack().settle().await;
    let workflow = read(&id).await;
    assert_eq!((&workflow["steps"][0]["status"], &workflow["status"]), (&json!("completed"), &json!("partial")));
    assert_eq!(workflow["steps"][1]["error"]["code"], "deadline", "{workflow}");
    assert_eq!(product.fal().ledger().len(), 2);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comparison_has_a_deadline_too() {
    let product = Product::start().await;
    let master = super::profile::master(&product).await;
    product.stack().deliver_only(Some(0));
    let request = product.request(Method::POST, "/api/v1/projects/demo/images/verify/consistency");
    let request = request.header("cancel-after", "10s");
    let (_, job) = answer(request.json(&json!({ "newImageId": master, "referenceSetId": master }))).await;
    product.pass(10);
    product.stack().settle().await;
    product.stack().deliver_only(None);
    product.stack().reconcile().await.unwrap();
    assert_expired(&product.settled(id(&job)).await);
    product.finish().await;
}
