//! Retrying a job: what failed or was canceled is begun anew in it, what is there counts, and money is charged once.

use futures_util::future::join_all;
use http::{Method, StatusCode};
use likeness_core::store::MemberChange;
use likeness_domain::project::{Member, Role};
use likeness_fal_emulator::{DrawingFault, ErrorBody, Fault, FaultRule, GenerationFault, When};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{
    cancel::{cancel, money, never, one_at_a_time, shots},
    profile::{PATH as PROFILE, fail, master},
};
use crate::harness::{Product, answer};

fn retry(product: &Product, job: &str) -> RequestBuilder {
    product.request(Method::POST, &format!("/api/v1/jobs/{job}/retry"))
}

fn refused() -> Fault {
    let (kind, body) = ("less_than_equal".to_owned(), ErrorBody::DetailList);
    Fault::Generation(GenerationFault::ModelError { kind, status: 422, billed: false, retry: None, body })
}

/// A master of three variations of which the second failed.
async fn two_of_three(product: &Product) -> Value {
    product.fal().faults().add(FaultRule::always(refused()).when(When { nth: Some(2), ..When::default() }));
    let id = product.post_master_with(json!({ "variations": 3, "seed": 5 })).await;
    let job = product.settled(&id).await;
    assert_eq!((&job["status"], &job["cost"]["settled"]), (&json!("partial"), &json!(0.05)), "{job}");
    assert_eq!(shots(&job).iter().filter(|status| **status == "failed").count(), 1);
    job
}

fn id(job: &Value) -> &str {
    job["jobId"].as_str().unwrap()
}

