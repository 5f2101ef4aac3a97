//! Taking back what is at fal: every order in which the cancel can meet the submit, the callback and the end of the
//! job.

use http::StatusCode;
use likeness_core::store::{Cached, Changed, Finish, JobView, Saved};
use likeness_domain::{
    job::{CanceledBy, JobStatus, NotFinished},
    report::Verified,
    shot::Arrival,
};
use likeness_fal_emulator::{
    DrawingFault, ErrorBody, Fault, FaultRule, GenerationFault, LedgerOutcome, SubmitFault, WebhookFault, When,
};
use serde_json::{Value, json};

use super::cancel::{cancel, money, never, one_at_a_time, shots};
use crate::harness::Product;

/// Waits for `done`, which is under way; what it leads to is held back meanwhile, so that nothing hangs on how long it
/// takes.
async fn until(product: &Product, job: &str, what: &str, done: impl AsyncFn() -> bool) {
    for _ in 0..20_000 {
        if done().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    panic!("never {what}: {}, at fal {:?}", product.job(job).await, product.fal().ledger());
}

/// Waits until the job's first shot stands as `status` says.
async fn reach(product: &Product, job: &str, status: &str) {
    until(product, job, status, async || shots(&product.job(job).await)[0] == status).await;
}

fn stored(product: &Product, job: &str) -> impl Future<Output = JobView> {
    let (store, id) = (product.store(), job.parse().unwrap());
    async move { store.job(id).await.unwrap().unwrap() }
}

fn cancels(product: &Product) -> Vec<Vec<u16>> {
    product.fal().ledger().into_iter().map(|entry| entry.cancels).collect()
}

/// The job ended canceled, after one attempt, and cost nothing.
fn assert_canceled(job: &Value) {
    assert_eq!((&job["status"], &job["cost"]["settled"]), (&json!("canceled"), &json!(0.0)), "{job}");
    assert_eq!((&job["error"], shots(job)), (&Value::Null, vec!["canceled"]), "{job}");
    assert_eq!(job["shots"][0]["attempts"].as_array().unwrap().len(), 1, "{job}");
}

/// The job ended with the picture that fal made all the same, and it is paid for.
fn assert_kept(job: &Value) {
    assert_eq!((&job["status"], &job["cost"]["settled"]), (&json!("completed"), &json!(0.025)), "{job}");
    assert_eq!(job["result"]["images"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_at_fal_is_stopped_there() {
    let product = Product::start().await;
    product.fault(never());
    let id = product.post_master_with(json!({})).await;
    product.settled(&id).await;
    assert_eq!(cancel(&product, &id).await.0, StatusCode::ACCEPTED);
    assert_canceled(&product.settled(&id).await);
    assert_eq!(cancels(&product), [[202]]);
    assert!(matches!(product.fal().ledger()[0].outcome, LedgerOutcome::Failed { status: 499, .. }));
    let money = money(&product).await;
    assert_eq!((money.reserved.micros(), money.settled.micros(), money.jobs), (0, 0, 1));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_in_fals_line_is_taken_out_of_it_though_no_callback_tells() {
    let product = Product::with(|options| options.fal.concurrency = 1).await;
    product.fault(never());
    let running = product.post_master_with(json!({ "subjectId": "running" })).await;
    product.settled(&running).await;
    // The first leaves fal no room: this one waits there, and `never` only keeps the emulator from counting it as work.
    product.fault(never());
    let id = product.post_master_with(json!({})).await;
    product.settled(&id).await;
    assert_eq!(cancel(&product, &id).await.0, StatusCode::ACCEPTED);
    assert_eq!(shots(&product.settled(&id).await), ["submitted"], "fal says nothing by itself");
    product.pass(3);
    assert_canceled(&product.settled(&id).await);
    assert_eq!(cancels(&product), [vec![], vec![200]]);
    cancel(&product, &running).await;
    product.ended(&running).await;
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_whose_answer_is_still_on_its_way_is_called_off_once_its_id_is_known() {
    let product = Product::start().await;
    product.fault(Fault::Submit(SubmitFault::Held));
    product.fault(never());
    let id = product.post_master_with(json!({})).await;
    reach(&product, &id, "submitting").await;
    assert_eq!(cancel(&product, &id).await.0, StatusCode::ACCEPTED);
    assert_eq!(shots(&product.job(&id).await), ["submitting"]);
    product.fal().release();
    assert_canceled(&product.settled(&id).await);
    assert_eq!(cancels(&product), [[202]]);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_nobody_knows_whether_fal_has_it_ends_with_its_window() {
    let product = Product::start().await;
    product.fault(Fault::Submit(SubmitFault::DropBeforeAccept));
    let id = product.post_master_with(json!({})).await;
    assert_eq!(shots(&product.settled(&id).await), ["submitting"]);
    cancel(&product, &id).await;
    assert_eq!(shots(&product.settled(&id).await), ["submitting"], "fal may have it");
    product.pass(16);
    assert_eq!(product.stack().reconcile().await.unwrap().given_up, 1);
    assert_canceled(&product.settled(&id).await);
    assert!(product.fal().ledger().is_empty(), "it was not sent again");
    // The same, and fal has it: its callback is what tells.
    product.fault(Fault::Submit(SubmitFault::DropAfterAccept));
    product.fault(Fault::Generation(GenerationFault::Held));
    let id = product.post_master_with(json!({})).await;
    reach(&product, &id, "submitting").await;
    assert_eq!(cancel(&product, &id).await.0, StatusCode::ACCEPTED);
    product.fal().release();
    assert_kept(&product.settled(&id).await);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_that_fal_makes_all_the_same_is_kept_and_paid_for() {
    let product = Product::start().await;
    product.fault(Fault::Generation(GenerationFault::Held));
    product.fault(Fault::Generation(GenerationFault::IgnoreCancel));
    let id = product.post_master_with(json!({})).await;
    reach(&product, &id, "submitted").await;
    assert_eq!(cancel(&product, &id).await.0, StatusCode::ACCEPTED);
    until(&product, &id, "called off at fal", async || cancels(&product) == [[202]]).await;
    product.fal().release();
    assert_kept(&product.settled(&id).await);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_before_the_cancel_wins_and_one_after_it_ends_the_shot_as_canceled() {
    let product = Product::start().await;
    // Before: delivered, and ingest has not heard of it.
    product.stack().deliver_only(Some(1));
    let id = product.post_master_with(json!({})).await;
    assert_eq!(shots(&product.settled(&id).await), ["delivered"]);
    product.stack().deliver_only(None);
    let (status, job) = cancel(&product, &id).await;
    assert_eq!((status, shots(&job)), (StatusCode::ACCEPTED, vec!["delivered"]));
    assert_eq!(cancels(&product), [Vec::<u16>::new()], "nothing is at fal any more");
    product.pass(121);
    product.stack().reconcile().await.unwrap();
    assert_kept(&product.settled(&id).await);

    // After: fal refuses the picture while its cancel is on the way. What would be tried again otherwise is not.
    let (kind, body) = ("internal_server_error".to_owned(), ErrorBody::DetailList);
    let failing = GenerationFault::ModelError { kind, status: 500, billed: false, retry: None, body };
    product.fault(Fault::Generation(failing));
    product.fault(Fault::Webhook(WebhookFault::Never));
    product.stack().deliver_only(Some(1));
    let id = product.post_master_with(json!({})).await;
    assert_eq!(shots(&product.settled(&id).await), ["submitted"]);
    cancel(&product, &id).await;
    product.stack().deliver_only(None);
    product.stack().reconcile().await.unwrap();
    assert_canceled(&product.settled(&id).await);
    assert_eq!((cancels(&product)[1].as_slice(), product.fal().ledger().len()), (&[400][..], 2));
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_cancel_and_a_callback_at_the_same_moment_the_later_write_sees_the_earlier() {
    let product = Product::start().await;
    product.stack().deliver_only(Some(1));
    product.fault(never());
    let id = product.post_master_with(json!({})).await;
    assert_eq!(shots(&product.settled(&id).await), ["submitted"]);
    let (store, now) = (product.store(), product.test_clock.now());
    let before = stored(&product, &id).await.shots.remove(0);
    // Both were read before either was written: the callback's outcome comes second, and is decided anew.
    let error = likeness_core::fal::FalError::new(likeness_core::fal::FalErrorKind::Internal, "no");
    let arrived = |shot: likeness_domain::shot::Shot| {
        let arrival = Arrival::Error(error.clone());
        shot.arrived(1, arrival, 0.0, &likeness_domain::prompt::Wording::default(), now).map(|(after, _)| after)
    };
    assert_eq!(arrived(before.value.clone()).unwrap().state.name(), "waiting");
    let canceled = store.change_shot_from(before.clone(), |shot| shot.cancel_requested(now)).await.unwrap();
    let Changed::Done(canceled) = canceled else { panic!("it was in flight: {canceled:?}") };
    let (mut decided, revision) = (Vec::new(), canceled.revision);
    let changed = store.change_shot_from(before, |shot| {
        decided.push(shot.is_cancel_requested());
        arrived(shot)
    });
    let changed = changed.await.unwrap();
    let Changed::Done(after) = changed else { panic!("fal has answered: {changed:?}") };
    assert_eq!((after.value.state.name(), after.revision), ("canceled", revision + 1));
    assert_eq!(decided, [false, true]);
    // Whoever marked the shot had not marked its job: somebody takes the job back too, and it ends.
    product.stack().deliver_only(None);
    assert_eq!(cancel(&product, &id).await.0, StatusCode::ACCEPTED);
    assert_canceled(&product.settled(&id).await);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_cancel_and_the_end_of_a_job_one_wins_and_the_money_is_settled_once() {
    let product = Product::start().await;
    let refused = async |subject: &str| {
        product.fault(Fault::Webhook(WebhookFault::ErrorDetailList));
        // Its hint, and that of the callback.
        product.stack().deliver_only(Some(2));
        let id = product.post_master_with(json!({ "subjectId": subject })).await;
        assert_eq!(shots(&product.settled(&id).await), ["failed"]);
        id
    };
    let (store, now) = (product.store(), product.test_clock.now());
    let ended = |view: &JobView| view.job.value.clone().finish(&view.plain_shots(), &Verified::default(), now).unwrap();

    // The end wins: the cancel finds a job that has ended.
    let id = refused("first").await;
    let view = stored(&product, &id).await;
    let job = ended(&view);
    let seen = view.job.revision;
    let finish = Finish { job: &job, seen, collection: None, report: None, cached: Cached::No };
    assert_eq!(store.finish_job(&finish).await.unwrap(), Saved::Yes);
    let marked =
        store.change_job_from(view.job.clone(), |job| job.cancel_requested(CanceledBy::Caller, now)).await.unwrap();
    assert_eq!(marked, Changed::Unchanged(NotFinished::AlreadyDone));
    assert_eq!(cancel(&product, &id).await.0, StatusCode::CONFLICT);

    // The cancel wins: the end is decided anew, of a job that is marked.
    let id = refused("second").await;
    let view = stored(&product, &id).await;
    let (job, seen) = (ended(&view), view.job.revision);
    assert_eq!(cancel(&product, &id).await.0, StatusCode::ACCEPTED);
    let finish = Finish { job: &job, seen, collection: None, report: None, cached: Cached::No };
    assert_eq!(store.finish_job(&finish).await.unwrap(), Saved::Conflict);
    product.stack().deliver_only(None);
    product.pass(121);
    product.stack().reconcile().await.unwrap();
    let job = product.settled(&id).await;
    assert_eq!((&job["status"], shots(&job)), (&json!("failed"), vec!["failed"]), "it had failed before");
    let money = money(&product).await;
    assert_eq!((money.reserved.micros(), money.settled.micros(), money.jobs), (0, 0, 2));
    assert_eq!(stored(&product, &id).await.job.value.status(&[]), JobStatus::Failed);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn canceled_twice_and_with_every_message_lost_fal_is_asked_once_and_by_the_sweep() {
    let product = Product::start().await;
    product.fault(never());
    product.fault(Fault::Webhook(WebhookFault::Never));
    let id = product.post_master_with(json!({})).await;
    product.settled(&id).await;
    product.stack().deliver_only(Some(0));
    for _ in 0..2 {
        assert_eq!(cancel(&product, &id).await.0, StatusCode::ACCEPTED);
    }
    assert_eq!((shots(&product.settled(&id).await), cancels(&product)), (vec!["submitted"], vec![vec![]]));
    product.stack().reconcile().await.unwrap();
    for _ in 0..3 {
        product.pass(3);
        product.stack().reconcile().await.unwrap();
        product.stack().settle().await;
    }
    assert_eq!((shots(&product.job(&id).await), cancels(&product)), (vec!["canceled"], vec![vec![202]]));
    product.stack().deliver_only(None);
    product.pass(121);
    product.stack().reconcile().await.unwrap();
    assert_canceled(&product.settled(&id).await);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_that_fal_does_not_take_is_repeated_by_the_sweep() {
    let product = Product::start().await;
    product.fault(Fault::Generation(GenerationFault::RefuseCancel { times: 2 }));
    product.fault(never());
    let id = product.post_master_with(json!({})).await;
    product.settled(&id).await;
    cancel(&product, &id).await;
    assert_eq!((shots(&product.settled(&id).await), cancels(&product)), (vec!["submitted"], vec![vec![503]]));
    product.stack().reconcile().await.unwrap();
    assert_eq!(cancels(&product), [[503, 503]]);
    assert_eq!(shots(&product.settled(&id).await), ["submitted"]);
    product.pass(6);
    product.stack().reconcile().await.unwrap();
    assert_eq!(cancels(&product), [[503, 503, 202]]);
    assert_canceled(&product.settled(&id).await);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_stopped_after_marking_the_job_is_made_up_for() {
    let product = one_at_a_time().await;
    product.fault(never());
    let id = product.post_master_with(json!({ "variations": 2 })).await;
    assert_eq!(shots(&product.settled(&id).await), ["submitted", "waiting"]);
    let (job, now) = (id.parse().unwrap(), product.test_clock.now());
    let marked = product.store().change_job(job, |job| job.cancel_requested(CanceledBy::Caller, now)).await.unwrap();
    assert!(matches!(marked, Changed::Done(_)), "{marked:?}");
    product.pass(121);
    product.stack().reconcile().await.unwrap();
    let job = product.ended(&id).await;
    assert_eq!((&job["status"], shots(&job)), (&json!("canceled"), vec!["canceled"; 2]), "{job}");
    assert_eq!(product.fal().ledger().len(), 1);
    product.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_angle_that_is_made_again_is_called_off_and_the_profile_ends_with_what_it_has() {
    let product = Product::start().await;
    let master = super::profile::master(&product).await;
    let of_back = || When { prompt_contains: Some("camera 180° around".to_owned()), ..When::default() };
    let rule = |nth, fault| FaultRule::always(fault).when(When { nth: Some(nth), ..of_back() });
    product.fal().faults().add(rule(1, Fault::Drawing(DrawingFault::MirroredBack)));
    product.fal().faults().add(rule(2, never()));
    let body = json!({ "masterReferenceId": master, "subjectId": "keeper", "rerollBudget": 0.32 });
    let request = product.request(http::Method::POST, super::profile::PATH).json(&body);
    let id = crate::harness::answer(request).await.1["jobId"].as_str().unwrap().to_owned();
    let job = product.settled(&id).await;
    assert_eq!(shots(&job).len(), 13, "one is made again: {job}");
    assert_eq!(shots(&job)[12], "submitted");
    assert_eq!(cancel(&product, &id).await.0, StatusCode::ACCEPTED);
    let job = product.settled(&id).await;
    assert_eq!((&job["status"], &job["error"]["code"]), (&json!("partial"), &json!("inconsistent")), "{job}");
    assert_eq!((shots(&job)[12], job["result"]["images"].as_array().unwrap().len()), ("canceled", 12));
    assert_eq!(job["cost"]["settled"], 0.48);
    product.finish().await;
}
