//! Taking jobs back, and the list that shows them.

use http::{Method, StatusCode};
use likeness_core::store::{Ledger, MemberChange};
use likeness_domain::project::{Member, Role};
use likeness_fal_emulator::{ErrorBody, Fault, FaultRule, GenerationFault, WebhookFault};
use serde_json::{Value, json};

use crate::harness::{Product, answer};

const JOBS: &str = "/api/v1/projects/demo/jobs";

pub(super) async fn one_at_a_time() -> Product {
    Product::with(|options| options.environment.push(("MAX_CONCURRENT_GENERATIONS".to_owned(), "1".to_owned()))).await
}

pub(super) fn never() -> Fault {
    Fault::Generation(GenerationFault::NeverFinish)
}

pub(super) async fn cancel(product: &Product, job: &str) -> (StatusCode, Value) {
    answer(product.request(Method::POST, &format!("/api/v1/jobs/{job}/cancel"))).await
}

pub(super) async fn money(product: &Product) -> Ledger {
    product.store().ledger(&"demo".parse().unwrap(), product.test_clock.now()).await.unwrap()
}

pub(super) fn shots(job: &Value) -> Vec<&str> {
    job["shots"].as_array().unwrap().iter().map(|shot| shot["status"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shots_that_wait_are_taken_back_and_the_one_at_fal_is_waited_for() {
    let product = one_at_a_time().await;
    product.fault(Fault::Webhook(WebhookFault::Never));
    let id = product.post_master_with(json!({ "variations": 4 })).await;
    assert_eq!(shots(&product.settled(&id).await), ["submitted", "waiting", "waiting", "waiting"]);
    let (status, job) = cancel(&product, &id).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    assert_eq!(
        (&job["status"], shots(&job)),
        (&json!("processing"), vec!["submitted", "canceled", "canceled", "canceled"])
    );
    let job = product.ended(&id).await;
    assert_eq!((&job["status"], &job["error"]["code"]), (&json!("partial"), &json!("canceled")), "{job}");
    assert_eq!(job["result"]["images"].as_array().unwrap().len(), 1);
    let ledger = money(&product).await;
    assert_eq!((ledger.reserved.micros(), ledger.settled.micros(), ledger.jobs), (0, 25_000, 1));

    // The same, and what is at fal never comes: fal is asked to drop it, and it is not sent a second time.
    product.fault(never());
    let id = product.post_master_with(json!({ "variations": 4, "seed": 1 })).await;
    product.settled(&id).await;
    let sent = product.fal().ledger().len();
    assert_eq!(cancel(&product, &id).await.0, StatusCode::ACCEPTED);
    let job = product.settled(&id).await;
    assert_eq!((&job["status"], shots(&job)), (&json!("canceled"), vec!["canceled"; 4]), "{job}");
    let ledger = money(&product).await;
    assert_eq!((ledger.reserved.micros(), ledger.jobs, product.fal().ledger().len()), (0, 2, sent));
    // Asked for once more, as by somebody whose answer was lost.
    let (status, again) = cancel(&product, &id).await;
    assert_eq!((status, &again["status"]), (StatusCode::OK, &json!("canceled")));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_that_is_all_at_fal_gets_no_second_try_once_it_is_canceled() {
    let product = Product::with(|options| {
        let twelve = |name: &str| (name.to_owned(), "12".to_owned());
        options.environment.extend([twelve("MAX_CONCURRENT_GENERATIONS"), twelve("PROFILE_BATCH_SIZE")]);
    })
    .await;
    let master = super::profile::master(&product).await;
    let (kind, body) = ("content_policy_violation".to_owned(), ErrorBody::DetailList);
    let refused = GenerationFault::ModelError { kind, status: 422, billed: false, retry: None, body };
    product.fal().faults().add(FaultRule::always(Fault::Generation(refused)));
    // No callback comes: all twelve are at fal until the reconciler asks.
    product.fal().faults().add(FaultRule::always(Fault::Webhook(WebhookFault::Never)));
    let body = json!({ "masterReferenceId": master, "subjectId": "keeper" });
    let (_, job) = answer(product.request(Method::POST, super::profile::PATH).json(&body)).await;
    let id = job["jobId"].as_str().unwrap();
    assert_eq!(shots(&product.settled(id).await), ["submitted"; 12]);
    let (status, job) = cancel(&product, id).await;
    assert_eq!((status, &job["status"]), (StatusCode::ACCEPTED, &json!("processing")));
    let job = product.ended(id).await;
    assert_eq!((&job["status"], shots(&job)), (&json!("canceled"), vec!["canceled"; 12]), "{job}");
    assert_eq!(money(&product).await.reserved.micros(), 0);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_only_waits_ends_at_once_and_costs_nothing() {
    let product = one_at_a_time().await;
    product.fault(never());
    let before = product.post_master_with(json!({ "subjectId": "before" })).await;
    product.settled(&before).await;
    let id = product.post_master_with(json!({ "variations": 2 })).await;
    assert_eq!(product.settled(&id).await["status"], "queued");
    assert_eq!(money(&product).await.reserved.micros(), 3 * 25_000);
    assert_eq!(cancel(&product, &id).await.0, StatusCode::ACCEPTED);
    let job = product.settled(&id).await;
    assert_eq!(
        (&job["status"], &job["cost"]["settled"], &job["progress"]),
        (&json!("canceled"), &json!(0.0), &json!(100))
    );
    let ledger = money(&product).await;
    assert_eq!((ledger.reserved.micros(), ledger.settled.micros(), ledger.jobs), (25_000, 0, 1));
    assert_eq!(product.get("/api/v1/queues").await["queueSize"], 0);
    assert_eq!(product.ended(&before).await["status"], "completed");
    assert_eq!(product.fal().ledger().len(), 2, "only the other one, twice");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_whose_message_is_lost_is_ended_by_the_sweep() {
    let product = one_at_a_time().await;
    product.stack().deliver_only(Some(0));
    let id = product.post_master_with(json!({ "variations": 2 })).await;
    assert_eq!(cancel(&product, &id).await.0, StatusCode::ACCEPTED);
    assert!(product.settled(&id).await["completedAt"].is_null());
    product.stack().deliver_only(None);
    product.pass(121);
    product.stack().reconcile().await.unwrap();
    assert_eq!(product.settled(&id).await["status"], "canceled");
    assert!(product.fal().ledger().is_empty());
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_may_generate_may_cancel() {
    let product = one_at_a_time().await;
    product.fault(never());
    let id = product.post_master("a lighthouse keeper in a yellow raincoat").await;
    product.settled(&id).await;
    product.create_project("elsewhere", "elsewhere-key").await;
    let stranger = async || {
        let url = format!("{}/api/v1/jobs/{id}/cancel", product.stack().url());
        answer(product.http.post(url).bearer_auth("elsewhere-key")).await
    };
    let (status, problem) = stranger().await;
    assert_eq!((status.as_u16(), &problem["detail"]), (404, &json!("there is no such job")));
    let (project, user) = ("demo".parse().unwrap(), "elsewhere".parse().unwrap());
    let viewer = Member { project, user, role: Role::Viewer, since: product.test_clock.now() };
    assert_eq!(product.store().put_member(viewer).await.unwrap(), MemberChange::Made);
    assert_eq!(stranger().await.0, StatusCode::FORBIDDEN);
    assert_eq!(cancel(&product, "job_01jd0000000000000000000000").await.0, StatusCode::NOT_FOUND);
    assert_eq!(product.ended(&id).await["status"], "completed");
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_are_listed_newest_first_in_pages_and_by_status() {
    let product = one_at_a_time().await;
    let mut ids = Vec::new();
    for subject in ["a", "b", "c"] {
        product.pass(1);
        ids.push(product.post_master_with(json!({ "subjectId": subject })).await);
        product.ended(&ids[ids.len() - 1]).await;
    }
    product.fault(never());
    product.pass(1);
    ids.push(product.post_master_with(json!({ "subjectId": "d" })).await);
    product.stack().settle().await;
    ids.reverse();
    let listed = |page: &Value| -> Vec<String> {
        page["jobs"].as_array().unwrap().iter().map(|job| job["jobId"].as_str().unwrap().to_owned()).collect()
    };
    let all = product.get(JOBS).await;
    assert_eq!((listed(&all), &all["hasMore"]), (ids.clone(), &json!(false)));
    assert!(all["jobs"].as_array().unwrap().iter().all(|job| job["result"].is_null()));
    assert_eq!((&all["jobs"][0]["status"], &all["jobs"][1]["progress"]), (&json!("processing"), &json!(100)));
    let first = product.get(&format!("{JOBS}?limit=3")).await;
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = product.get(&format!("{JOBS}?limit=3&cursor={cursor}")).await;
    assert_eq!((listed(&first), listed(&second)), (ids[..3].to_vec(), ids[3..].to_vec()));
    assert_eq!(listed(&product.get(&format!("{JOBS}?status=processing")).await), ids[..1]);
    assert_eq!(listed(&product.get(&format!("{JOBS}?status=completed")).await), ids[1..]);
    for (query, pointer) in [("status=done", "/status"), (&format!("status=failed&cursor={cursor}"), "/cursor")] {
        let (status, problem) = answer(product.request(Method::GET, &format!("{JOBS}?{query}"))).await;
        assert_eq!((status.as_u16(), &problem["errors"][0]["pointer"]), (400, &json!(pointer)), "{problem}");
    }
    product.ended(&ids[0]).await;
    product.finish().await;
}