fn images(job: &Value) -> Vec<&Value> {
    job["result"]["images"].as_array().unwrap().iter().map(|image| &image["mediaId"]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_failed_is_made_again_and_every_image_is_charged_once() {
    let product = one_at_a_time().await;
    let job = two_of_three(&product).await;
    let before: Vec<Value> = images(&job).into_iter().cloned().collect();
    product.stack().deliver_only(Some(0));
    let (status, open) = answer(retry(&product, id(&job))).await;
    assert_eq!((status, &open["status"]), (StatusCode::ACCEPTED, &json!("processing")), "{open}");
    assert_eq!(shots(&open), ["stored", "waiting", "stored"]);
    assert!(open["completedAt"].is_null() && open["cost"]["settled"].is_null() && !open["retriedAt"].is_null());
    product.stack().settle().await;
    let sums = money(&product).await;
    assert_eq!((sums.reserved.micros(), sums.settled.micros(), sums.jobs), (75_000, 0, 0), "reserved anew");

    // Its message was lost; the reconciler finds that somebody waits.
    product.stack().deliver_only(None);
    product.stack().reconcile().await.unwrap();
    let done = product.settled(id(&job)).await;
    assert_eq!((&done["status"], &done["error"]), (&json!("completed"), &Value::Null), "{done}");
    assert_eq!((&done["cost"]["settled"], product.fal().ledger().len()), (&json!(0.075), 4));
    let after = images(&done);
    assert!(after.len() == 3 && before.iter().all(|image| after.contains(&image)), "{done}");
    let sums = money(&product).await;
    assert_eq!((sums.reserved.micros(), sums.settled.micros(), sums.jobs), (0, 75_000, 1));
    // The second attempt of the shot that failed, with the seed that it had.
    let again = &done["shots"][1];
    assert_eq!(again["attempts"].as_array().unwrap().len(), 2, "{again}");
    assert_eq!(product.get("/api/v1/projects/demo/images").await["total"], 3);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_again_has_all_its_tries_again_and_ends_as_before() {
    let product = Product::start().await;
    let (kind, body) = ("internal_server_error".to_owned(), ErrorBody::DetailList);
    let failing = GenerationFault::ModelError { kind, status: 500, billed: false, retry: None, body };
    product.fal().faults().add(FaultRule::always(Fault::Generation(failing)));
    let id = product.post_master_with(json!({})).await;
    for tries in [4, 8] {
        let job = product.ended(&id).await;
        assert_eq!((&job["status"], &job["error"]["code"]), (&json!("failed"), &json!("provider_error")), "{job}");
        assert_eq!(job["shots"][0]["attempts"].as_array().unwrap().len(), tries);
        let sums = money(&product).await;
        assert_eq!((sums.reserved.micros(), sums.settled.micros(), sums.jobs), (0, 0, 1));
        assert_eq!(answer(retry(&product, &id)).await.0, StatusCode::ACCEPTED);
    }
    product.fal().faults().clear();
    assert_eq!(product.ended(&id).await["status"], "completed");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_was_canceled_is_made_after_all() {
    let product = one_at_a_time().await;
    product.fault(never());
    let id = product.post_master_with(json!({ "variations": 2 })).await;
    product.settled(&id).await;
    cancel(&product, &id).await;
    assert_eq!(product.settled(&id).await["status"], "canceled");
    // Waited for, and with a deadline of its own.
    let request = retry(&product, &id).header("prefer", "wait=20").header("cancel-after", "10m");
    let (status, done) = answer(request).await;
    assert_eq!((status, &done["status"]), (StatusCode::OK, &json!("completed")), "{done}");
    assert!(!done["deadline"].is_null() && done["images"].as_array().unwrap().len() == 2, "{done}");
    assert_eq!(money(&product).await.settled.micros(), 50_000);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_retries_one_opens_the_job_and_all_get_it() {
    let product = one_at_a_time().await;
    let job = two_of_three(&product).await;
    product.stack().deliver_only(Some(0));
    for (status, open) in join_all((0..6).map(|_| answer(retry(&product, id(&job))))).await {
        assert_eq!((status, &open["jobId"]), (StatusCode::ACCEPTED, &job["jobId"]), "{open}");
    }
    product.stack().settle().await;
    assert_eq!(money(&product).await.reserved.micros(), 75_000);
    product.stack().deliver_only(None);
    product.stack().reconcile().await.unwrap();
    assert_eq!(product.settled(id(&job)).await["status"], "completed");
    assert_eq!((product.fal().ledger().len(), money(&product).await.jobs), (4, 1));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_under_a_key_is_one_retry() {
    let product = one_at_a_time().await;
    let job = two_of_three(&product).await;
    let keyed = || retry(&product, id(&job)).header("idempotency-key", "again-1");
    assert_eq!(answer(keyed()).await.0, StatusCode::ACCEPTED);
    assert_eq!(product.settled(id(&job)).await["status"], "completed");
    let (status, again) = answer(keyed()).await;
    assert_eq!((status, &again["status"]), (StatusCode::ACCEPTED, &json!("completed")), "{again}");
    let other = product.master(&json!({})).header("idempotency-key", "again-1");
    assert_eq!(answer(other).await.1["code"], "idempotency_key_reused");
    assert_eq!(product.fal().ledger().len(), 4);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_runs_or_is_complete_is_not_retried_nor_by_a_stranger() {
    let product = Product::start().await;
    product.fault(never());
    let running = product.post_master_with(json!({ "subjectId": "running" })).await;
    product.settled(&running).await;
    let (status, problem) = answer(retry(&product, &running)).await;
    assert_eq!(
        (status, &problem["detail"]),
        (StatusCode::CONFLICT, &json!("the job is under way: wait for its end, or cancel it"))
    );
    product.fal().faults().clear();
    let done = product.post_master_with(json!({})).await;
    product.settled(&done).await;
    let (status, problem) = answer(retry(&product, &done)).await;
    assert_eq!(
        (status, &problem["detail"]),
        (StatusCode::CONFLICT, &json!("the job is complete: there is nothing to retry"))
    );
    product.create_project("elsewhere", "elsewhere-key").await;
    let url = format!("{}/api/v1/jobs/{done}/retry", product.stack().url());
    let stranger = || answer(product.http.post(&url).bearer_auth("elsewhere-key"));
    assert_eq!(stranger().await.0, StatusCode::NOT_FOUND);
    let (project, user) = ("demo".parse().unwrap(), "elsewhere".parse().unwrap());
    let viewer = Member { project, user, role: Role::Viewer, since: product.test_clock.now() };
    assert_eq!(product.store().put_member(viewer).await.unwrap(), MemberChange::Made);
    assert_eq!(stranger().await.0, StatusCode::FORBIDDEN);
    let (status, problem) = answer(retry(&product, &done).header("cancel-after", "1s")).await;
    assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!("/Cancel-After")));
    product.ended(&running).await;
    product.finish().await;
}

async fn profile(product: &Product, master: &str, fields: Value) -> String {
    let mut body = json!({ "masterReferenceId": master, "subjectId": "keeper" });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let (status, job) = answer(product.request(Method::POST, PROFILE).json(&body)).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    id(&job).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_with_gaps_is_completed_in_the_collection_that_it_made() {
    let product = Product::start().await;
    let master = master(&product).await;
    fail(&product, &[30, 150, 300]);
    let job = profile(&product, &master, json!({})).await;
    let partial = product.ended(&job).await;
    assert_eq!((&partial["status"], images(&partial).len()), (&json!("partial"), 9), "{partial}");
    let collection = partial["result"]["collectionId"].as_str().unwrap();
    let collection = format!("/api/v1/projects/demo/collections/{collection}");
    // Somebody makes another view anew before the retry: it stays.
    let front = partial["shots"][0]["shotId"].as_str().unwrap();
    let anew = product.request(Method::POST, &format!("/api/v1/jobs/{job}/shots/{front}/regenerate"));
    let anew = product.ended(id(&answer(anew).await.1)).await;
    assert_eq!(anew["status"], "completed", "{anew}");

    product.fal().faults().clear();
    let asked = product.fal().ledger().len();
    assert_eq!(answer(retry(&product, &job)).await.0, StatusCode::ACCEPTED);
    let done = product.ended(&job).await;
    assert_eq!((&done["status"], images(&done).len()), (&json!("completed"), 12), "{done}");
    assert_eq!((product.fal().ledger().len() - asked, &done["result"]["warning"]), (3, &Value::Null));
    assert_eq!(done["cost"]["settled"], 0.48);
    let views = product.get(&collection).await;
    let views = views["images"].as_array().unwrap();
    assert_eq!(views.len(), 12);
    assert_eq!(views[0]["mediaId"], anew["result"]["mediaId"], "the view that was made anew");
    // It is complete now, so it answers the same request.
    let body = json!({ "masterReferenceId": master, "subjectId": "keeper" });
    let (_, same) = answer(product.request(Method::POST, PROFILE).json(&body)).await;
    assert_eq!((&same["jobId"], &same["cached"]), (&json!(job), &json!(true)));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_does_not_match_is_for_regenerating() {
    let product = Product::start().await;
    let master = master(&product).await;
    let when = When { prompt_contains: Some("camera 180° around".to_owned()), ..When::default() };
    product.fal().faults().add(FaultRule::always(Fault::Drawing(DrawingFault::MirroredBack)).when(when));
    let job = profile(&product, &master, json!({ "rerollBudget": 0.04 })).await;
    let ended = product.ended(&job).await;
    assert_eq!((&ended["status"], &ended["error"]["code"]), (&json!("partial"), &json!("inconsistent")), "{ended}");
    let (status, problem) = answer(retry(&product, &job)).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem["detail"].as_str().unwrap().contains("/regenerate"), "{problem}");
    assert_eq!(product.job(&job).await, ended);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comparison_that_was_canceled_is_made_after_all() {
    let product = Product::start().await;
    let master = master(&product).await;
    product.stack().deliver_only(Some(0));
    let request = product.request(Method::POST, "/api/v1/projects/demo/images/verify/consistency");
    let (_, job) = answer(request.json(&json!({ "newImageId": master, "referenceSetId": master }))).await;
    cancel(&product, id(&job)).await;
    product.stack().settle().await;
    product.stack().deliver_only(None);
    product.pass(121);
    product.stack().reconcile().await.unwrap();
    assert_eq!(product.settled(id(&job)).await["status"], "canceled");
    assert_eq!(answer(retry(&product, id(&job))).await.0, StatusCode::ACCEPTED);
    let done = product.settled(id(&job)).await;
    assert_eq!((&done["status"], &done["result"]["passed"]), (&json!("completed"), &json!(true)), "{done}");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_is_retried_as_a_job_and_its_workflow_stays_as_it_ended() {
    let product = Product::start().await;
    product.fault(refused());
    let step = |name: &str, after: &[&str]| {
        let description = "a lighthouse keeper in a yellow raincoat";
        let input = json!({ "subjectType": "character", "subjectId": name, "description": description });
        json!({ "id": name, "type": "master", "input": input, "after": after })
    };
    let path = "/api/v1/projects/demo/workflows";
    let steps = json!({ "steps": [step("first", &[]), step("second", &["first"])] });
    let (_, workflow) = answer(product.request(Method::POST, path).json(&steps)).await;
    let path = format!("{path}/{}", workflow["workflowId"].as_str().unwrap());
    product.stack().settle().await;
    let ended = product.get(&path).await;
    assert_eq!((&ended["status"], &ended["steps"][1]["jobId"]), (&json!("failed"), &Value::Null), "{ended}");
    let job = ended["steps"][0]["jobId"].as_str().unwrap();
    assert_eq!(answer(retry(&product, job)).await.0, StatusCode::ACCEPTED);
    assert_eq!(product.settled(job).await["status"], "completed");
    let after = product.get(&path).await;
    assert_eq!((&after["steps"][0]["status"], &after["status"]), (&json!("completed"), &json!("partial")));
    assert_eq!((&after["steps"][1], &after["endedAt"]), (&ended["steps"][1], &ended["endedAt"]));
    product.finish().await;
}
